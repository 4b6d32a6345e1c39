"""The product after use against the product after its installation."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import yaml

from harness.lifecycle.altered import altered
from harness.lifecycle.inspection import Inspection
from harness.model.profile import AgentProfile
from harness.probe.answers.files import FileFacts
from harness.probe.answers.services import Service, ServiceByRegistry

ROOT = Path(__file__).parents[3]
PROFILE = AgentProfile.model_validate(yaml.safe_load((ROOT / "agents" / "reference.yaml").read_text()))
PROGRAM, NOTICE = (file.path for file in PROFILE.files)


def service(**stored: object) -> Service:
    nothing = dict.fromkeys(ServiceByRegistry.model_fields)
    registry = ServiceByRegistry.model_validate(nothing | {"start": 2} | stored)
    return Service(name="BvtRefAgent", manager=None, registry=registry)


def seen(*files: FileFacts, **stored: object) -> Inspection:
    return Inspection(
        services={"bvtrefagent": service(**stored)},
        entries=(),
        files={file.path.lower(): file for file in files},
        processes=(),
        sockets=(),
        crashes=(),
        now=datetime.now(UTC),
        data_bytes=0,
    )


def program(sha256: str = "a" * 64) -> FileFacts:
    return FileFacts(path=PROGRAM, exists=True, sha256=sha256)


def notice(*, exists: bool = True, sha256: str = "b" * 64) -> FileFacts:
    return FileFacts(path=NOTICE, exists=exists, sha256=sha256)


def test_nothing_is_said_of_what_stayed() -> None:
    assert altered(seen(program(), notice()), seen(program(), notice()), PROFILE) == []


def test_a_service_that_was_set_otherwise_is_named() -> None:
    found = altered(seen(program()), seen(program(), start=3), PROFILE)
    assert found == ["the start type of service BvtRefAgent is 3, it was 2"]


def test_a_service_that_is_gone_is_named() -> None:
    assert altered(seen(), replace(seen(), services={}), PROFILE) == ["service BvtRefAgent is gone"]


def test_a_program_that_was_exchanged_and_a_file_that_is_gone_are_named() -> None:
    found = altered(seen(program(), notice()), seen(program("c" * 64), notice(exists=False)), PROFILE)
    assert found == [f"{PROGRAM} is another program, version none", f"{NOTICE} is gone"]


def test_an_agent_may_write_into_a_file_that_is_no_program() -> None:
    assert altered(seen(notice()), seen(notice(sha256="d" * 64)), PROFILE) == []


def test_what_was_missing_from_the_start_is_not_named_once_more() -> None:
    assert altered(seen(notice(exists=False)), seen(notice(exists=False)), PROFILE) == []
