"""What would make a gate pass: each remedy once, with the command for it if there is one. Pure."""

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePath

from harness.model.gate import Reason, Verdict
from harness.reports.ending import repro_line


@dataclass(frozen=True)
class Step:
    """Something that would take reasons away, and the command for it if there is one."""

    remedy: str
    command: str = ""


def steps(reasons: Iterable[Reason], run: PurePath) -> list[Step]:
    """In the order of the reasons that count. `run`: the run directory as commands name it."""
    found: dict[str, Step] = {}
    for reason in reasons:
        if not reason.counted or reason.verdict is Verdict.PASS or not reason.remedy:
            continue
        command = repro_line(reason, run)
        if "--resume" in reason.remedy:
            command = f"bvt run --resume {shlex.quote(str(run))}"
        found.setdefault(reason.remedy, Step(reason.remedy, command))
    return list(found.values())
