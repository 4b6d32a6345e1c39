"""A profile as it is for one candidate: with its version, and with the folder that it was put into. Pure."""

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


VERSION = "{version}"
NAMES_AND_PLACES = (
    "product_name",
    "install_dir",
    "data_dirs",
    "services",
    "drivers",
    "files",
    "access",
    "not_in_msi",
    "registry_roots",
    "version_command",
    "diagnostics",
    "logs",
    "keeps",
    "secrets",
)
"""Keys whose texts may hold the candidate's version. Others are templates, filled in for each release."""


def of_version(profile: AgentProfile, version: str) -> AgentProfile:
    """The profile with the candidate's version for `{version}` in the names and places of its product."""
    everything = profile.model_dump(mode="json")
    named = {key: _filled(everything[key], version) for key in NAMES_AND_PLACES}
    keys = [value | {"key": _filled(value["key"], version)} for value in everything["registry"]]
    if all(named[key] == everything[key] for key in NAMES_AND_PLACES) and keys == everything["registry"]:
        return profile
    return AgentProfile.model_validate(everything | named | {"registry": keys})


def _filled(part: Any, version: str) -> Any:
    if isinstance(part, str):
        return part.replace(VERSION, version)
    if isinstance(part, dict):
        return {_filled(key, version): _filled(each, version) for key, each in part.items()}
    return [_filled(each, version) for each in part] if isinstance(part, list) else part
