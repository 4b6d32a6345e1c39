"""Python environments of their own, in the state directory, for programs that this project does not depend on."""

import subprocess
import sys
from pathlib import Path

from harness.state import StateDirectory


def environment_with(name: str, packages: tuple[str, ...]) -> Path:
    """The directory of an environment's programs, made and filled by pip where it is not there yet."""
    place = StateDirectory.default().part("third-party", name)
    done, wanted = place / "installed", "\n".join(packages)
    if not done.is_file() or done.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--clear", place], check=True, timeout=300)
        subprocess.run(
            [place / "bin" / "python", "-m", "pip", "install", "--quiet", *packages],
            check=True,
            capture_output=True,
            timeout=600,
        )
        done.write_text(wanted)
    return place / "bin"
