"""`python -m harness.probe`: compile the guest probe, unless it is there, and print its path."""

import sys

from harness.model.errors import HarnessError
from harness.probe.build import probe_exe
from harness.state import StateDirectory


def main() -> int:
    """Exit code 0, or 2 when it could not be compiled, with the reason on standard error."""
    try:
        sys.stdout.write(f"{probe_exe(StateDirectory.default())}\n")
    except HarnessError as error:
        sys.stderr.write(f"bvt: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
