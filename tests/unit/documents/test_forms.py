"""Nobody who writes a file should have to read a regular expression."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from harness.backend.external.model import CommandDescription, HttpDescription
from harness.documents.forms import WORDS, choices_of, words_of
from harness.gate.gate_policy import GatePolicy
from harness.machines.libvirt.options import LibvirtOptions
from harness.model.matrix import Matrix
from harness.model.profile import AgentProfile
from harness.model.waiver import Waiver
from harness.people.destinations import Notify
from harness.people.playbooks import Playbooks
from harness.promotion.tiers import Tiers
from harness.server.settings import Settings

WRITTEN_BY_PEOPLE = (
    Matrix,
    AgentProfile,
    Settings,
    Tiers,
    GatePolicy,
    Waiver,
    Notify,
    Playbooks,
    LibvirtOptions,
    HttpDescription,
    CommandDescription,
)


def patterns(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(pattern := schema.get("pattern"), str):
            yield pattern
        schema = list(schema.values())
    if isinstance(schema, list):
        for part in schema:
            yield from patterns(part)


@pytest.mark.parametrize("model", WRITTEN_BY_PEOPLE, ids=lambda model: str(model.__name__))
def test_every_pattern_of_a_file_that_people_write_has_words(model: type[BaseModel]) -> None:
    wanted = set(patterns(model.model_json_schema()))
    assert {pattern for pattern in wanted if pattern not in WORDS and not choices_of(pattern)} == set()


def test_a_choice_is_told_as_its_words() -> None:
    assert words_of("^(auto|ram|state|boot)$") == "auto, ram, state or boot"
    assert words_of("^(ntlm|basic)$") == "ntlm or basic"
    assert choices_of("^D:") == ()


def test_a_pattern_without_words_is_shown() -> None:
    assert words_of("^x+$") == "text of the form ^x+$"
