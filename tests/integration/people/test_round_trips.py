"""A message goes out, a person answers, the ledger has it; and every answer that must not count does not."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest

from harness.people.composing import Composer
from harness.people.courier import Courier, Post
from harness.people.deliveries import DELIVERIES_FILE, Deliveries, Outcome
from harness.people.destinations import Destination, EventKind
from harness.people.links import Action, Link, Links
from harness.promotion.board import State
from tests.integration.people.receivers import DEADLINE_S, Inbox, free_port, smtp, webhook
from tests.unit.promotion.conftest import a_folder
from tests.unit.promotion.doors import Http, in_its_time
from tests.unit.promotion.world import AGENT, BUNDLE, PEOPLE, World

LINK = re.compile(r"http://serve(/answer/\S+)")


@pytest.fixture
def world() -> Iterator[World]:
    with a_folder() as folder:
        world = World(folder)
        world.soaked()
        yield world


def mail_to(person: str, port: int) -> Destination:
    url = f"mailto://127.0.0.1:{port}?from=bvt@example.com&to={person}@example.com&mode=insecure"
    return Destination(name=f"{person}-mail", url=url, person=person)


@contextmanager
def courier(
    world: World, *destinations: Destination, **how: Any
) -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """Delivers while the block lasts; what it reports."""
    said: list[tuple[str, dict[str, Any]]] = []
    composer = Composer("http://serve", Links.of(world.folder), 24)
    post = Post(
        lambda: world.promotion,
        world.folder / DELIVERIES_FILE,
        composer,
        lambda event, **facts: said.append((event, facts)),
        first_pause_s=0.05,
        news_s=0.05,
        **how,
    )
    carrier = Courier(destinations, post)
    carrier.begin()
    try:
        yield said
    finally:
        carrier.end()


def links_in(text: str) -> dict[str, str]:
    """Path by action."""
    found = {}
    for line in text.splitlines():
        if match := LINK.search(line):
            found[line.partition(":")[0]] = match[1]
    return found


def press(http: Http, path: str) -> httpx.Response:
    return http.ask("POST", path, data={"reason": "looked at it"})


def test_a_message_an_answer_and_the_candidate_is_in_beta(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_its_time(world, monkeypatch)
    monkeypatch.setenv("CHAT_TOKEN", "very-secret-token")
    http = Http(world.folder)
    with smtp() as mail, webhook(refusals=2) as chat, webhook() as hook:
        channel = Destination(name="chat", url=f"mmost://127.0.0.1:{chat.port}/${{CHAT_TOKEN}}")
        other = Destination(name="hook", url=f"json://127.0.0.1:{hook.port}/bvt", events=(EventKind.DONE,))
        own = mail_to("own", mail.port).model_copy(update={"events": (EventKind.APPROVAL,)})
        people = [mail_to("ann", mail.port), mail_to("bob", mail.port), own]
        with courier(world, channel, other, *people) as said:
            world.promotion.promote(AGENT, "beta", BUNDLE, PEOPLE["ci"])
            mails = two(mail)
            assert set(mails) == {"ann", "bob"}, "own cannot answer, so nobody asks own"
            assert "Approval wanted: promote Example Agent 1.2.3" in chat.next()
            size = world.promotion.size()
            page = http.ask("GET", mails["ann"]["Approve"])
            assert (page.status_code, "You answer as ann" in page.text) == (200, True)
            assert world.promotion.size() == size, "opening a link does nothing"
            assert press(http, mails["ann"]["Approve"]).status_code == 202
            world.later(seconds=1)
            again = press(http, mails["ann"]["Approve"])
            assert (again.status_code, "The link was used already, by ann" in again.text) == (409, True)
            assert "used already, by ann" in http.ask("GET", mails["ann"]["Approve"]).text
            assert press(http, mails["bob"]["Approve"]).status_code == 200
            assert "Done: promote Example Agent 1.2.3" in hook.next()
            done = two(mail)
            assert press(http, done["bob"]["Halt it"]).status_code == 200
            assert "Halted: Example Agent 1.2.3" in two(mail, heads=True)["ann"]
    delayed = [facts for event, facts in said if event == "notification delayed"]
    assert {facts["destination"] for facts in delayed} == {"chat"}, "it was told again until it took it"
    assert "very-secret-token" not in repr(said)
    [placement] = world.promotion.board().in_tier("beta")
    assert placement.halted is not None
    assert (placement.halted.by, placement.halted.via is not None) == ("bob", True)
    approvals = world.promotion.board().asked[placement.asked.id].approvals
    assert set(approvals) == {"ann", "bob"}
    assert world.promotion.board().ignored == []


def two(mail: Inbox, *, heads: bool = False) -> dict[str, Any]:
    """The next two mails by receiver: their links, or their texts."""
    found = {}
    for _ in range(2):
        text = mail.next()
        found[text.splitlines()[1][2:5]] = text if heads else links_in(text)
    return found


def test_whoever_rejects_ends_it_and_a_later_answer_is_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_its_time(world, monkeypatch)
    http = Http(world.folder)
    asked = world.promotion.promote(AGENT, "beta", BUNDLE, PEOPLE["ci"]).asked
    with smtp() as mail, courier(world, mail_to("ann", mail.port), mail_to("bob", mail.port)):
        mails = two(mail)
        assert press(http, mails["ann"]["Reject"]).status_code == 200
        late = press(http, mails["bob"]["Approve"])
        assert (late.status_code, "is rejected already by ann" in late.text) == (409, True)
        assert "Rejected: promote" in two(mail, heads=True)["bob"]
    rejection = world.promotion.board().asked[asked.id].rejection
    assert rejection is not None
    assert (rejection.by, rejection.reason) == ("ann", "looked at it")
    assert not world.promotion.board().in_tier("beta")


def test_a_link_that_is_late_forged_or_of_another_digest_does_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_its_time(world, monkeypatch)
    http = Http(world.folder)
    asked = world.promotion.promote(AGENT, "beta", BUNDLE, PEOPLE["ci"]).asked
    size, links = world.promotion.size(), Links.of(world.folder)
    soon = int(time.time()) + 3600
    good = Link(Action.APPROVE, "ann", AGENT.sha256, "beta", asked.id, soon)
    token = links.token(good)
    body, signature = token.rsplit(".", 1)
    other_body = links.token(replace(good, person="bob")).rsplit(".", 1)[0]
    for status, words, path in (
        (403, "too old", links.token(replace(good, until=int(time.time()) - 1))),
        (403, "forged", f"{body}.{signature[::-1]}"),
        (403, "forged", f"{other_body}.{signature}"),
        (403, "forged", Links("another secret").token(good)),
        (403, "forged", "nonsense"),
        (409, "another candidate", links.token(replace(good, candidate="cd" * 32))),
        (409, "another candidate", links.token(replace(good, tier="production"))),
        (404, "no request begins", links.token(replace(good, about="00" * 32))),
        (409, "has not the role", links.token(replace(good, person="own"))),
        (409, "Nobody in tiers.yaml", links.token(replace(good, person="eve"))),
        (409, "nobody approves what they asked for", links.token(replace(good, person="ci"))),
    ):
        found = press(http, f"/answer/{path}")
        assert (found.status_code, words in found.text) == (status, True), (words, found.text)
        assert "Nothing was done" in found.text
    headers = {"origin": "https://elsewhere.example"}
    assert http.ask("POST", f"/answer/{token}", headers=headers).status_code == 403
    assert world.promotion.size() == size
    assert press(http, f"/answer/{token}").status_code == 202, "the good twin"


def test_a_destination_that_takes_nothing_changes_nothing_and_is_reported(world: World) -> None:
    nobody = Destination(name="nobody", url=f"json://127.0.0.1:{free_port()}/")
    with (
        webhook() as hook,
        courier(
            world, nobody, Destination(name="hook", url=f"json://127.0.0.1:{hook.port}"), give_up_s=0.3
        ) as said,
    ):
        asked = world.promotion.promote(AGENT, "beta", BUNDLE, PEOPLE["ci"]).asked
        assert "Approval wanted" in hook.next()
        wait_for(lambda: any(event == "notification failed" for event, _ in said))
        world.promotion.approve(asked.id, PEOPLE["ann"])
        assert world.promotion.approve(asked.id, PEOPLE["bob"]).done
        assert "Done:" in hook.next()
    deliveries = Deliveries(world.folder / DELIVERIES_FILE)
    found = {each.destination: each for each in reversed(deliveries.newest()) if "Approval" in each.title}
    deliveries.close()
    assert (found["hook"].outcome, found["nobody"].outcome) == (Outcome.SENT, Outcome.FAILED)
    assert found["nobody"].attempts > 1
    assert found["nobody"].reason


def wait_for(true: Callable[[], bool]) -> None:
    end, pause = time.monotonic() + DEADLINE_S, threading.Event()
    while not true():
        assert time.monotonic() < end
        pause.wait(0.02)


def test_a_question_that_was_answered_meanwhile_is_not_asked_any_more(world: World) -> None:
    asked = world.promotion.promote(AGENT, "beta", BUNDLE, PEOPLE["ci"]).asked
    with webhook(refusals=1_000_000) as hook:
        late = Destination(name="late", url=f"json://127.0.0.1:{hook.port}", events=(EventKind.APPROVAL,))
        with courier(world, late) as said:
            wait_for(lambda: bool(said))
            world.promotion.reject(asked.id, PEOPLE["ann"])
            wait_for(lambda: any(event == "notification overtaken" for event, _ in said))
    assert world.promotion.board().asked[asked.id].state is State.REJECTED
