"""The machine before the candidate: what it says it is, and what was there."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from harness.cell.familiar import Familiar, Question
from harness.cell.session import CellSession
from harness.guest.facts import BootIdentity
from harness.model.errors import MachineLost
from harness.probe.answers.system import Version
from harness.residue.sentinels import plant_sentinels
from harness.residue.snapshot import Snapshot, take_snapshot
from harness.residue.surroundings import Surroundings, look_around
from harness.residue.witness import Look, look_at


@dataclass(frozen=True)
class Baseline:
    """The machine before the candidate: what it says it is, and what was there."""

    machine_id: str
    version: Version
    boot: BootIdentity
    snapshot: Snapshot
    surroundings: Surroundings
    clean: Snapshot
    """Before the scenario made the machine dirty; the same as `snapshot` where it does not."""
    whole: Look | None
    """Every file and key; None where a machine's changes cannot be read from outside."""


def look(session: CellSession) -> Snapshot:
    """The machine as it is now. Raises what the guest layer raises."""
    return take_snapshot(session.guest, session.profile, session.machine.guest_system)


def take_baseline(
    session: CellSession, nonce: str, soiled: Callable[[], AbstractContextManager[bool]]
) -> Baseline:
    """Plant the sentinels, which hold `nonce`, and look. Raises what the guest layer raises.

    `soiled`: makes the machine as dirty as the scenario has it; whether it did anything.
    """
    guest, overlay = session.guest, session.overlay
    session.expected_boots = 1  # of this machine; one that it replaces may have been made to boot
    answer = guest.version()
    plant_sentinels(guest, nonce)
    clean = look(session)
    with soiled() as dirty:
        pass
    baseline = Baseline(
        machine_id=session.machine.machine_id,
        version=answer,
        boot=guest.boot(),
        snapshot=look(session) if dirty else clean,
        clean=clean,
        surroundings=look_around(guest),
        whole=look_at(guest, overlay, first=True) if overlay is not None else None,
    )
    _remember_answers(session, baseline)
    return baseline


def _remember_answers(session: CellSession, baseline: Baseline) -> None:
    """What this guest answers now and may no longer answer once the candidate was there."""
    familiar = session.familiar = Familiar()
    familiar.put(session.guest)
    looked = f"{len(baseline.snapshot.services)} services, {len(baseline.snapshot.files)} files"
    familiar.know(Question("what is there (the probe's snapshot)", lambda _: str(look(session))), looked)
    programs = Question("the system's own programs", baseline.surroundings.untouched)
    familiar.know(programs, f"{len(baseline.surroundings.programs)} as they were")


def is_still_clean(session: CellSession, baseline: Baseline) -> bool:
    """Whether the machine in hand is the one that the baseline was taken of. Asks the session's present guest.

    Clones of one memory template share a boot identity, so only the machine's id tells a replaced one. Raises
    `MachineLost` for the same machine in another boot: one that restarts by itself is no clean machine.
    """
    boot = session.guest.boot()
    if session.machine.machine_id != baseline.machine_id:
        return False
    if boot != baseline.boot:
        raise MachineLost("The machine rebooted by itself before the candidate was started.")
    return True
