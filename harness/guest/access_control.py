"""Access control lists in text form. Pure.

Source: Microsoft, "Security Descriptor String Format" and "ACE Strings".
"""

from dataclasses import dataclass, replace

from harness.model.errors import GuestFault

RIGHTS = {
    "GA": 0x10000000, "GX": 0x20000000, "GW": 0x40000000, "GR": 0x80000000,
    "RC": 0x00020000, "SD": 0x00010000, "WD": 0x00040000, "WO": 0x00080000,
    "CC": 0x001, "DC": 0x002, "LC": 0x004, "SW": 0x008, "RP": 0x010, "WP": 0x020, "DT": 0x040, "LO": 0x080, "CR": 0x100,
    "FA": 0x1F01FF, "FR": 0x120089, "FW": 0x120116, "FX": 0x1200A0,
    "KA": 0xF003F, "KR": 0x20019, "KW": 0x20006, "KX": 0x20019,
}  # fmt: skip
"""Access mask of each two-letter right."""

GENERIC_WRITES = 0x40000000 | 0x10000000 | 0x00040000 | 0x00080000
"""GENERIC_WRITE, GENERIC_ALL, WRITE_DAC, WRITE_OWNER."""
FILE_WRITES = GENERIC_WRITES | 0x00010000 | 0x2 | 0x4 | 0x40
"""To write, append or add a file or folder, to delete it or what is in it."""
FOLDER_CREATES = 0x2 | 0x4
"""On a folder: to make a file or a folder in it, and to change nothing that is there. On a file: to write it."""
KEY_WRITES = GENERIC_WRITES | 0x00010000 | 0x2 | 0x4
"""To set a value, to make a key below, to delete the key."""
SERVICE_WRITES = GENERIC_WRITES | 0x00010000 | 0x2
"""SERVICE_CHANGE_CONFIG, and to delete the service."""
FILE_READS = KEY_READS = 0x80000000 | 0x10000000 | 0x1
"""GENERIC_READ, GENERIC_ALL, and to read a file's data or a key's values."""

EVERYBODY = {
    "WD": "Everyone", "BU": "Users", "AU": "Authenticated Users", "IU": "Interactive", "AN": "Anonymous",
    "BG": "Guests", "LG": "Guest", "NU": "Network", "PU": "Power Users", "DU": "Domain Users", "AC": "All App Packages",
}  # fmt: skip
"""Whom an ordinary user is among, by the abbreviation of SDDL."""

TRUSTED_OWNERS = ("BA", "SY", "LA", "DA")
"""Administrators and SYSTEM; the local and the domain's administrator."""
TRUSTED_INSTALLER = "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"

ALLOWS, DENIES = ("A", "OA", "XA"), ("D", "OD", "XD")
INHERIT_ONLY, INHERITED = "IO", "ID"


@dataclass(frozen=True)
class Entry:
    """One access control entry."""

    kind: str
    flags: frozenset[str]
    mask: int
    trustee: str

    @property
    def allows(self) -> bool:
        """True if it grants, here and not only further down."""
        return self.kind in ALLOWS and INHERIT_ONLY not in self.flags

    @property
    def denies(self) -> bool:
        """True if it takes away."""
        return self.kind in DENIES


@dataclass(frozen=True)
class SecurityDescriptor:
    """Owner and access list. `entries` is None for an object without a list: everybody may do everything."""

    owner: str
    entries: tuple[Entry, ...] | None
    protected: bool
    """Inherits nothing from above."""

    @property
    def trusted_owner(self) -> bool:
        """Owned by the system or its administrators."""
        return self.owner in TRUSTED_OWNERS or self.owner == TRUSTED_INSTALLER

    def writable_by(self, mask: int) -> list[str]:
        """Who among ordinary users may do any of `mask`, in words."""
        if self.entries is None:
            return ["everybody, for there is no access list"]
        found = (
            EVERYBODY[entry.trustee]
            for entry in self.entries
            if entry.allows and entry.trustee in EVERYBODY and entry.mask & mask
        )
        return list(dict.fromkeys(found))

    def readable_by(self, mask: int) -> list[str]:
        """The same of reading."""
        return self.writable_by(mask)

    def modifiable_by(self) -> list[str]:
        """For a folder: who among ordinary users may change it or what is in it.

        To create alone does not count where it came from above: Windows lets every user create in folders below
        ProgramData. Set on the folder itself it counts.
        """
        if self.entries is None:
            return self.writable_by(FILE_WRITES)
        own = [entry for entry in self.entries if INHERITED not in entry.flags]
        above = [entry for entry in self.entries if INHERITED in entry.flags]
        found = [
            *replace(self, entries=tuple(own)).writable_by(FILE_WRITES),
            *replace(self, entries=tuple(above)).writable_by(FILE_WRITES & ~FOLDER_CREATES),
        ]
        return list(dict.fromkeys(found))

    def creation_by(self) -> list[str]:
        """For a folder: who among ordinary users may create in it, by what it inherits, and may do nothing more."""
        more = self.modifiable_by()
        return [who for who in self.writable_by(FOLDER_CREATES) if who not in more]

    def denials(self) -> list[str]:
        """Trustees that something is denied to."""
        return [entry.trustee for entry in self.entries or () if entry.denies]


def read_sddl(text: str) -> SecurityDescriptor:
    """Parse a security descriptor. Raises `GuestFault` for text that is none."""
    parts = _parts(text)
    access = parts.get("D")
    flags = access.partition("(")[0] if access is not None else ""
    return SecurityDescriptor(
        owner=parts.get("O", ""),
        entries=None if access is None or "NO_ACCESS_CONTROL" in flags else _entries(access, text),
        protected="P" in flags.replace("NO_ACCESS_CONTROL", ""),
    )


def _parts(text: str) -> dict[str, str]:
    """Owner, group, access list and audit list by their letters. A condition in an entry may hold anything."""
    found: dict[str, str] = {}
    depth, letter = 0, ""
    for at, character in enumerate(text):
        if depth == 0 and character in "OGDS" and text[at + 1 : at + 2] == ":":
            letter = character
            found[letter] = ""
        elif not letter:
            break
        elif not (depth == 0 and character == ":" and text[at - 1] == letter):
            found[letter] += character
        depth += {"(": 1, ")": -1}.get(character, 0)
    if not found or depth != 0:
        raise GuestFault(f"The guest showed a security descriptor that cannot be read: {text!r}.")
    return found


def _entries(access: str, text: str) -> tuple[Entry, ...]:
    bodies, depth, began = [], 0, 0
    for at, character in enumerate(access):
        if character == "(":
            began = at + 1 if depth == 0 else began
            depth += 1
        elif character == ")":
            depth -= 1
            if depth == 0:
                bodies.append(access[began:at])
    return tuple(_entry(body, text) for body in bodies)


def _entry(body: str, text: str) -> Entry:
    fields = body.split(";")
    if len(fields) < 6:
        raise GuestFault(
            f"The guest showed an access control entry that cannot be read: {body!r} in {text!r}."
        )
    kind, flags, rights, _, _, trustee = fields[:6]
    return Entry(kind, frozenset(_pairs(flags)), _mask(rights, text), trustee)


def _mask(rights: str, text: str) -> int:
    try:
        if not rights[:1].isalpha():
            return int(rights, 0) if rights else 0
        mask = 0
        for right in _pairs(rights):
            mask |= RIGHTS[right]
    except (ValueError, KeyError) as error:
        raise GuestFault(
            f"The guest showed access rights that cannot be read: {rights!r} in {text!r}."
        ) from error
    return mask


def _pairs(letters: str) -> list[str]:
    return [letters[at : at + 2] for at in range(0, len(letters), 2)]
