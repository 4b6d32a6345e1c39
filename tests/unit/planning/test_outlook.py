"""What a plan says of each check before anything runs."""

import json
from pathlib import Path
from typing import Any

import pytest

from harness.backend.interface import BackendFeature
from harness.checks.catalogue import catalogue
from harness.cli.plan_checks import checks_document, checks_line
from harness.model.candidate import InstallerKind
from harness.model.plan import Plan
from harness.model.profile.installer import GuestFile
from harness.model.report import Outcome, Phase
from harness.model.steps import Step
from harness.model.substrate import Substrate
from harness.planning.outlook import BackendWord, Prospect, guest_system, only_if_no_task, prospects
from harness.planning.preparation import check_backend
from tests.unit.backend.test_backend_description import GOOD
from tests.unit.cell.stand_ins import PROFILE
from tests.unit.checks.test_nothing_to_look_at import BARE
from tests.unit.gate.samples import CANDIDATE, a_cell, a_plan

EMBEDDED = BackendWord("embedded", frozenset(BackendFeature))
CHECKS = tuple(check.id for check in catalogue())
SHORT = tuple(check.id for check in catalogue() if check.phase in (Phase.MACHINE, Phase.INSTALL))


def plan(*substrates: Substrate, kind: InstallerKind = InstallerKind.MSI) -> Plan:
    used: dict[str, Any] = {"substrates": substrates or (Substrate.WINE,)}
    cells = (
        a_cell("win11-24h2/used", checks=CHECKS, **used),
        a_cell("win11-24h2/short", checks=SHORT, **used),
    )
    return a_plan(*cells).model_copy(update={"candidate": CANDIDATE.model_copy(update={"kind": kind})})


def outlook(made: Plan, profile: Any = PROFILE, backend: BackendWord = EMBEDDED) -> dict[str, Prospect]:
    return {each.check.id: each for each in prospects(made, catalogue(), profile, backend)}


def test_every_check_is_named_with_its_scenarios() -> None:
    found = outlook(plan())
    assert tuple(found) == CHECKS
    assert found["install.exit_code"].scenarios == ("used", "short")
    assert found["functions.user"].scenarios == ("used",)


def test_what_is_undeclared_comes_before_what_cannot_be_shown() -> None:
    found = outlook(plan(), BARE)
    assert (found["functions.user"].outcome, found["functions.user"].reason) == (
        Outcome.NOT_TESTED,
        "the profile declares no telemetry",
    )
    assert outlook(plan())["functions.user"].outcome is Outcome.NOT_APPLICABLE
    assert outlook(plan())["install.exit_code"].outcome is None


def test_a_backend_that_offers_less_and_an_exe_are_seen() -> None:
    found = outlook(plan(kind=InstallerKind.EXE), backend=BackendWord("staging", frozenset()))
    assert found["check-in.heartbeat"].reason == "backend staging offers no heartbeat"
    assert found["install.product_registered"].reason == "an EXE installer registers no product code"


def test_what_machines_of_a_lab_can_show_is_not_known_before_they_are_there() -> None:
    made = plan(Substrate.KVM, Substrate.TCG)
    assert guest_system(made.cells) is None
    assert outlook(made)["functions.user"].outcome is None


def test_people_and_programs_read_the_same() -> None:
    found = prospects(plan(), catalogue(), BARE, EMBEDDED)
    document = json.loads(json.dumps(checks_document(found)))
    assert [each["check"] for each in document] == list(CHECKS)
    untested = sum(each["outcome"] == "not-tested" for each in document)
    assert f"{len(CHECKS)} checks: " in checks_line(found)
    assert f"{untested} not tested" in checks_line(found)
    assert all(each["reason"] for each in document if each["outcome"])


@pytest.mark.parametrize("as_json", [True, False])
def test_the_command_shows_them(
    as_json: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from harness.cli.plan import plan as command
    from harness.profiles.first_profile import first_profile
    from tests.unit.profiles.msi_making import make_beat

    monkeypatch.setenv("COLUMNS", "160")
    msi = make_beat(tmp_path)
    name, text = first_profile(msi)
    (tmp_path / f"{name}.yaml").write_text(text)
    command(msi, profile=str(tmp_path / f"{name}.yaml"), json=as_json)
    said = capsys.readouterr().out
    if as_json:
        document = json.loads(said)
        assert document["backend"] == "embedded"
        by_check = {each["check"]: each for each in document["outlook"]}
        assert by_check["functions.user"]["outcome"] == "not-tested"
        assert (
            Plan.model_validate({key: document[key] for key in Plan.model_fields}).digest
            == document["digest"]
        )
    else:
        assert "functions.user" in said
        assert "not tested: the profile declares no telemetry" in said
        assert "with backend embedded" in said


def test_an_external_backends_own_words_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "t")
    monkeypatch.setenv("SECRET", "s")
    file = tmp_path / "backend.yaml"
    file.write_text(GOOD)
    found = outlook(plan(), backend=check_backend(str(file)))
    assert found["functions.process_start"].reason == "backend staging offers no telemetry"
    assert found["check-in.enrolled"].outcome is None


def test_what_no_scenario_of_the_plan_can_play_here_is_said_before_it_runs() -> None:
    steps = (
        Step(action=Phase.MACHINE, dirt=("clock-ahead",)),
        Step(action=Phase.INSTALL, of=("candidate",)),
    )
    ahead = a_cell("win11-24h2/ahead", checks=SHORT, steps=steps, substrates=(Substrate.WINE,))
    found = outlook(a_plan(ahead))
    assert found["install.exit_code"].outcome is Outcome.NOT_APPLICABLE
    assert found["install.exit_code"].reason == "a Wine machine has its host's clock"
    assert found["machine.clean"].outcome is None
    plain = a_cell("win11-24h2/short", checks=SHORT, substrates=(Substrate.WINE,))
    assert outlook(a_plan(ahead, plain))["install.exit_code"].outcome is None


def test_what_counts_on_an_agent_that_is_told_of_no_backend_is_not_tested() -> None:
    """A driver, a task or a plain program has no backend, and its profile says nothing of one."""
    found = outlook(plan(), BARE)
    assert {each.outcome for name, each in found.items() if each.check.phase is Phase.CHECK_IN} == {
        Outcome.NOT_TESTED
    }
    for name in ("check-in.enrolled", "uninstall.enrolments", "reboot.same_endpoint"):
        assert "tells the agent neither the backend's address" in found[name].reason
    # The address of a team's own backend may be built in, and one of this run's secret is told enough.
    assert (
        outlook(plan(), BARE, BackendWord("staging", frozenset(BackendFeature)))["check-in.enrolled"].outcome
        is None
    )
    told = BARE.model_copy(update={"guest_files": (GuestFile(path="C:\\a.conf", content="{enrol_secret}"),)})
    assert outlook(plan(), told)["check-in.enrolled"].outcome is None


def test_an_agent_that_only_a_task_may_start_is_told_of_where_none_runs() -> None:
    tasked = PROFILE.model_copy(update={"services": ()})
    known = only_if_no_task(plan(), tasked, EMBEDDED)
    assert "this pool shows nothing of its check-in (INFRA), for Wine never runs one" in known
    assert only_if_no_task(plan(), PROFILE, EMBEDDED) == ""
    assert only_if_no_task(plan(Substrate.KVM), tasked, EMBEDDED) == ""
    assert only_if_no_task(plan(), BARE.model_copy(update={"services": ()}), EMBEDDED) == ""
