"""`python -m tests.prepared`: the emulated machine that the tests clone, booted and frozen before they begin.

Beside tests on many machines, that boot took up to eleven minutes instead of two, and the tests that need it waited.
"""

import sys
from pathlib import Path

from harness.config.load import load_matrix
from harness.machines.libvirt.image.wine_guest import NAME as WINE_GUEST
from harness.machines.libvirt.provider import LibvirtProvider
from harness.model.errors import HarnessError
from harness.state import StateDirectory

MATRIX = Path(__file__).parents[1] / "matrix.yaml"


def main() -> int:
    """Exit code 0 once image and template are there, 2 with the reason if they could not be made."""
    pool = load_matrix(MATRIX)[0].pools["lab"]

    def say(text: str) -> None:
        sys.stderr.write(f"{text}\n")

    provider = LibvirtProvider(pool, StateDirectory.default())
    try:
        provider.prepare(pool.base_image or WINE_GUEST, say)
    except HarnessError as error:
        say(f"tests: {error}")
        return 2
    finally:
        provider.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
