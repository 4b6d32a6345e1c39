"""What a machine's owner hands to its supervisor: everything is decided, nothing is looked up.

First the berth, which knows nothing of the machine that will lie there; then the order for that machine. Plain
dataclasses and JSON, because importing more would delay the machine's first instruction.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

GUEST_ADDRESS = "10.0.2.100"
GUEST_PORT = 443
NEIGHBOUR_ADDRESS = "10.0.2.101"
NEIGHBOUR_PORT = 80
"""Another host in the machine's network, which its supervisor plays."""
BOOT_PROGRAM = "boot.exe"
"""The first Windows program of a boot (boot.c), beside the drives of the prefix."""
GO = b"go\n"
"""The owner's word to supervisor and init: the machine is laid out, its order written."""
CUT = b"cut\n"
"""The owner's word to supervisor and init: take the power away, and give it back."""
KEEP = b"keep\n"
"""The owner's word to the supervisor: the machine outlives its owner."""


@dataclass(frozen=True)
class Places:
    """Where things are in a machine's working directory."""

    root: Path

    @property
    def prefix(self) -> Path:
        """WINEPREFIX: the overlay's mount point, or the clone itself."""
        return self.root / "prefix"

    @property
    def upper(self) -> Path:
        """What the machine changed, when it is an overlay."""
        return self.root / "upper"

    @property
    def work(self) -> Path:
        return self.root / "work"

    @property
    def media(self) -> Path:
        """The media drive as the guest sees it."""
        return self.root / "media"

    @property
    def home(self) -> Path:
        """HOME of everything in the machine, and where wineserver's socket lies."""
        return self.root / "home"

    @property
    def server(self) -> Path:
        """Becomes wineserver's socket directory in the machine's mount namespace, where Wine is the host's own."""
        return self.root / "server"

    @property
    def view(self) -> Path:
        """What Wine's programs have as their root, where Wine is of a root image."""
        return self.root / "view"

    @property
    def logs(self) -> Path:
        return self.root / "log"

    @property
    def status(self) -> Path:
        return self.root / "status.json"

    @property
    def berth(self) -> Path:
        return self.root / "berth.json"

    @property
    def order(self) -> Path:
        return self.root / "order.json"

    @property
    def contacts(self) -> Path:
        """When the neighbour was reached: a line for each connection, in seconds since the epoch."""
        return self.root / "contacts"

    @property
    def calls(self) -> Path:
        """Whom its programs called by TCP: a line for each place, as calls.py writes it."""
        return self.root / "calls"

    @property
    def programs(self) -> Path:
        """What Wine's services, and all that they start, say of programs that they start."""
        return self.root / "programs"

    @property
    def crashes(self) -> Path:
        """Programs that crashed and are not Wine's own: a line for each time, as crash.c says it."""
        return self.root / "crashes"

    @property
    def locale(self) -> Path:
        """What programs of the next boot find as LC_ALL; absent: what the berth says."""
        return self.root / "locale"

    @property
    def locales(self) -> Path:
        """Locales by name, for LOCPATH."""
        return self.home / "locales"

    @property
    def winrm_config(self) -> Path:
        return self.root / "winrm.json"

    @property
    def certificate(self) -> Path:
        return self.root / "winrm.pem"

    @property
    def key(self) -> Path:
        return self.root / "winrm.key"

    def make(self) -> None:
        """Make the directories; raises `OSError`."""
        self.root.mkdir(mode=0o700)
        for path in (
            self.prefix,
            self.upper,
            self.work,
            self.media,
            self.home,
            self.server,
            self.view,
            self.logs,
        ):
            path.mkdir(mode=0o700)


@dataclass(frozen=True)
class Berth:
    """Where a machine will be, and all about it that does not depend on what is asked of it.

    `intent`: the file to remove with the directory when the owner ends before a machine was ordered. `image`: the root
    image that Wine's programs run in, empty if Wine is the host's own. `shown`: what else of the host they see.
    """

    root: str
    intent: str
    template: str
    overlay: bool
    rootless: bool
    namespaces: bool
    hostname: str
    loader: str
    server: str
    environment: dict[str, str]
    image: str = ""
    shown: tuple[str, ...] = ()

    @property
    def view(self) -> Path | None:
        """The root of Wine's programs; None: the host's own."""
        return self.places.view if self.image else None

    @property
    def places(self) -> Places:
        return Places(Path(self.root))

    def write(self) -> None:
        """Write the berth into its own directory, mode 0600. Raises `OSError`."""
        _write_private(self.places.berth, asdict(self))

    @classmethod
    def read(cls, root: Path) -> "Berth":
        """The berth in a machine's directory. Raises `OSError`, `ValueError`, `TypeError`, `KeyError`."""
        document = json.loads(Places(root).berth.read_text())
        return cls(**document | {"shown": tuple(document["shown"])})


@dataclass(frozen=True)
class Order:
    """One machine to run in its berth."""

    media: str
    backend: tuple[str, int] | None
    boot_deadline_s: float

    def write(self, places: Places) -> None:
        """Write the order into the machine's directory, mode 0600. Raises `OSError`."""
        _write_private(places.order, asdict(self))

    @classmethod
    def read(cls, places: Places) -> "Order":
        """The order in a machine's directory. Raises `OSError`, `ValueError`, `TypeError`."""
        document = json.loads(places.order.read_text())
        backend = document.pop("backend")
        return cls(**document, backend=tuple(backend) if backend else None)


def windows_path(path: Path) -> str:
    """A host path as Windows programs under Wine can open it without a drive letter for the host."""
    return "\\\\?\\unix" + str(path).replace("/", "\\")


def _write_private(path: Path, document: dict[str, object]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(document, file)


@dataclass(frozen=True)
class Status:
    """What the machine's init last said of itself; the names are those of `MachineState` and `Fault`."""

    state: str
    fault: str = "none"
    reason: str = ""
    boots: int = 0

    def write(self, places: Places) -> None:
        """Replace the status file in one step."""
        temporary = places.status.with_suffix(".tmp")
        temporary.write_text(json.dumps(asdict(self)))
        temporary.replace(places.status)

    @classmethod
    def read(cls, places: Places) -> "Status | None":
        """The last status; None if there is none."""
        try:
            return cls(**json.loads(places.status.read_text()))
        except (OSError, ValueError, TypeError):
            return None
