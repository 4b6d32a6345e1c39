"""What the agent may take of its machine."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from harness.model.base import Frozen
from harness.model.profile.text import GuestPattern, Reason


def _regular_expression(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"{text!r} is no regular expression: {error}") from error
    return text


_SEVERE = "error|fatal|critical|panic"
ERROR_LINE = (
    r"\b(?:ERROR|FATAL|CRITICAL|PANIC)\b"
    rf"|(?i:\b(?:level|lvl|severity)[\"']?\s*[=:]\s*[\"']?(?:{_SEVERE})\b)"
    rf"|(?i:\[\s*(?:{_SEVERE})\s*\])"
    r"|^[EF]\d{4} \d\d:\d\d:\d\d"
)
"""An error as a word of its own, as logfmt and JSON write it, in brackets, and as glog begins its line."""
_MILD = "info|information|debug|trace|verbose|notice|warn|warning"
NO_ERROR = (
    rf"^[^A-Za-z]*(?:[A-Z][a-z]{{2}}\b[^A-Za-z]*){{0,2}}(?:[TZ][^A-Za-z]+){{0,2}}\s*(?i:{_MILD})\b"
    rf"|(?i:\b(?:level|lvl|severity)[\"']?\s*[=:]\s*[\"']?(?:{_MILD})\b)"
    r"|^[IW]\d{4} \d\d:\d\d:\d\d"
    # Behind thread or module in brackets.
    rf"|^[^A-Za-z\[]*(?:[TZ][^A-Za-z\[]+){{0,2}}(?:\[(?!\s*(?i:{_SEVERE})\b)[^\[\]]{{0,80}}\][\s:|-]*){{1,4}}\[?(?i:{_MILD})\b"
    rf"|(?i:\blog(?:ging)? level(?:\s+(?:is|to|at|set|now|=))*\s*[:=]?\s*[\"']?(?:{_SEVERE})\b)"
)
"""A line that says itself how much it weighs, right behind its time, thread or module, or as logfmt, JSON and glog write
it: what it tells of errors (`INFO log level is ERROR`) is its text. Nor is a setting of the log itself an error."""


class HealthBudget(Frozen):
    """What the agent with all that it started may take, looked at after use."""

    memory_mb: Annotated[float, Field(gt=0)] = Field(default=512, description="working sets together")
    committed_mb: Annotated[float, Field(gt=0)] = Field(
        default=2048, description="memory of its own, touched or not"
    )
    threads: Annotated[int, Field(gt=0)] = 200
    processes: Annotated[int, Field(gt=0)] = 20
    programs: Annotated[int, Field(gt=0)] = Field(
        default=200, description="that it starts in a minute, also those that end at once"
    )
    handles: Annotated[int, Field(gt=0)] = 10_000
    connections: Annotated[int, Field(gt=0)] = Field(default=100, description="TCP connections of its own")
    cpu_percent: Annotated[float, Field(gt=0)] = Field(
        default=50, description="of one processor, on the average since its start"
    )
    data_mb: Annotated[float, Field(gt=0)] = Field(default=256, description="in `data_dirs`")
    written_mb: Annotated[float, Field(gt=0)] = Field(
        default=600, description="that it may write in a minute, to files, pipes and connections"
    )
    growth_mb: Annotated[float, Field(gt=0)] = Field(
        default=256, description="by which memory or `data_dirs` may grow in a minute of use"
    )
    growth_files: Annotated[int, Field(gt=0)] = Field(
        default=300, description="by which the files in `data_dirs` may become more in a minute of use"
    )
    growth_threads: Annotated[int, Field(gt=0)] = Field(
        default=100, description="by which its threads may become more in a minute of use"
    )
    growth_handles: Annotated[int, Field(gt=0)] = Field(
        default=3000, description="by which its handles may become more in a minute of use"
    )
    soak_growth_handles: Annotated[int, Field(gt=0)] = Field(
        default=2000, description="by which its handles may become more in a whole soak"
    )
    soak_growth_mb: Annotated[float, Field(gt=0)] = Field(
        default=128, description="by which memory or `data_dirs` may grow in a whole soak"
    )
    restarts: Annotated[int, Field(ge=0)] = Field(
        default=0,
        description="how often its services may start anew without being asked to, seen in one cell",
    )
    times_before: Annotated[float, Field(ge=1)] = Field(
        default=2,
        description="how many times what the earlier release took, after an upgrade that keeps `footprint`",
    )
    log_lines: Annotated[int, Field(gt=0)] = Field(
        default=3000, description="by which its `logs` together may become longer in a minute of use"
    )
    error_logs: dict[GuestPattern, Reason] = Field(
        default_factory=dict,
        description="logs in `data_dirs` beside `logs` that may tell of errors, by path or pattern → why",
    )
    error_pattern: Annotated[str, AfterValidator(_regular_expression)] = Field(
        default=ERROR_LINE,
        description="regular expression that finds an error in a line of one of `logs`",
    )
