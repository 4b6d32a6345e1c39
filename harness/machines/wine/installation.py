"""Where Wine is on this host. Debian's wrapper scripts are passed by: a shell per call, and `-p0` ends services."""

import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from harness.model.errors import InfrastructureError, ToolMissing

FONTS = Path(__file__).with_name("fonts.conf")
"""What tells a machine's programs of fonts: none of the host's."""
_PLACES = ("/usr/lib/wine", "/usr/lib64/wine", "/opt/wine-stable/bin", "/usr/local/bin", "/usr/bin")


@dataclass(frozen=True)
class WineInstallation:
    """One installed Wine: loader, server, version as it states itself."""

    loader: Path
    server: Path
    version: str

    def environment(self, prefix: Path, home: Path) -> dict[str, str]:
        """The whole environment of a Wine process: nothing of the caller's leaks into the machine."""
        return {
            "PATH": f"{self.loader.parent}:/usr/bin:/bin",
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "TMPDIR": str(home),
            "WINEPREFIX": str(prefix),
            "WINELOADER": str(self.loader),
            "WINESERVER": str(self.server),
            "WINEDEBUG": "-all",
            "FONTCONFIG_FILE": str(FONTS),
            # No .NET or HTML engine to download, and no menu entries on the host's desktop.
            "WINEDLLOVERRIDES": "mscoree,mshtml=;winemenubuilder.exe=d",
        }


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
