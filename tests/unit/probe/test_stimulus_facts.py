"""Profiles may name the facts of a stimulus: the model's list of them is what the probe's source prints."""

import re
from pathlib import Path

import pytest

from harness.model.profile.stimuli import COMMON_FACTS, STIMULUS_FACTS
from harness.probe import build

SOURCE = "\n".join(path.read_text() for path in sorted(Path(build.__file__).parent.glob("*.c")))
ACTS = dict(re.findall(r'\{L"(\w+)", (\w+), \w+\}', SOURCE))
FACT = re.compile(r'(?:json_text|json_ascii|fact_number)\("(\w+)"')


def facts(act: str) -> set[str]:
    """The facts in the body of a function, which ends at the first brace that begins a line."""
    body = re.search(rf"^int {act}\(.*?^\}}", SOURCE, re.MULTILINE | re.DOTALL)
    assert body is not None
    return set(FACT.findall(body.group()))


def test_every_stimulus_of_the_probe_is_known() -> None:
    assert set(ACTS) == set(STIMULUS_FACTS)


@pytest.mark.parametrize("stimulus", STIMULUS_FACTS)
def test_its_facts_are_those_that_the_probe_prints(stimulus: str) -> None:
    assert facts(ACTS[stimulus]) | {"nonce"} == STIMULUS_FACTS[stimulus]


def test_every_stimulus_has_a_fact_of_its_own() -> None:
    assert all(facts > COMMON_FACTS.get(stimulus, frozenset()) for stimulus, facts in STIMULUS_FACTS.items())
