"""SIGKILL before every statement and commit of a command: the next one goes on, and nothing is there twice or half."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import event

from harness.promotion.board import State
from harness.promotion.entries import Approval, Done, Request
from harness.promotion.ledger.audit import Trust, audit
from tests.unit.promotion.world import AGENT, BUNDLE, PEOPLE, World

DONE_S = 150


def _dying(act: Callable[[], object], world: World, statement: int) -> None:
    seen = 0

    def count(*_: object) -> None:
        nonlocal seen
        seen += 1
        if seen == statement:
            os.kill(os.getpid(), signal.SIGKILL)

    engine = world.ledger._database._place.engine
    event.listen(engine, "before_cursor_execute", count)
    event.listen(engine, "commit", count)
    act()


def test_killed_at_every_statement_a_promotion_is_asked_for_or_done_or_neither(folder: Path) -> None:
    """The same command, killed ever later, until it gets through; then the last approval likewise."""
    world = World(folder)
    world.soaked()
    context = multiprocessing.get_context("fork")

    def through(act: Callable[[], object]) -> int:
        statement, kills = 0, 0
        while True:
            statement += 1
            process = context.Process(target=_dying, args=(act, world, statement))
            process.start()
            process.join(DONE_S)
            with world.ledger.reading() as snapshot:
                assert audit(snapshot, Trust()).findings == ()
            assert world.promotion.board().ignored == []
            if process.exitcode == 0:
                return kills
            assert process.exitcode == -signal.SIGKILL
            kills += 1

    assert through(lambda: world.promotion.promote(AGENT, "beta", BUNDLE, PEOPLE["ci"])) > 2
    asked = next(each for each in world.promotion.board().asked.values() if each.request.tier == "beta")
    world.promotion.approve(asked.id, PEOPLE["ann"])

    def approve() -> None:
        """As a person would: again, or, if the approval is there, ask for the promotion again."""
        now = world.promotion.board().asked[asked.id]
        if now.state is State.DONE:
            return
        if "bob" in now.approvals:
            world.promotion.promote(AGENT, "beta", BUNDLE, PEOPLE["ci"])
        else:
            world.promotion.approve(asked.id, PEOPLE["bob"])

    assert through(approve) > 2
    assert len(world.promotion.released("beta")) == 1
    entries = [line.entry for line in world.promotion.board().lines]
    in_beta = [
        each for each in entries if isinstance(each, Request | Approval | Done) and each.tier == "beta"
    ]
    assert [type(each) for each in in_beta] == [Request, Approval, Approval, Done]


def _complete(world: World, request: str, start: "multiprocessing.synchronize.Barrier") -> None:
    start.wait(DONE_S)
    world.promotion.complete(request, PEOPLE["ci"])


def test_four_who_go_on_at_once_do_it_once(folder: Path) -> None:
    world = World(folder)
    world.in_internal()
    asked = world.promotion.promote(AGENT, "beta", BUNDLE, PEOPLE["ci"]).asked
    for name in ("ann", "bob"):
        world.promotion.approve(asked.id, PEOPLE[name])
    world.later(hours=25)
    world.healthy("internal")
    context = multiprocessing.get_context("fork")
    start = context.Barrier(4)
    processes = [context.Process(target=_complete, args=(world, asked.id, start)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(DONE_S)
    assert [process.exitcode for process in processes] == [0] * 4
    board = world.promotion.board()
    assert [line.entry.tier for line in board.lines if isinstance(line.entry, Done)] == ["internal", "beta"]
    assert board.ignored == []
