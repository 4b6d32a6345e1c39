"""Whom the tables let write.

Sources: "LockPermissions table", "MsiLockPermissionsEx table".
"""

import re
from collections.abc import Iterator

from harness.guest.access_control import FILE_WRITES, GENERIC_WRITES, KEY_WRITES, SERVICE_WRITES, read_sddl
from harness.model.errors import GuestFault
from harness.rules.rule import Broken, Group, Msi, bits, rule

ORDINARY = (
    "everyone",
    "users",
    "authenticated users",
    "interactive",
    "guests",
    "builtin\\users",
    "[grpusers]",
)
"""As LockPermissions writes them, in English as the table demands."""
OF_BUILDERS = ("SecureObjects", "WixSecureObject", "Wix4SecureObject")
"""Tables by which builders' own custom actions set access lists, with a mask as LockPermissions has it."""
WRITES = {
    "File": FILE_WRITES,
    "CreateFolder": FILE_WRITES,
    "Registry": KEY_WRITES,
    "ServiceInstall": SERVICE_WRITES,
}

CLOSES = re.compile(r"\bi?cacls(?:\.exe)?\b|Set-Acl", re.IGNORECASE)
CLOSED_BY = ("LockPermissions", "MsiLockPermissionsEx", *OF_BUILDERS)
"""Tables by which an installer sets access lists."""


def sets_access_lists(msi: Msi) -> bool:
    """Whether the installer sets access lists, by a table or by a command: who may write where is up to them."""
    by_command = any(CLOSES.search(row["Target"]) for row in msi.rows("CustomAction"))
    return by_command or any(msi.rows(table) for table in CLOSED_BY)


@rule(
    Group.ACCESS,
    "users-may-write",
    "ordinary users can change nothing that is installed",
    "LockPermissions table, MsiLockPermissionsEx table",
)
def users_may_write(msi: Msi) -> Iterator[Broken]:
    for row in msi.rows("LockPermissions"):
        mask = bits(row, "Permission") & 0xFFFFFFFF
        if row["User"].lower() in ORDINARY and mask & (WRITES.get(row["Table"], 0) | GENERIC_WRITES):
            place = f"LockPermissions: {row['Table']} {row['LockObject']}"
            yield Broken(place, f"{row['User']} may write (mask 0x{mask:x})")
    for table in OF_BUILDERS:
        for row in msi.rows(table):
            mask = bits(row, "Permission") & 0xFFFFFFFF
            writes = WRITES.get(row.get("Table", ""), FILE_WRITES | KEY_WRITES) | GENERIC_WRITES
            if row.get("User", "").lower() in ORDINARY and mask & writes:
                key = next(iter(row.values()))
                yield Broken(f"{table}: {key}", f"{row['User']} may write (mask 0x{mask:x})")
    for row in msi.rows("MsiLockPermissionsEx"):
        try:
            writers = read_sddl(row["SDDLText"]).writable_by(WRITES.get(row["Table"], GENERIC_WRITES))
        except GuestFault:
            continue  # of names that only an installation knows
        if writers:
            place = f"MsiLockPermissionsEx: {row['Table']} {row['LockObject']}"
            yield Broken(place, f"{', '.join(sorted(writers))} may write ({row['SDDLText']})")
