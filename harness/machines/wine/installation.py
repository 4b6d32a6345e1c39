"""Where Wine is on this host. Debian's wrapper scripts are passed by: a shell per call, and `-p0` ends services."""

import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from harness.model.errors import InfrastructureError, ToolMissing

FONTS = Path(__file__).with_name("fonts.conf")
"""What tells a machine's programs of fonts: none of the host's."""
IMAGE_FONTS = Path("/etc/fonts/fonts.conf")
"""The same file in the root image."""
_PLACES = ("/usr/lib/wine", "/usr/lib64/wine", "/opt/wine-stable/bin", "/usr/local/bin", "/usr/bin")


@dataclass(frozen=True)
class WineInstallation:
    """One installed Wine: loader, server, version as it states itself."""

    loader: Path
    server: Path
    version: str
    root: Path | None = None
    """The root image that it is in, of which `loader` and `server` are paths; None: it is the host's own."""

    digest: str = ""
    """Of the root image."""

    @property
    def origin(self) -> str:
        """Where it is from, in a few words."""
        return f"root image {self.digest[:16]}" if self.root else "the host's own"

    @property
    def major(self) -> int:
        """The first number of its version; 0 if it states none."""
        number = self.version.removeprefix("wine-").partition(".")[0]
        return int(number) if number.isdigit() else 0

    def environment(self, prefix: Path, home: Path) -> dict[str, str]:
        """The whole environment of a Wine process: nothing of the caller's leaks into the machine."""
        environment = {
            "PATH": f"{self.loader.parent}:/usr/bin:/bin",
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "WINEPREFIX": str(prefix),
            "WINELOADER": str(self.loader),
            "WINESERVER": str(self.server),
            "WINEDEBUG": "-all",
            "FONTCONFIG_FILE": str(FONTS if self.root is None else IMAGE_FONTS),
            # No .NET or HTML engine to download, and no menu entries on the host's desktop.
            "WINEDLLOVERRIDES": "mscoree,mshtml=;winemenubuilder.exe=d",
        }
        if self.root is None:  # Wine 10's loader aborts when there is a TMPDIR
            environment["TMPDIR"] = str(home)
        return environment


@cache
def find_wine() -> WineInstallation:
    """The installed Wine. Raises `ToolMissing` without one, `InfrastructureError` if it does not run."""
    loader = _find("wine64")
    server = _find("wineserver64") or _find("wineserver")
    if loader is None or server is None:
        raise ToolMissing("Wine (64-bit)", package="wine wine64", needed_for="Wine machines")
    try:
        said = subprocess.run(
            [loader, "--version"],
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise InfrastructureError(f"{loader} does not run: {error}.", hint="Reinstall Wine.") from error
    return WineInstallation(loader=loader, server=server, version=said.stdout.split(" ")[0].strip())


def _find(name: str) -> Path | None:
    for place in _PLACES:
        candidate = Path(place) / name
        if candidate.is_file():
            return candidate
    found = shutil.which(name)
    return Path(found) if found else None
