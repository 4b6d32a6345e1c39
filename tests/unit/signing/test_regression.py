"""How much worse than the last release a gate may be: a tier's bounds, by bundle, by command, on the way into it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.files import sha256_of
from harness.gate.artifact import publish
from harness.gate.differences import difference
from harness.gate.refusals import Ground
from harness.gate.regression import RegressionBounds, regression_refusals
from harness.model.errors import ConfigurationError
from harness.model.gate import Gate, Verdict
from harness.model.report import CellReport, Outcome
from harness.promotion.board import State
from harness.promotion.denial import Refused
from harness.promotion.entries import CandidateRef
from harness.signing.policy_file import policy_of
from tests.unit.gate.releases import OLD
from tests.unit.gate.samples import CANDIDATE, a_cell, with_outcome
from tests.unit.promotion.conftest import a_folder
from tests.unit.promotion.world import AGENT, PEOPLE, POLICY, World
from tests.unit.signing.people import a_policy, pem_of
from tests.unit.signing.samples import SIGNER, bundle_of, gate_of, verified
from tests.unit.signing.test_commands import Bvt

CELLS = [a_cell(), a_cell("win10-22h2/fresh")]


def old(**changes: Any) -> Gate:
    return gate_of(CELLS, candidate=OLD, **changes)


def slower(report: CellReport) -> CellReport:
    return report.model_copy(update={"ended": report.ended + timedelta(seconds=30)})


def also_untested(report: CellReport) -> CellReport:
    """The phase keeps another check that passed, so the gate itself still passes."""
    return with_outcome(report, "install.exit-code", Outcome.NOT_TESTED)


def with_more(*names: str) -> list[Any]:
    return [a_cell(name, checks=(*a_cell().checks, "install.more")) for name in names]


NAMES = ("win11-24h2/fresh", "win10-22h2/fresh")


@pytest.mark.parametrize(
    ("change", "cells", "bounds", "words"),
    [
        (
            also_untested,
            with_more(*NAMES),
            {"unproven": 1},
            "Passed with 1.2.2 and not proven now: 2 results (",
        ),
        (
            lambda report: report,
            with_more(NAMES[0]),
            {"lost_cells": 0},
            "A result with 1.2.2 and none now: 1 cell (",
        ),
        (slower, with_more(*NAMES), {"slower_percent": 50}, "tier beta takes at most 50 %"),
    ],
)
def test_what_became_worse_than_its_bound_is_refused_and_within_it_is_not(
    change: Callable[[CellReport], CellReport], cells: list[Any], bounds: dict[str, Any], words: str
) -> None:
    before = gate_of(with_more(*NAMES), candidate=OLD)
    bundle = bundle_of(gate_of(cells, change))

    def judged(**bounds: Any) -> Any:
        policy = a_policy(tier={"regression": bounds})
        return verified(bundle, tier="beta", policy=policy, baseline=before)

    refused = judged(**bounds)
    (refusal,) = refused.refusals
    assert (refusal.ground, refusal.verdict, words in refusal.text) == (
        Ground.REGRESSION,
        Verdict.FAIL,
        True,
    ), refusal.text
    wider = {name: {"unproven": 2, "lost_cells": 1, "slower_percent": 9000}[name] for name in bounds}
    assert judged(**wider).accepted
    assert judged().accepted
    assert not judged(**bounds).uncompared


def test_without_an_earlier_gate_it_is_said_that_nothing_was_compared() -> None:
    policy = a_policy(tier={"regression": {"unproven": 0}})
    one = verified(bundle_of(gate_of(CELLS)), tier="beta", policy=policy)
    assert (one.accepted, one.uncompared) == (True, True)


@given(
    st.integers(0, 8), st.sets(st.sampled_from([(cell.id, check) for cell in CELLS for check in cell.checks]))
)
def test_the_bound_counts_exactly_the_results_that_passed_before_and_do_not_now(
    most: int, lost: set[tuple[str, str]]
) -> None:
    def change(report: CellReport) -> CellReport:
        for cell, check in lost:
            if cell == report.cell_id:
                report = with_outcome(report, check, Outcome.NOT_TESTED)
        return report

    new = gate_of(CELLS, change)
    passed = {pair for pair in lost if pair[1] != "install.service"}  # which was not proven before either
    refusals = list(regression_refusals(RegressionBounds(unproven=most), "t", difference(old(), new)))
    assert bool(refusals) == (len(passed) > most)


IN_POLICY = POLICY.replace(
    "internal: {substrates: [wine], max_age_days: 30}",
    "internal: {substrates: [wine], max_age_days: 30, regression: {lost_cells: 0}}",
)


def test_the_way_into_a_tier_measures_against_the_release_that_is_there() -> None:
    with a_folder() as folder:
        world = World(folder, policy=IN_POLICY)
        before = CandidateRef(sha256=OLD.sha256, name=OLD.product_name, version=OLD.version)
        world.in_internal(before, bundle_of(gate_of(CELLS, candidate=OLD)))
        world.later(hours=1)
        fewer = bundle_of(gate_of(CELLS[:1]))
        with pytest.raises(Refused, match=r"A result with 1\.2\.2 and none now: 1 cell \("):
            world.promotion.promote(AGENT, "internal", fewer, PEOPLE["ci"])
        whole = bundle_of(gate_of(CELLS))
        asked = world.promotion.promote(AGENT, "internal", whole, PEOPLE["ci"]).asked
        assert asked.state is State.DONE
        assert [each.candidate.version for each in world.promotion.released("internal")] == ["1.2.3", "1.2.2"]
        assert world.promotion.broken_gates() == []


def test_a_first_release_has_nothing_to_become_worse_than() -> None:
    with a_folder() as folder:
        world = World(folder, policy=IN_POLICY)
        world.in_internal(AGENT, bundle_of(gate_of(CELLS[:1])))
        assert [each.candidate.version for each in world.promotion.released("internal")] == ["1.2.3"]


@pytest.mark.parametrize("bounds", ["unproven: -1", "slower_percent: 0", "slow: 1"])
def test_a_wrong_bound_is_one_sentence_with_its_line(bounds: str) -> None:
    text = POLICY.replace("max_age_days: 30}", f"max_age_days: 30, regression: {{{bounds}}}}}", 1)
    with pytest.raises(ConfigurationError, match=bounds.partition(":")[0]) as refused:
        policy_of(text.encode(), Path("gate-policy.yaml"))
    assert "gate-policy.yaml:" in str(refused.value)


def test_the_command_compares_with_a_baseline_and_says_if_it_did_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    bvt, now = Bvt(monkeypatch), datetime.now(UTC)
    Path("agent.msi").write_bytes(b"MSI")
    file = CANDIDATE.model_copy(update={"sha256": sha256_of(Path("agent.msi"))})

    def fresh(report: CellReport) -> CellReport:
        return report.model_copy(update={"began": now, "ended": now})

    publish(Path("old"), old())
    Path("gate.jsonl").write_bytes(bundle_of(gate_of(CELLS[:1], fresh, candidate=file), now=now))
    Path("gate.pub").write_text(pem_of(SIGNER))
    text = POLICY.replace(
        "max_age_days: 7, waivers: {most: 2}", "max_age_days: 7, regression: {lost_cells: 0}"
    )
    Path("policy.yaml").write_text(text)
    verify = ("gate", "verify", "gate.jsonl", "--candidate", "agent.msi", "--key", "gate.pub")
    tier = ("--policy", "policy.yaml", "--tier", "beta")
    code, out = bvt(*verify, *tier)
    assert (code, "NOT COMPARED: tier beta bounds regressions" in out) == (0, True), out
    code, out = bvt(*verify, *tier, "--baseline", "old")
    assert (code, "A result with 1.2.2 and none now: 1 cell (" in out) == (1, True), out
    code, out = bvt(*verify, *tier, "--baseline", "old", "--json")
    document = json.loads(out)
    assert document["regression_compared"] is True
    assert [each["ground"] for each in document["refusals"]] == ["regression"]


def test_the_sentence_names_a_few_and_counts_the_rest() -> None:
    checks = tuple(f"install.c{number}" for number in range(9))
    cell = a_cell(checks=(*a_cell().checks, *checks))

    def gone(report: CellReport) -> CellReport:
        for check in checks:
            report = with_outcome(report, check, Outcome.NOT_TESTED)
        return report

    compared = difference(gate_of([cell], candidate=OLD), gate_of([cell], gone))
    (refusal,) = regression_refusals(RegressionBounds(unproven=3), "t", compared)
    assert refusal.text.endswith("install.c4 in win11-24h2/fresh and 4 more); tier t takes at most 3.")
