"""A ledger with candidates on their way by today's clock, for the board to show."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from harness.model.candidate import Candidate
from harness.model.release import ReleaseName
from harness.promotion.entries import CandidateRef
from harness.promotion.ledger.checkpoints import sign_checkpoint
from harness.promotion.ledger.keys import note_signer
from harness.promotion.ledger.note import LOG
from tests.integration.server.running import digest
from tests.unit.gate.releases import DOWNGRADE, UPGRADE
from tests.unit.gate.samples import CANDIDATE, a_cell
from tests.unit.promotion.world import PEOPLE, World
from tests.unit.signing.samples import bundle_of, gate_of

SCOPES = "[read, promote, approve, halt]"


def release(version: str, mark: str) -> tuple[Candidate, CandidateRef]:
    file = CANDIDATE.model_copy(update={"version": version, "sha256": mark * 32})
    return file, CandidateRef(sha256=file.sha256, name=file.product_name, version=version)


OLD_FILE, OLD = release("7.1.0", "71")
NEW_FILE, NEW = release("7.2.0", "72")
NEXT_FILE, NEXT = release("7.3.0", "73")


def bundle(file: Candidate, at: datetime, *cells: Any, **plan: Any) -> bytes:
    def fresh(report: Any) -> Any:
        return report.model_copy(update={"began": at, "ended": at})

    return bundle_of(gate_of(cells or [a_cell()], fresh, candidate=file, **plan), now=at)


def staged(folder: Path) -> World:
    """7.1.0 and 7.2.0 are in beta, 7.2.0 with a proven way back; 7.3.0 asks for it, and ann has agreed."""
    began = datetime.now(UTC).replace(microsecond=0) - timedelta(days=4)
    world = World(folder, at=began)
    world.in_beta(OLD, bundle(OLD_FILE, world.at))
    world.later(hours=1)
    world.hours = 0
    way = {"releases": {ReleaseName.PREVIOUS: OLD_FILE}}
    world.in_beta(NEW, bundle(NEW_FILE, world.at, UPGRADE, DOWNGRADE, **way))
    world.later(hours=1)
    sign_checkpoint(world.ledger, note_signer("example.com/releases", LOG, PEOPLE["own"]))
    world.hours = 0
    made = bundle(NEXT_FILE, world.at)
    world.soaked(NEXT, made)
    asked = world.promotion.promote(NEXT, "beta", made, PEOPLE["ci"], reason="the milestone is reached").asked
    world.promotion.approve(asked.id, PEOPLE["ann"], "looked at the gate")
    return world


def settings_of(folder: Path) -> str:
    """A server over that ledger; each person's token is their name."""
    (folder / "srv.key").write_bytes(PEOPLE["srv"].private_bytes)
    people = "\n".join(
        f"  - {{name: {name}, sha256: {digest(name)}, scopes: {SCOPES}, person: {name}}}"
        for name in ("ann", "bob", "ci")
    )
    return f"""
listen: 127.0.0.1:0
assess_every_s: 0.3
ledger: {folder / "ledger.db"}
ledger_key: {folder / "srv.key"}
tokens:
  - {{name: all, sha256: {digest("all")}, scopes: [decide, health]}}
  - {{name: reader, sha256: {digest("reader")}, scopes: [read]}}
{people}
rollouts:
  - {{product: agent, release: agent-7.2.0, version: 7.2.0, baseline: 7.1.0, candidate: "{NEW.sha256}"}}
"""
