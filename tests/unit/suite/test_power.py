"""What counts as caught: nothing but the failure of the check that is meant, in the words that name the defect."""

import json
from pathlib import Path

import pytest

from examples.reference_agent.defects import DEFECTS
from harness.checks.catalogue import catalogue
from harness.model.gate import Gate
from harness.model.report import Outcome
from tests.integration.known_bad.candidates import BAD
from tests.integration.known_bad.elsewhere import ELSEWHERE
from tests.integration.known_bad.kinds import KINDS, WITHOUT_DEFECT
from tests.integration.unusual_good.not_on_wine import NOT_ON_WINE
from tests.integration.unusual_good.twins import TWINS
from tests.power.__main__ import ended, main
from tests.power.judgement import Caught, Seen, result_of, result_of_twin, rows_of, seen_of
from tests.power.lines import in_candidates, words_of
from tests.power.store import Store, code_digest
from tests.power.table import as_json, as_markdown
from tests.unit.gate.samples import a_cell, a_gate, a_plan, a_report, with_outcome

CELL = a_cell("win11-24h2/bad")
PLAN = a_plan(CELL)
CHECK = "install.service"


def gate(check: str = "", outcome: Outcome = Outcome.FAILED, words: str = "") -> Gate:
    report = a_report(PLAN, CELL)
    return a_gate(PLAN, [with_outcome(report, check, outcome, words) if check else report])


@pytest.mark.parametrize(
    ("found", "result"),
    [
        (gate(CHECK, words="Found: it is stopped."), Caught.BY_ITS_CHECK),
        (gate(CHECK, words="something else"), Caught.BY_ANOTHER),
        (gate("check-in.enrolled", words="it is stopped"), Caught.BY_ANOTHER),
        (gate(CHECK, Outcome.INFRA, "it is stopped"), Caught.NOT_MEASURED),
        (gate(), Caught.SURVIVED),
        (a_gate(PLAN, []), Caught.NOT_MEASURED),
    ],
)
def test_a_defect_is_caught_by_its_own_check_or_not_at_all(found: Gate, result: Caught) -> None:
    assert result_of(CHECK, "it is stopped", seen_of("it", "code", 1.0, found))[0] is result


def test_a_run_that_met_its_time_limit_caught_nothing() -> None:
    def late() -> Gate:
        raise TimeoutError("600 s")

    seen = ended("it", "code", late)
    assert result_of(CHECK, "", seen) == (Caught.NOT_MEASURED, "TimeoutError: 600 s")
    assert result_of_twin(seen) is Caught.NOT_MEASURED


def test_a_good_twin_that_fails_is_a_false_alarm() -> None:
    assert result_of_twin(seen_of("twin", "code", 1.0, gate())) is Caught.PASSED
    assert result_of_twin(seen_of("twin", "code", 1.0, gate(CHECK, words="no"))) is Caught.FALSE_ALARM


def test_a_good_twin_that_wine_lets_show_nothing_must_say_so() -> None:
    name, owed = next(iter(NOT_ON_WINE.items()))
    said = gate(CHECK, Outcome.INFRA, f"Seen: {owed.why}.")
    assert result_of_twin(seen_of(name, "code", 1.0, said)) is Caught.LABS
    assert result_of_twin(seen_of("another", "code", 1.0, said)) is Caught.NOT_MEASURED
    lost = gate(CHECK, Outcome.INFRA, "the guest is silent")
    assert result_of_twin(seen_of(name, "code", 1.0, lost)) is Caught.NOT_MEASURED
    assert result_of_twin(seen_of(name, "code", 1.0, gate(CHECK, words="no"))) is Caught.FALSE_ALARM


def test_the_worst_of_several_runs_counts() -> None:
    name = next(iter(TWINS))
    runs = [seen_of(name, "code", 1.0, gate()), seen_of(name, "code", 3.0, gate(CHECK, words="no"))]
    rows = [row for row in rows_of({name: runs}) if row.candidate == name]
    assert {(row.result, row.seconds, row.runs) for row in rows} == {(Caught.FALSE_ALARM, 3.0, 2)}


def test_what_was_not_run_is_not_measured_and_never_counted_as_caught() -> None:
    rows = rows_of({})
    assert {row.result for row in rows} == {Caught.NOT_MEASURED}
    assert "0 of" in as_markdown(rows)


def test_a_name_that_is_not_there_is_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["nobody"], ["--only", "nobody"]):
        with pytest.raises(SystemExit) as caught:
            main(arguments)
        assert caught.value.code == 2
        assert "there is no candidate 'nobody'; known are careless-installer" in capsys.readouterr().err


@pytest.mark.parametrize("part", ["7/6", "0/2", "half"])
def test_a_part_that_is_none_is_a_mistake(part: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--part", part, "--show"])
    assert caught.value.code == 2
    assert "--part is a part like 2/6" in capsys.readouterr().err


def test_results_are_kept_and_shown_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = Store(tmp_path / "kept")
    seen = Seen(
        candidate="dead-service",
        code=code_digest(),
        seconds=12.0,
        failed={"install.exit_code": "Expected: the installer ends with success. Found: it ended with 1603."},
        asked=frozenset({"install.exit_code"}),
    )
    store.add(seen)
    assert store.read("dead-service", "another code") == []
    written = tmp_path / "table.json"
    code = main(["dead-service", "--show", "--kept", str(tmp_path / "kept"), "--json", str(written)])
    (row,) = json.loads(written.read_text())
    assert (code, row["result"], row["seconds"]) == (0, "caught", 12.0)
    assert "1 of 1 defects caught" in capsys.readouterr().err


def test_results_of_another_code_are_let_go_once_there_are_newer_ones(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for code in ("old", "new", "new"):
        store.add(Seen(candidate="mute", code=code, seconds=1.0))
    assert [seen.code for seen in store.read("mute")] == ["new", "new"]


def test_a_damaged_result_is_measured_anew(tmp_path: Path) -> None:
    (tmp_path / "mute.json").write_text("{")
    assert Store(tmp_path).read("mute") == []


def test_the_table_names_what_it_is_asked_for() -> None:
    shown = {(named.defect, named.check) for named, _ in in_candidates()}
    assert shown >= {(named.defect, named.check) for named in KINDS}, "a line that no candidate shows"
    assert {named.check for named in KINDS} <= {check.id for check in catalogue()}
    assert all(words_of(named, candidate) for named, candidate in in_candidates())


def test_every_defect_is_in_the_table_or_it_is_said_why_not() -> None:
    named = {named.defect for named in KINDS} - WITHOUT_DEFECT.keys()
    of_candidates = {defect for bad in BAD.values() for defect in bad.defects}
    assert DEFECTS.keys() <= named | of_candidates | ELSEWHERE.keys()
    assert not named & ELSEWHERE.keys()


def test_every_check_that_a_candidate_must_trip_is_in_the_table() -> None:
    caught = {(candidate, check) for candidate, bad in BAD.items() for check in bad.caught}
    shown = {(candidate, named.check) for named, candidate in in_candidates()}
    assert not caught - shown


def test_there_are_as_many_as_the_catch_table_promises() -> None:
    assert len({named.defect for named in KINDS}) >= 60
    assert sum(map(len, TWINS.values())) >= 25


def test_both_forms_of_the_table_have_every_line() -> None:
    rows = rows_of({})
    assert len(json.loads(as_json(rows))) == len(rows)
    assert sum(line.startswith("| ") for line in as_markdown(rows).splitlines()) == len(rows) + 2
