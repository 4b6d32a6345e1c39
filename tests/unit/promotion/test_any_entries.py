"""Whatever people with keys put into the ledger, in whatever order: it is read, and beta stays closed to it."""

import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from securesystemslib.signer import CryptoSigner

from harness.promotion.entries import (
    Approval,
    CandidateRef,
    Change,
    Done,
    Entry,
    Halt,
    HealthReport,
    Kind,
    Rejection,
    Request,
    Rollback,
    What,
    entry_id,
    signed,
)
from harness.promotion.replay import replay
from tests.unit.promotion.world import AGENT, BUNDLE, PEOPLE, POLICY, TIERS, World
from tests.unit.signing.samples import NOW

OTHER = CandidateRef(sha256="0d" * 32, version="2.0")
MANAGERS = {"ann", "bob", "cyd"}
AT = NOW + timedelta(hours=1)


def _founded() -> tuple[bytes, Any]:
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        record = world.promotion._ask(world.promotion.board(), BUNDLE, AGENT, "beta", {}).record
        with world.ledger.reading() as snapshot:
            return snapshot.body(0), record


FOUNDING, RECORD = _founded()
names = st.sampled_from(sorted(PEOPLE))
tiers = st.sampled_from(["internal", "internal", "beta", "beta", "production", "gone"])
candidates = st.sampled_from([AGENT, OTHER])


@st.composite
def histories(draw: st.DrawFn) -> list[bytes]:
    bodies = [FOUNDING]
    requests: list[tuple[str, Request]] = []
    hours = 0.0
    for _ in range(draw(st.integers(1, 14))):
        hours += draw(st.sampled_from([0, 1, 30]))
        by, tier, candidate = draw(names), draw(tiers), draw(candidates)
        common: dict[str, Any] = {"by": by, "at": AT + timedelta(hours=hours)}
        kind = draw(
            st.sampled_from(
                ["request"] * 3 + ["answer"] * 6 + ["halt", "rollback", "health", "change", "tiers"]
            )
        )
        entry: Entry
        if kind == "answer" and requests:
            identity, asked = draw(st.sampled_from(requests))
            answers: list[type[Approval] | type[Done] | type[Rejection]]
            answers = [Approval, Approval, Approval, Done, Done, Rejection]
            what = draw(st.sampled_from(answers))
            sha256 = asked.candidate.sha256 if asked.candidate else None
            entry = what(
                **common,
                request=identity,
                what=asked.what,
                candidate=sha256,
                tier=asked.tier,
                percent=asked.percent,
            )
        elif kind == "halt":
            entry = Halt(**common, candidate=candidate.sha256, tier=tier)
        elif kind == "rollback":
            entry = Rollback(**common, candidate=candidate.sha256, tier=tier, to=OTHER.sha256)
        elif kind == "health":
            entry = HealthReport(
                **common, candidate=candidate.sha256, tier=tier, hosts=50, host_hours=1000 * hours, crashed=0
            )
        elif kind == "change":
            entry = Change(**common, candidate=candidate.model_copy(update={"kind": Kind.CONTENT}), hosts=60)
        elif kind == "tiers":
            text = draw(st.sampled_from([TIERS, TIERS.replace("name: beta", "name: gamma"), "nonsense", ""]))
            policy = draw(st.sampled_from([POLICY, POLICY.replace("  beta:", "  gamma:"), ""]))
            entry = Request(**common, what=What.TIERS, tiers=text, policy=policy)
        else:
            what_for = draw(st.sampled_from([What.PROMOTE, What.PROMOTE, What.RAISE, What.RESUME]))
            gate = draw(st.sampled_from([RECORD, RECORD, None]))
            entry = Request(**common, what=what_for, candidate=candidate, tier=tier, percent=0, gate=gate)
        key: CryptoSigner = PEOPLE[draw(st.sampled_from([by, by, by, "eve"]))]
        body = signed(entry, key)
        if isinstance(entry, Request):
            requests.append((entry_id(body), entry))
        bodies.append(body)
    return bodies


@given(histories())
@settings(max_examples=150)
def test_nothing_comes_into_beta_without_gate_soak_and_two_others(bodies: list[bytes]) -> None:
    board = replay(enumerate(bodies), AT + timedelta(days=60))
    assert len(board.lines) + len(board.ignored) == len(bodies)
    for placement in board.in_tier("beta"):
        asked = placement.asked
        assert asked.request.gate is not None
        assert len(set(asked.approvals) & MANAGERS - {asked.request.by}) >= 2
        inside = board.placement(placement.candidate.sha256, "internal")
        assert inside is not None
        assert placement.since - inside.since >= timedelta(hours=24)
        assert inside.health is not None


def test_the_same_reading_lets_in_what_is_whole() -> None:
    """The twin: the property is not true of nothing."""
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        world.in_beta()
        with world.ledger.reading() as snapshot:
            bodies = list(snapshot.bodies())
    assert len(replay(bodies, AT + timedelta(days=60)).in_tier("beta")) == 1
