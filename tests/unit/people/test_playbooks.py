"""Playbooks: what is wrong in one is said in a sentence, and the interpreter makes every step once and in its order."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model.errors import ConfigurationError
from harness.people.destinations import Destination
from harness.people.playbooks import Deed, Fact, Occasion, Playbook, Step, When, load_playbooks
from harness.people.player import check_tiers
from harness.people.playing import HOUR_S, End, Progress, play
from harness.people.sending import Message, NotSent

PEOPLE = [Destination(name=name, url="json://127.0.0.1/") for name in ("channel", "anna")]
GOOD = """\
schema_version: 1
playbooks:
  - name: beta
    when: {event: approval, tiers: [beta]}
    steps:
      - collect: [gate, novelty, waits]
      - {notify: [channel, anna], say: Somebody has to look at this.}
      - wait_hours: 4
      - {act: reject, reason: nobody looked, person: anna}
"""


def load(tmp_path: Path, text: str) -> tuple[Playbook, ...]:
    file = tmp_path / "playbooks.yaml"
    file.write_text(text)
    return load_playbooks(file, PEOPLE)


def test_a_good_one_is_read_whole(tmp_path: Path) -> None:
    (book,) = load(tmp_path, GOOD)
    assert book.when == When(event=Occasion.APPROVAL, tiers=("beta",))
    assert book.facts_before(1) == (Fact.GATE, Fact.NOVELTY, Fact.WAITS)
    assert book.steps[3].act is Deed.REJECT
    check_tiers([book], ["beta"], "x")
    with pytest.raises(ConfigurationError, match=r"there is no tier 'beta' for playbook 'beta'.*'betaa'"):
        check_tiers([book], ["betaa"], "serve.yaml")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("channel, anna", "chanel", "there is no destination 'chanel'"),
        ("[gate, novelty", "[health, novelty", "event approval has no health"),
        ("act: reject", "act: rollback", "nothing can be done so at event approval"),
        ("{event: approval, tiers: [beta]}", "{event: aproval}", "aproval"),
        ("{event: approval, tiers", "{event: approval, verdicts: [FAIL], tiers", "has no verdict"),
        ("{event: approval, tiers: [beta]}", "{event: verdict, tiers: [beta]}", "a verdict is of no tier"),
        ("- wait_hours: 4\n", "- {wait_hours: 4, act: reject}\n", "exactly one of"),
        ("- wait_hours: 4\n", "- {wait_hours: 4, say: x}\n", "'say' goes with 'notify' only"),
        ("- wait_hours: 4\n", "- {wait_hours: 4, reason: x}\n", "go with 'act' only"),
        ("- wait_hours: 4\n", "- {wait_hours: 0}\n", "wait_hours"),
        ("- wait_hours: 4\n", "- {}\n", "exactly one of"),
        ("      - {act: reject, reason: nobody looked, person: anna}\n", "", "tells nobody and does nothing"),
        ("name: beta", "name: Beta", "name"),
        ("schema_version: 1", "schema_version: 2", "schema_version"),
        ("schema_version: 1", "schema_version: 1\nmore: 1", "more"),
    ],
)
def test_a_mistake_is_one_sentence_with_its_line(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in GOOD
    with pytest.raises(ConfigurationError, match=words) as refused:
        load(tmp_path, GOOD.replace(old, new, 1))
    assert "playbooks.yaml:" in str(refused.value)


def test_the_example_in_the_docs_can_be_read(tmp_path: Path) -> None:
    text = (
        (Path(__file__).parents[3] / "docs/formats/playbooks.md")
        .read_text()
        .partition("```yaml\n")[2]
        .partition("```")[0]
    )
    (tmp_path / "playbooks.yaml").write_text(text)
    named = [Destination(name=name, url="json://127.0.0.1/") for name in ("releases-channel", "anna-mail")]
    assert len(load_playbooks(tmp_path / "playbooks.yaml", named)) == 3


def test_two_of_one_name_are_one_too_many(tmp_path: Path) -> None:
    twice = GOOD + GOOD.partition("playbooks:\n")[2]
    with pytest.raises(ConfigurationError, match="there are two playbooks 'beta'"):
        load(tmp_path, twice)


class Fake:
    """Writes down what is done; decides from `decides_at` on; cannot reach those in `out`."""

    title = "it"

    def __init__(self) -> None:
        self.did: list[str] = []
        self.is_decided = False
        self.out: set[str] = set()

    def decided(self) -> bool:
        return self.is_decided

    def lines(self, fact: Fact) -> list[str]:
        return [fact.value]

    def tell(self, destination: str, message: Message) -> None:
        if destination in self.out:
            raise NotSent(f"{destination} is away")
        self.did.append(f"{destination}: {message.body}")

    def act(self, deed: Deed, person: str, reason: str) -> str:
        self.did.append(f"{deed.value} as {person}: {reason}")
        return "done"


def nothing(*_: object, **__: object) -> None:
    """For a report."""


def played(
    book: Playbook, stage: Fake, progress: Progress, now: float, keep: Callable[[Progress], None] = nothing
) -> Progress:
    return play(book, stage, progress, now, keep, nothing)


BOOK = Playbook(
    name="b",
    when=When(event=Occasion.APPROVAL),
    steps=(
        Step(collect=(Fact.GATE,)),
        Step(notify=("channel",), say="look"),
        Step(wait_hours=2),
        Step(collect=(Fact.WAITS,)),
        Step(notify=("anna",)),
        Step(wait_hours=1),
        Step(act=Deed.REJECT, person="anna"),
    ),
)


def test_it_tells_waits_tells_again_and_acts_when_nobody_decides() -> None:
    stage = Fake()
    at = played(BOOK, stage, Progress(0, 0.0), 0.0)
    assert (at, stage.did) == (Progress(2, 0.0), ["channel: look\ngate"])
    assert played(BOOK, stage, at, 2 * HOUR_S - 1) == at
    at = played(BOOK, stage, at, 2 * HOUR_S)
    assert (at, stage.did[1:]) == (Progress(5, 2 * HOUR_S), ["anna: gate\nwaits"])
    at = played(BOOK, stage, at, 4 * HOUR_S)
    assert (at.end, stage.did[2:]) == (
        End.PLAYED,
        ["reject as anna: playbook b: nobody decided in time"],
    )
    assert played(BOOK, stage, at, 9 * HOUR_S) == at
    assert len(stage.did) == 3


def test_a_decision_in_time_ends_it_and_nothing_is_done() -> None:
    stage = Fake()
    at = played(BOOK, stage, Progress(0, 0.0), 0.0)
    stage.is_decided = True
    assert played(BOOK, stage, at, 1.0).end is End.DECIDED
    assert played(BOOK, stage, at, 99 * HOUR_S).end is End.DECIDED, (
        "a decision counts, however late it is seen"
    )
    assert len(stage.did) == 1


def test_who_cannot_be_told_is_told_later_unless_others_were_told_with_them() -> None:
    stage, kept = Fake(), list[Progress]()
    stage.out = {"channel"}
    with pytest.raises(NotSent, match="channel is away"):
        played(BOOK, stage, Progress(0, 0.0), 0.0, kept.append)
    assert kept == [Progress(1, 0.0)]
    stage.out = set()
    assert played(BOOK, stage, kept[-1], 60.0).step == 2
    both = BOOK.model_copy(update={"steps": (Step(notify=("channel", "anna")), Step(act=Deed.REJECT))})
    stage.out = {"channel"}
    assert played(both, stage, Progress(0, 0.0), 0.0).end is End.PLAYED
    assert [each for each in stage.did if each.startswith("anna")] == ["anna: it"]
    stage.out = {"channel", "anna"}
    with pytest.raises(NotSent, match="anna is away"):
        played(both, stage, Progress(0, 0.0), 0.0)


STEPS = st.lists(
    st.one_of(
        st.builds(Step, collect=st.lists(st.sampled_from(Fact), min_size=1, max_size=2).map(tuple)),
        st.builds(Step, notify=st.sampled_from([("channel",), ("anna",)]), say=st.sampled_from("xyz")),
        st.builds(Step, wait_hours=st.integers(1, 5)),
        st.builds(Step, act=st.sampled_from(Deed)),
    ),
    min_size=1,
    max_size=8,
).map(tuple)


@given(STEPS, st.data())
def test_killed_after_any_step_it_goes_on_as_if_nothing_had_been(steps: Any, data: st.DataObject) -> None:
    book = Playbook(name="b", when=When(event=Occasion.HALT), steps=steps)
    whole, kept = Fake(), list[Progress]()
    at, hours = Progress(0, 0.0), 0
    marks: list[tuple[Progress, int, float]] = [(at, 0, 0.0)]
    while at.end is End.OPEN:
        now = hours * HOUR_S

        def keep(found: Progress, now: float = now) -> None:
            kept.append(found)
            marks.append((found, len(whole.did), now))

        at = played(book, whole, at, now, keep)
        hours += 1
    assert [each.step for each in kept] == sorted(each.step for each in kept)
    progress, done, now = data.draw(st.sampled_from(marks))
    again = Fake()
    while progress.end is End.OPEN:
        progress = played(book, again, progress, now)
        now += HOUR_S
    assert whole.did[done:] == again.did
    told = [step for step in steps if step.notify or step.act]
    assert len(whole.did) == len(told)
