"""What the first-boot script says on the serial port: steps, and how it ended."""

import re

from pydantic import Field

from harness.model.base import Frozen

_STEP = re.compile(r"BVT-STEP (\S+) (\d{1,4})/(\d{1,4}) ([a-z0-9-]+)")
_DONE = re.compile(r"BVT-DONE (\S+)((?: [a-z_]+=[A-Za-z0-9._:-]*)*)")
_FAILED = re.compile(r"BVT-FAILED (\S+) (\S+) ?(\S*)")


class FirstBoot(Frozen):
    """How far the script came."""

    step: str = ""
    number: int = 0
    total: int = 0
    done: bool = False
    facts: dict[str, str] = Field(
        default_factory=dict, description="build, ubr, edition, last_update, updates, noted"
    )
    failure: str = ""

    @property
    def progress(self) -> str:
        """One line for a person."""
        return f"first boot, step {self.number} of {self.total} ({self.step})" if self.number else "Setup"


def read_marker(serial: bytes, build_id: str) -> FirstBoot:
    """Judge the serial log of one build. Lines of another build, and noise around lines, are not taken for it."""
    seen = FirstBoot()
    for line in serial.decode("ascii", "replace").splitlines():
        if (match := _STEP.search(line)) and match[1] == build_id:
            seen = seen.model_copy(update={"number": int(match[2]), "total": int(match[3]), "step": match[4]})
        elif (match := _DONE.search(line)) and match[1] == build_id:
            facts = dict(pair.split("=", 1) for pair in match[2].split())
            seen = seen.model_copy(update={"done": True, "facts": facts})
        elif (match := _FAILED.search(line)) and match[1] == build_id:
            seen = seen.model_copy(update={"failure": f"step {match[2]}: {match[3].replace('_', ' ')}"})
    return seen
