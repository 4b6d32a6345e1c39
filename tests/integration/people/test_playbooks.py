"""Playbooks against real servers: people are told, a deadline passes or is kept, and what was done is in the ledger."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from harness.gate.artifact import publish
from harness.model.report import CellReport, Outcome
from harness.people.destinations import Destination
from harness.people.playbooks import Playbook, load_playbooks
from harness.people.player import Player, Playing
from harness.people.playing import HOUR_S
from harness.people.plays import PLAYS_FILE
from harness.promotion.board import State
from harness.promotion.entries import CandidateRef
from tests.integration.people.receivers import free_port, smtp, webhook
from tests.integration.server.running import serving
from tests.integration.server.stage import settings_of, staged
from tests.unit.gate.releases import DOWNGRADE, OLD, RELEASES, UPGRADE
from tests.unit.gate.samples import a_cell, with_outcome
from tests.unit.promotion.conftest import a_folder
from tests.unit.promotion.world import AGENT, BUNDLE, PEOPLE, World
from tests.unit.signing.samples import bundle_of, gate_of

BOOKS = """\
schema_version: 1
playbooks:
  - name: beta-waits
    when: {event: approval, tiers: [beta]}
    steps:
      - collect: [gate, waits]
      - {notify: [chat], say: Two people have to look at this today.}
      - wait_hours: 4
      - {notify: [ann-mail], say: Nobody has answered for four hours.}
      - wait_hours: 20
      - {act: reject, reason: nobody answered within a day, person: ann}
  - name: going-back
    when: {event: halt}
    steps:
      - collect: [health, ways-back, history]
      - notify: [chat]
      - wait_hours: 1
      - {act: rollback, reason: nobody went on within an hour, person: ann}
"""


@dataclass
class Stage:
    """A world, its playbooks, and a clock that one can turn."""

    world: World
    books: tuple[Playbook, ...]
    destinations: dict[str, Destination]
    hours: float = 0
    said: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def look(self) -> None:
        """As a server that was just started, every time: nothing is kept in memory."""
        playing = Playing(
            promotion=lambda: self.world.promotion,
            path=self.world.folder / PLAYS_FILE,
            destinations=self.destinations,
            report=lambda event, **facts: self.said.append((event, facts)),
            signer=lambda: PEOPLE["srv"],
            clock=lambda: self.hours * HOUR_S,
        )
        Player(self.books, playing).look()

    def later(self, hours: float) -> None:
        self.hours += hours
        self.world.later(hours=hours)
        self.look()

    def ends(self) -> list[str]:
        return [facts["end"] for event, facts in self.said if event == "playbook ended"]


@pytest.fixture
def world() -> Iterator[World]:
    with a_folder() as folder:
        yield World(folder)


def stage_of(world: World, mail: int, chat: int) -> Stage:
    mailbox = f"mailto://127.0.0.1:{mail}?from=bvt@example.com&to=ann@example.com&mode=insecure"
    destinations = {
        "chat": Destination(name="chat", url=f"mmost://127.0.0.1:{chat}/token"),
        "ann-mail": Destination(name="ann-mail", url=mailbox),
    }
    (world.folder / "playbooks.yaml").write_text(BOOKS)
    books = load_playbooks(world.folder / "playbooks.yaml", tuple(destinations.values()))
    stage = Stage(world, books, destinations)
    stage.look()  # from here on
    return stage


def test_nobody_answers_so_somebody_else_is_told_and_then_it_is_rejected(world: World) -> None:
    world.soaked()
    with smtp() as mail, webhook() as chat:
        stage = stage_of(world, mail.port, chat.port)
        asked = world.promotion.promote(AGENT, "beta", BUNDLE, PEOPLE["ci"]).asked
        stage.look()
        said = chat.next()
        assert "Approval wanted: promote Example Agent 1.2.3" in said
        assert "Two people have to look at this today." in said
        assert "It waits for 2 more of role release-manager (ann, bob, cyd)." in said
        assert "Gate: suite full, on wine" in said
        stage.later(3.9)
        assert mail.empty
        stage.later(0.2)
        assert "Nobody has answered for four hours." in mail.next()
        stage.later(19)
        assert world.promotion.board().asked[asked.id].state is State.OPEN
        stage.later(2)
        rejected = world.promotion.board().asked[asked.id]
        assert rejected.state is State.REJECTED
        assert rejected.rejection is not None
        assert (rejected.rejection.by, rejected.rejection.reason) == ("ann", "nobody answered within a day")
        assert rejected.rejection.via is not None
        assert rejected.rejection.via.how == "playbook beta-waits"
        stage.later(50)
        assert (stage.ends(), chat.empty, mail.empty) == (["played"], True, True)


def test_who_answers_in_time_is_left_in_peace(world: World) -> None:
    world.soaked()
    with smtp() as mail, webhook() as chat:
        stage = stage_of(world, mail.port, chat.port)
        asked = world.promotion.promote(AGENT, "beta", BUNDLE, PEOPLE["ci"]).asked
        stage.look()
        chat.next()
        world.later(hours=1)
        world.promotion.approve(asked.id, PEOPLE["ann"])
        assert world.promotion.approve(asked.id, PEOPLE["bob"]).done
        stage.later(5)
        assert (stage.ends(), mail.empty) == (["decided"], True)


def test_a_halt_that_nobody_answers_ends_where_a_way_back_is_proven(world: World) -> None:
    old = CandidateRef(sha256=OLD.sha256, name=OLD.product_name, version=OLD.version)
    world.in_internal(old, bundle_of(gate_of([a_cell()], candidate=OLD)))
    world.later(hours=1)
    world.in_internal(AGENT, bundle_of(gate_of([UPGRADE, DOWNGRADE], releases=RELEASES)))
    with smtp() as mail, webhook() as chat:
        stage = stage_of(world, mail.port, chat.port)
        world.promotion.halt("1.2.3", "internal", PEOPLE["bot"], "blue screens")
        stage.look()
        said = chat.next()
        assert "Halts Example Agent 1.2.3 (abababababab) in tier internal: blue screens" in said
        assert "Way back: Example Agent 1.2.2" in said
        assert "No health was reported." in said
        stage.later(1)
        place = world.promotion.board().placement(AGENT.sha256, "internal")
        assert place is not None
        assert place.returned_to == OLD.sha256
        assert [facts["result"] for event, facts in stage.said if event == "playbook acted"] == ["done"]


def test_what_the_ledger_refuses_is_said_and_ends_the_playbook_all_the_same(world: World) -> None:
    world.in_internal()
    with smtp() as mail, webhook() as chat:
        stage = stage_of(world, mail.port, chat.port)
        world.promotion.halt("1.2.3", "internal", PEOPLE["bot"], "blue screens")
        stage.look()
        assert "No earlier version in tier internal passed" in chat.next()
        stage.later(1)
        (result,) = [facts["result"] for event, facts in stage.said if event == "playbook acted"]
        assert result.startswith("refused: No earlier version")
        assert stage.ends() == ["played"]


def test_a_server_that_is_away_is_tried_again_and_what_was_before_is_not_played(world: World) -> None:
    world.soaked()
    with smtp() as mail, webhook(refusals=1) as chat:
        world.promotion.promote(AGENT, "beta", BUNDLE, PEOPLE["ci"])
        stage = stage_of(world, mail.port, chat.port)
        stage.later(9)
        assert (chat.empty, mail.empty) == (True, True)
        world.promotion.halt("1.2.3", "internal", PEOPLE["bot"], "x")
        stage.look()
        assert [event for event, _ in stage.said] == ["playbook delayed"]
        stage.later(0.1)
        assert "x" in chat.next()


NOTIFY = """\
schema_version: 1
destinations:
  - {{name: chat, url: "json://127.0.0.1:{port}/x", events: [halt]}}
"""
SERVED = """\
schema_version: 1
playbooks:
  - name: told-by-serve
    when: {event: approval}
    steps:
      - {notify: [chat], say: From the playbook.}
"""


def test_bvt_serve_plays_them(tmp_path: Path) -> None:
    with a_folder() as folder, webhook() as chat:
        world = staged(folder)
        (folder / "notify.yaml").write_text(NOTIFY.format(port=chat.port))
        (folder / "playbooks.yaml").write_text(SERVED)
        more = f"notify: {folder / 'notify.yaml'}\nplaybooks: {folder / 'playbooks.yaml'}\n"
        with serving(folder, settings_of(folder) + more) as served:
            assert "playbooks begun" in [said["event"] for said in served.log]
            world.at = datetime.now(UTC).replace(microsecond=0)
            world.promotion.halt("7.2.0", "beta", PEOPLE["bot"], "x")
            world.promotion.resume("7.2.0", "beta", PEOPLE["ann"])
            said = [chat.next(), chat.next()]
            assert any("From the playbook." in each for each in said), said
            (folder / "playbooks.yaml").write_text(SERVED.replace("approval", "approvall"))
            served.reload((folder / "serve.yaml").read_text())
            assert "approvall" in served.wait("settings refused")["reason"]


def bvt(*words: object) -> tuple[int, str]:
    argv = [sys.executable, "-m", "harness.cli", *map(str, words)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stdout + done.stderr


def test_a_verdict_is_told_by_the_command_with_its_reasons(tmp_path: Path) -> None:
    def bad(report: CellReport) -> CellReport:
        return with_outcome(report, "check-in.enrolled", Outcome.FAILED, "nobody came")

    publish(tmp_path / "run", gate_of([a_cell()], bad))
    book = """\
schema_version: 1
playbooks:
  - name: failed
    when: {event: verdict, verdicts: [FAIL]}
    steps:
      - collect: [reasons, to-pass]
      - notify: [hook]
  - name: passed
    when: {event: verdict, verdicts: [PASS]}
    steps:
      - {notify: [hook], say: good}
"""
    (tmp_path / "playbooks.yaml").write_text(book)
    notify = tmp_path / "notify.yaml"
    run = ("playbook", "run", tmp_path / "playbooks.yaml", tmp_path / "run", "--notify", notify)
    with webhook() as hook:
        url = f"json://127.0.0.1:{hook.port}/x"
        notify.write_text(f"schema_version: 1\ndestinations: [{{name: hook, url: '{url}'}}]\n")
        code, said = bvt("playbook", "check", tmp_path / "playbooks.yaml", "--notify", notify)
        assert (code, "failed: at verdict FAIL, 2 steps" in said) == (0, True), said
        code, said = bvt(*run)
        assert (code, "1 playbook played" in said) == (0, True), said
        message = json.loads(hook.next().partition("\n")[2])
        assert message["title"] == "FAIL: Example Agent 1.2.3"
        assert "nobody came" in message["message"]
        assert "To pass: Fix the candidate" in message["message"]
        assert hook.empty
    notify.write_text(
        f"schema_version: 1\ndestinations: [{{name: hook, url: 'json://127.0.0.1:{free_port()}/x'}}]\n"
    )
    code, said = bvt(*run)
    assert (code, "Not everybody was told" in said) == (4, True), said
    (tmp_path / "playbooks.yaml").write_text(book.replace("[hook]", "[hoook]"))
    code, said = bvt(*run)
    assert (code, "there is no destination 'hoook'" in said, "Traceback" in said) == (2, True, False), said
