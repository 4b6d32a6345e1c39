"""Partial runs of one plan put together, and what is refused."""

import hashlib
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.gate.artifact import build_gate, publish, read_gate
from harness.gate.merging import Shard, merged_cell
from harness.model.errors import ConfigurationError
from harness.model.gate import Gate, Verdict
from harness.model.matrix import Pool
from harness.model.plan import Plan
from harness.model.report import CellReport, Evidence, Outcome
from harness.model.substrate import Substrate
from harness.rundir.directory import RunDirectory
from harness.rundir.merging import merge_runs
from harness.rundir.settings import RunSettings
from harness.signing.bundle import sign_run
from harness.signing.verification import verify_bundle
from tests.unit.cell.stand_ins import PROFILE
from tests.unit.gate.samples import BEGAN, a_cell, a_plan, a_report, an_attempt, with_outcome
from tests.unit.signing.samples import KEY, SIGNER, a_demand

CELLS = tuple(a_cell(name) for name in ("win11-24h2/fresh", "win10-22h2/fresh", "server-2022/fresh"))
WIN11, WIN10, SERVER = CELLS
PLAN = a_plan(*CELLS)


def lost(report: CellReport, message: str = "The machine was lost.") -> CellReport:
    attempts = (an_attempt(1, Outcome.INFRA, message),)
    return with_outcome(report, "check-in.enrolled", Outcome.INFRA).model_copy(update={"attempts": attempts})


def a_run(
    root: Path, run_id: str, *reports: CellReport, plan: Plan = PLAN, begun: Iterable[str] = ()
) -> Path:
    """A finished partial run of these cells."""
    run = RunDirectory.create(root)
    selected = tuple(report.cell_id for report in reports)
    settings = RunSettings(
        run_id=run_id,
        began=BEGAN,
        profile=PROFILE,
        pool_name="embedded",
        pool=Pool(provider="wine", substrates=(Substrate.WINE,)),
        selected=selected,
    )
    run.write(settings, plan)
    for report in reports:
        folder = run.cell(report.cell_id)
        folder.mkdir(parents=True)
        content = f"log of {run_id}".encode()
        (folder / "install.log").write_bytes(content)
        piece = Evidence(path="install.log", sha256=hashlib.sha256(content).hexdigest(), size=len(content))
        sealed = report.model_copy(update={"run_id": run_id, "evidence": (piece,)})
        (folder / "report.json").write_text(sealed.model_dump_json())
    for cell in begun:
        run.mark_started(cell, {})
    publish(root, build_gate(root, plan, run_id, duration_s=10, selected=selected))
    run.discard(everything=False)
    return root


def good(*cells: object) -> list[CellReport]:
    return [a_report(PLAN, cell) for cell in cells]  # type: ignore[arg-type]


def test_partial_runs_become_one_gate_that_can_be_signed_and_verified(tmp_path: Path) -> None:
    one = a_run(tmp_path / "one", "run-1", *good(WIN11, WIN10))
    two = a_run(tmp_path / "two", "run-2", *good(SERVER))
    assert read_gate(one).verdict is Verdict.INCOMPLETE
    gate = merge_runs([one, two], tmp_path / "all")
    assert gate.verdict is Verdict.PASS
    assert [(part.run_id, part.cells) for part in gate.merged] == [
        ("run-1", (WIN11.id, WIN10.id)),
        ("run-2", (SERVER.id,)),
    ]
    assert gate.duration_s == 20
    assert read_gate(tmp_path / "all") == gate
    assert not (tmp_path / "all" / "work").exists()
    bundle = sign_run(tmp_path / "all", SIGNER, now=BEGAN + timedelta(hours=1)).read_bytes()
    found = verify_bundle(bundle, a_demand(keys=[KEY]))
    assert found.accepted, [str(each) for each in found.refusals]


def test_a_cell_that_the_lab_lost_counts_as_it_came_out_elsewhere_with_every_attempt(tmp_path: Path) -> None:
    one = a_run(tmp_path / "one", "run-1", *good(WIN11, WIN10), lost(a_report(PLAN, SERVER)))
    two = a_run(tmp_path / "two", "run-2", *good(SERVER))
    gate = merge_runs([two, one], tmp_path / "all")
    assert gate.verdict is Verdict.PASS
    report = next(entry.report for entry in gate.cells if entry.cell == SERVER.id)
    assert report is not None
    assert [(each.number, each.outcome) for each in report.attempts] == [
        (1, Outcome.INFRA),
        (2, Outcome.PASSED),
    ]
    assert report.run_id == "run-2"
    # What went in is as it was.
    assert read_gate(two).cells[2].report == a_report(PLAN, SERVER, run_id="run-2", evidence=report.evidence)


def test_what_nobody_ran_is_missing_and_what_was_begun_is_the_labs(tmp_path: Path) -> None:
    one = a_run(tmp_path / "one", "run-1", *good(WIN11))
    two = a_run(tmp_path / "two", "run-2", *good(WIN10))
    assert merge_runs([one, two], tmp_path / "all").verdict is Verdict.INCOMPLETE
    three = a_run(tmp_path / "three", "run-3", begun=[SERVER.id])
    assert merge_runs([one, two, three], tmp_path / "more").verdict is Verdict.INFRA


@pytest.mark.parametrize("second", [Outcome.PASSED, Outcome.FAILED, Outcome.BLOCKED])
def test_two_results_of_one_cell_are_refused_whatever_they_came_to(tmp_path: Path, second: Outcome) -> None:
    failed = with_outcome(a_report(PLAN, WIN11), "check-in.enrolled", Outcome.FAILED)
    one = a_run(tmp_path / "one", "run-1", failed)
    two = a_run(tmp_path / "two", "run-2", with_outcome(a_report(PLAN, WIN11), "check-in.enrolled", second))
    with pytest.raises(
        ConfigurationError, match=r"a result in more than one run: run-1 \(1 failed\) and run-2"
    ):
        merge_runs([one, two], tmp_path / "all")
    assert not (tmp_path / "all").exists()


def test_runs_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    one = a_run(tmp_path / "one", "run-1", *good(WIN11))
    other = PLAN.model_copy(update={"profile_sha256": "9" * 64})
    two = a_run(tmp_path / "two", "run-2", plan=other)
    damaged = a_run(tmp_path / "three", "run-3", *good(WIN10))
    (damaged / "cells" / "win10-22h2__fresh" / "install.log").write_text("changed")
    for runs, words in (
        ([one, two], "of another plan"),
        ([one, one], "named twice"),
        ([one, damaged], "was changed after the report was sealed"),
        ([one, tmp_path / "none"], "no run directory"),
    ):
        with pytest.raises(ConfigurationError, match=words):
            merge_runs(runs, tmp_path / "all")
        assert not (tmp_path / "all").exists()


def merged_gate(tmp_path: Path) -> Gate:
    one = a_run(tmp_path / "one", "run-1", *good(WIN11))
    two = a_run(tmp_path / "two", "run-2", *good(WIN10))
    return merge_runs([one, two], tmp_path / "ab")


def test_a_merged_run_can_be_merged_again(tmp_path: Path) -> None:
    merged_gate(tmp_path)
    three = a_run(tmp_path / "three", "run-3", *good(SERVER))
    gate = merge_runs([tmp_path / "ab", three], tmp_path / "all")
    assert gate.verdict is Verdict.PASS
    assert {part.run_id for part in gate.merged} >= {"run-1", "run-2", "run-3"}


@given(st.lists(st.sampled_from(["passed", "failed", "lost"]), min_size=1, max_size=5))
def test_no_order_of_runs_turns_a_failure_into_a_pass(kinds: list[str]) -> None:
    base = a_report(PLAN, WIN11)
    made = {
        "passed": base,
        "failed": with_outcome(base, "check-in.enrolled", Outcome.FAILED),
        "lost": lost(base),
    }
    shards = [
        Shard(
            f"run-{number}",
            f"{number}",
            made[kind].model_copy(update={"began": BEGAN + timedelta(hours=number)}),
        )
        for number, kind in enumerate(kinds)
    ]
    results = [kind for kind in kinds if kind != "lost"]
    if len(results) > 1:
        with pytest.raises(ConfigurationError):
            merged_cell(WIN11.id, shards)
        return
    shard, attempts = merged_cell(WIN11.id, shards)
    assert kinds[int(shard.sha256)] == (results or ["lost"])[0]
    assert len(attempts) == len(kinds)
    assert [each.number for each in attempts] == list(range(1, len(kinds) + 1))
