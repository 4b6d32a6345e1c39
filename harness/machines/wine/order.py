"""The work order that a machine's owner hands to its supervisor: everything is decided, nothing is looked up.

Plain dataclasses and JSON, because importing more would delay the machine's first instruction.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

GUEST_ADDRESS = "10.0.2.100"
GUEST_PORT = 443
GO = b"go\n"
"""The owner's first word to the supervisor: the machine is laid out."""


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
        """HOME and TMPDIR of everything in the machine."""
        return self.root / "home"

    @property
    def server(self) -> Path:
        """Becomes wineserver's socket directory in the machine's mount namespace."""
        return self.root / "server"

    @property
    def logs(self) -> Path:
        return self.root / "log"

    @property
    def status(self) -> Path:
        return self.root / "status.json"

    @property
    def order(self) -> Path:
        return self.root / "order.json"

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
        for path in (self.prefix, self.upper, self.work, self.media, self.home, self.server, self.logs):
            path.mkdir(mode=0o700)


@dataclass(frozen=True)
class Order:
    """One machine to run."""

    root: str
    template: str
    overlay: bool
    rootless: bool
    namespaces: bool
    hostname: str
    media: str
    loader: str
    server: str
    environment: dict[str, str]
    backend: tuple[str, int] | None
    boot_deadline_s: float

    @property
    def places(self) -> Places:
        return Places(Path(self.root))

    def write(self) -> None:
        """Write the order into the machine's directory, mode 0600."""
        descriptor = os.open(self.places.order, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(asdict(self), file)

    @classmethod
    def read(cls, root: Path) -> "Order":
        """The order in a machine's directory. Raises `OSError`, `ValueError`, `TypeError`."""
        document = json.loads(Places(root).order.read_text())
        backend = document.pop("backend")
        return cls(**document, backend=tuple(backend) if backend else None)


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
