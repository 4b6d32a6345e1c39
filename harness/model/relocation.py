"""A profile whose product was put into another folder than its own. Pure."""

import re
from typing import Any

from harness.model.profile import AgentProfile


def relocated(profile: AgentProfile, folder: str) -> AgentProfile:
    """The profile with `folder` wherever it names its `install_dir`, or something below it."""
    old = re.compile(re.escape(profile.install_dir) + r"(?=\\|\"|'|$)", re.IGNORECASE)
    return AgentProfile.model_validate(_moved(profile.model_dump(mode="json"), old, folder))


def _moved(part: Any, old: re.Pattern[str], new: str) -> Any:
    if isinstance(part, str):
        return old.sub(lambda _: new, part)
    if isinstance(part, dict):
        return {key: _moved(each, old, new) for key, each in part.items()}
    return [_moved(each, old, new) for each in part] if isinstance(part, list) else part
