"""`playbooks.yaml`: what happens after a verdict, a question or a halt: collect, tell, wait for a decision, act."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from harness.documents.problem import Problem, nearest
from harness.documents.yaml_document import load
from harness.model.base import Frozen, NotEmpty
from harness.model.gate import Verdict
from harness.people.destinations import Destination


class Occasion(StrEnum):
    """What a playbook begins with."""

    VERDICT = "verdict"
    APPROVAL = "approval"
    HALT = "halt"


class Fact(StrEnum):
    """What is collected for the messages."""

    REASONS = "reasons"
    TO_PASS = "to-pass"  # noqa: S105 - what would make a gate pass
    GATE = "gate"
    NOVELTY = "novelty"
    WAITS = "waits"
    HEALTH = "health"
    WAYS_BACK = "ways-back"
    HISTORY = "history"


class Deed(StrEnum):
    """What is done when nobody has decided."""

    REJECT = "reject"
    ROLLBACK = "rollback"


KNOWN: dict[Occasion, tuple[Fact, ...]] = {
    Occasion.VERDICT: (Fact.REASONS, Fact.TO_PASS, Fact.GATE, Fact.NOVELTY, Fact.WAYS_BACK),
    Occasion.APPROVAL: (Fact.GATE, Fact.NOVELTY, Fact.WAITS, Fact.HISTORY),
    Occasion.HALT: (Fact.GATE, Fact.NOVELTY, Fact.HEALTH, Fact.WAYS_BACK, Fact.HISTORY),
}
DEEDS: dict[Occasion, tuple[Deed, ...]] = {
    Occasion.VERDICT: (),
    Occasion.APPROVAL: (Deed.REJECT,),
    Occasion.HALT: (Deed.ROLLBACK,),
}


class When(Frozen):
    """Which events. What is left out is any."""

    event: Occasion
    tiers: tuple[NotEmpty, ...] = ()
    verdicts: tuple[Verdict, ...] = ()


class Step(Frozen):
    """Exactly one of `collect`, `notify`, `wait_hours` and `act`; the other keys go with it."""

    collect: tuple[Fact, ...] | None = Field(default=None, min_length=1)
    notify: tuple[NotEmpty, ...] | None = Field(
        default=None, min_length=1, description="names of notify.yaml's"
    )
    say: str = Field(default="", max_length=2000, description="with `notify`: the first line")
    wait_hours: Annotated[float, Field(gt=0, le=24 * 31)] | None = Field(
        default=None, description="for a decision: one that comes in time ends the playbook"
    )
    act: Deed | None = None
    reason: str = Field(default="", max_length=2000, description="with `act`: stays on the record")
    person: str = Field(default="", description="with `act`: who does it; empty: the server itself")

    @model_validator(mode="after")
    def _one(self) -> Any:
        given = [
            name for name in ("collect", "notify", "wait_hours", "act") if getattr(self, name) is not None
        ]
        if len(given) != 1:
            found = ", ".join(given) or "none"
            raise ValueError(f"a step has exactly one of collect, notify, wait_hours and act; found {found}")
        if self.say and self.notify is None:
            raise ValueError("'say' goes with 'notify' only")
        if (self.reason or self.person) and self.act is None:
            raise ValueError("'reason' and 'person' go with 'act' only")
        return self


class Playbook(Frozen):
    """One of them."""

    name: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9-]*$")]
    when: When
    steps: tuple[Step, ...] = Field(min_length=1)

    def facts_before(self, place: int) -> tuple[Fact, ...]:
        """What was to be collected before this step, each once."""
        asked = (fact for step in self.steps[:place] for fact in step.collect or ())
        return tuple(dict.fromkeys(asked))


class Playbooks(Frozen):
    """The whole file."""

    schema_version: Literal[1]
    playbooks: tuple[Playbook, ...] = Field(min_length=1)


def load_playbooks(path: Path, destinations: Sequence[Destination]) -> tuple[Playbook, ...]:
    """The playbooks. Raises `ConfigurationError` with file, line and key for a mistake."""
    names = sorted(each.name for each in destinations)
    return load(
        path,
        Playbooks,
        lambda read: list(_problems(read, names)),
        described_in="docs/formats/playbooks.md",
    )[0].playbooks


def _problems(read: Playbooks, destinations: Sequence[str]) -> Iterator[Problem]:
    seen: set[str] = set()
    for number, each in enumerate(read.playbooks):
        at: tuple[str | int, ...] = ("playbooks", number)
        if each.name in seen:
            yield Problem((*at, "name"), f"there are two playbooks {each.name!r}.")
        seen.add(each.name)
        yield from _when(each.when, at)
        for place, step in enumerate(each.steps):
            yield from _step(each.when.event, step, (*at, "steps", place), destinations)
        if each.steps[-1].collect or each.steps[-1].wait_hours:
            text = "the last step tells nobody and does nothing."
            yield Problem((*at, "steps", len(each.steps) - 1), text, "End with notify or act.")


def _when(when: When, at: tuple[str | int, ...]) -> Iterator[Problem]:
    if when.verdicts and when.event is not Occasion.VERDICT:
        yield Problem((*at, "when", "verdicts"), f"event {when.event.value} has no verdict.")
    if when.tiers and when.event is Occasion.VERDICT:
        yield Problem((*at, "when", "tiers"), "a verdict is of no tier.")


def _step(
    event: Occasion, step: Step, at: tuple[str | int, ...], destinations: Sequence[str]
) -> Iterator[Problem]:
    for number, name in enumerate(step.notify or ()):
        if name not in destinations:
            hint = nearest(name, destinations, label="Destinations")
            yield Problem((*at, "notify", number), f"there is no destination {name!r}.", hint)
    for number, fact in enumerate(step.collect or ()):
        if fact not in KNOWN[event]:
            hint = f"There is: {', '.join(KNOWN[event])}."
            yield Problem((*at, "collect", number), f"event {event.value} has no {fact.value}.", hint)
    if step.act is not None and step.act not in DEEDS[event]:
        hint = f"There is: {', '.join(DEEDS[event])}." if DEEDS[event] else "It can tell people, and wait."
        yield Problem((*at, "act"), f"nothing can be done so at event {event.value}.", hint)
