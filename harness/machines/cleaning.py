"""Removes what nobody needs any more: machines of runs that are gone, and what providers keep beside machines.

Each provider removes its own. What happened comes back as data, one item per thing, for people and programs alike.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from pydantic import Field

from harness.machines.disused import ABANDONED, Disused, HasDisused, changed, size_on_disk
from harness.machines.intent import Intent, read_intent, read_intents
from harness.machines.registry import load_provider, plain_pool, provider_names, provider_of
from harness.model.base import Frozen
from harness.model.errors import HarnessError, InfrastructureError, ToolMissing
from harness.model.matrix import Pool
from harness.state import StateDirectory

MACHINE = "machine"
RECORD = "record"
"""A file of the harness's own, about a machine that is not there."""


class Outcome(StrEnum):
    """What became of one thing that nobody needs."""

    FOUND = "found"
    """It is there; nothing was asked to be removed."""
    REMOVED = "removed"
    ABSENT = "absent"
    """Nothing of it was left but the intent, which is gone now."""
    NEEDED = "needed"
    """It stays: something uses it by now, or another process is making or removing it."""
    NOT_REMOVED = "not removed"


class Cleaned(Frozen):
    """One thing that nobody needs, and what became of it."""

    kind: str = Field(description="`machine`, `record`, or what its provider calls it: `template` …")
    name: str = Field(description="machine id, or path")
    provider: str = ""
    run_id: str = ""
    cell_id: str = ""
    reason: str = Field(description="why nobody needs it")
    outcome: Outcome
    removed: tuple[str, ...] = Field(
        default=(), description="of a machine: its processes, domain, directories …"
    )
    size: int = Field(default=0, ge=0, description="bytes on disk, where that is known")
    error: str = Field(default="", description="why it was not removed")


def clean(
    state: StateDirectory,
    *,
    live: bool = False,
    kept: bool = False,
    pools: Iterable[Pool] = (),
    dry_run: bool = False,
) -> list[Cleaned]:
    """Remove every orphaned machine and every leftover; with `kept` also machines kept on purpose.

    With `live` also those of runs that are going on. Storage that only a pool's options name is looked at if that pool
    is among `pools`. One failure does not stop the rest. With `dry_run` everything stays, and no host is asked.
    """
    done = list(_machines(state, live=live, kept=kept, dry_run=dry_run))
    gone = {item.name for item in done if item.kind == MACHINE} if dry_run else set()
    done += _leftovers(state, pools, gone, dry_run=dry_run)
    done += _abandoned(state, dry_run=dry_run)
    done += _unreadable(state)
    return done


def reclaim_run(state: StateDirectory, run_id: str) -> list[Cleaned]:
    """Remove what is left of one run's machines, except those kept: the run itself has ended."""
    return [
        _reclaim(state, intent, "its run has ended")
        for intent in read_intents(state.intents)
        if intent.run_id == run_id and not intent.kept
    ]


def _machines(state: StateDirectory, *, live: bool, kept: bool, dry_run: bool) -> Iterator[Cleaned]:
    for intent in read_intents(state.intents):
        if intent.kept and (kept or live):
            reason = "kept machines are asked for"
        elif intent.orphaned:
            reason = "its run is gone"
        elif live and not intent.kept:
            reason = "machines of live runs are asked for"
        else:
            continue
        yield _about(intent, reason, Outcome.FOUND) if dry_run else _reclaim(state, intent, reason)


def _about(
    intent: Intent, reason: str, outcome: Outcome, removed: Sequence[str] = (), error: str = ""
) -> Cleaned:
    return Cleaned(
        kind=MACHINE,
        name=intent.machine_id,
        provider=intent.provider,
        run_id=intent.run_id,
        cell_id=intent.cell_id,
        reason=reason,
        outcome=outcome,
        removed=tuple(removed),
        error=error,
    )


def _reclaim(state: StateDirectory, intent: Intent, reason: str) -> Cleaned:
    path = state.intents / f"{intent.machine_id}.json"
    try:
        removed = provider_of(intent.provider, state).reclaim(path)
    except HarnessError as error:
        return _about(intent, reason, Outcome.NOT_REMOVED, error=str(error))
    return _about(intent, reason, Outcome.REMOVED if removed else Outcome.ABSENT, removed)


def _leftovers(
    state: StateDirectory, pools: Iterable[Pool], gone: Collection[str], *, dry_run: bool
) -> Iterator[Cleaned]:
    """What providers keep beside machines; what two pools have in common once."""
    seen: set[Path] = set()
    for pool in [*(plain_pool(name) for name in provider_names()), *pools]:
        try:
            provider = load_provider(pool, state)
            if not isinstance(provider, HasDisused):
                continue
            found = provider.disused(gone)
        except ToolMissing:  # where a provider cannot be loaded, it has nothing
            continue
        except HarnessError as error:
            yield Cleaned(
                kind="leftovers",
                name=str(state.root),
                provider=pool.provider,
                reason="they are looked for",
                outcome=Outcome.NOT_REMOVED,
                error=str(error),
            )
            continue
        for leftover in found:
            if leftover.path not in seen:
                seen.add(leftover.path)
                yield _remove(provider, pool.provider, leftover, dry_run=dry_run)


def _remove(provider: HasDisused, name: str, leftover: Disused, *, dry_run: bool) -> Cleaned:
    size, outcome, said = size_on_disk(leftover.path), Outcome.FOUND, ""
    if not dry_run:
        try:
            outcome = Outcome.REMOVED if provider.remove(leftover) else Outcome.NEEDED
        except HarnessError as error:
            outcome, said = Outcome.NOT_REMOVED, str(error)
    return Cleaned(
        kind=leftover.kind,
        name=str(leftover.path),
        provider=name,
        reason=leftover.reason,
        outcome=outcome,
        size=size,
        error=said,
    )


def _abandoned(state: StateDirectory, *, dry_run: bool) -> Iterator[Cleaned]:
    """Files about machines that are not there."""
    now = datetime.now(UTC)
    for path in sorted([*state.intents.glob("*.tmp"), *state.kept.glob("*.tmp")]):
        with suppress(FileNotFoundError):  # a live writer renamed it
            if now - changed(path) > ABANDONED:
                yield _unlink(path, "its writer was killed", dry_run=dry_run)
    for path in sorted(state.kept.glob("*.json")):
        if not (state.intents / path.name).exists():
            yield _unlink(path, "the kept machine that it leads to is gone", dry_run=dry_run)


def _unreadable(state: StateDirectory) -> Iterator[Cleaned]:
    """Intents that cannot be read are named and stay, in a dry run too: what they name may exist."""
    for path in sorted(state.intents.glob("*.json")):
        try:
            read_intent(path)
        except InfrastructureError as error:
            yield Cleaned(
                kind=RECORD,
                name=str(path),
                reason="it is no intent that can be read",
                outcome=Outcome.NOT_REMOVED,
                error=f"{error} What it names may still exist: remove that, then delete the file.",
            )


def _unlink(path: Path, reason: str, *, dry_run: bool) -> Cleaned:
    size = size_on_disk(path)
    if not dry_run:
        path.unlink(missing_ok=True)
    outcome = Outcome.FOUND if dry_run else Outcome.REMOVED
    return Cleaned(kind=RECORD, name=str(path), reason=reason, outcome=outcome, size=size)
