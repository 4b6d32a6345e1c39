"""`python -m harness.machines.wine`: build the root image, unless it is there; the template is not built.

It imports few packages, those of requirements-build.lock, so that a new machine fetches the image while the others are
installed.
"""

import sys

from harness.machines.wine.root_image import ensure_root
from harness.model.errors import HarnessError
from harness.state import StateDirectory


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def main() -> int:
    """Exit code 0 when the image is there, 2 when it could not be built, with the reason on standard error."""
    try:
        ensure_root(StateDirectory.default(), _say)
    except HarnessError as error:
        _say(f"bvt: {error}")
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
