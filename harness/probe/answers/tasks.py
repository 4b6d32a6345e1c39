"""What the probe says of scheduled tasks."""

from datetime import datetime

from harness.probe.answers.answer import Answer


class Task(Answer):
    r"""A scheduled task: its file under `system32\tasks`, its registration in TaskCache, or both."""

    name: str
    file: str | None
    modified: datetime | None
    identifier: str | None
