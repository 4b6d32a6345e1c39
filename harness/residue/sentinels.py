"""The sentinels: what belongs to nobody's product, and must survive the candidate."""

from harness.guest.guest import Guest
from harness.guest.system_tools import CMD, REG, SC
from harness.model.errors import GuestFault

SENTINEL_DIR = "C:\\bvt-sentinel"
SENTINEL_FILES = (
    f"{SENTINEL_DIR}\\keep.txt",
    "C:\\ProgramData\\bvt-sentinel.txt",
    "C:\\Windows\\Temp\\bvt-sentinel.tmp",
)
SENTINEL_SERVICE = "BvtSentinel"
SENTINEL_KEY = "HKLM\\Software\\BvtSentinel"


def plant_sentinels(guest: Guest, nonce: str) -> None:
    """Create unrelated files, a key and a service that no installer has any business with.

    Raises `GuestFault` if the guest refuses one.
    """
    for path in SENTINEL_FILES:
        guest.write_file(path, nonce.encode())
    for command in (
        [REG, "add", SENTINEL_KEY, "/v", "Nonce", "/d", nonce, "/f"],
        [SC, "create", SENTINEL_SERVICE, "binPath=", CMD, "start=", "demand"],
    ):
        result = guest.run(command, timeout_s=30)
        if not result.ok:
            raise GuestFault(
                f"A sentinel could not be planted: {result.command!r} ended with {result.exit_code}."
            )
