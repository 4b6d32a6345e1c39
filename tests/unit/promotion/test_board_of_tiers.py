"""The board's tiers: what it shows of the ledger, and that its forms do what the same person may do elsewhere."""

import html
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from harness.promotion.board import State
from harness.promotion.ledger.checkpoints import sign_checkpoint
from harness.promotion.ledger.keys import note_signer
from harness.promotion.ledger.merkle import leaf_hash
from harness.promotion.ledger.note import LOG
from harness.promotion.ledger.proof import InclusionProof
from tests.unit.gate.releases import DOWNGRADE, OLD, RELEASES, UPGRADE
from tests.unit.gate.samples import a_cell
from tests.unit.promotion.doors import Http, in_its_time
from tests.unit.promotion.world import AGENT, BUNDLE, PEOPLE, World
from tests.unit.signing.samples import bundle_of, gate_of


class Pages:
    """The board as somebody's browser asks for it."""

    def __init__(self, folder: Path) -> None:
        self._http = Http(folder)

    def get(self, path: str = "/board/tiers", by: str = "reader") -> httpx.Response:
        return self._http.ask("GET", path, headers={"cookie": f"bvt={by}"} if by else {})

    def standing(self) -> Any:
        """What `GET /v1/promotions` says."""
        return self._http.ask("GET", "/v1/promotions", "reader").json()

    def text(self, path: str = "/board/tiers", by: str = "reader") -> str:
        """What can be read on the page, without its tags."""
        page = self.get(path, by)
        assert page.status_code == 200, page.text
        body = page.text.partition("</style>")[2]
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())

    def act(self, by: str, /, *, origin: str = "http://serve", **fields: str) -> httpx.Response:
        sent = {"cookie": f"bvt={by}", "origin": origin}
        return self._http.ask("POST", "/board/tiers/act", headers=sent, data=fields)


@pytest.fixture
def pages(world: World, monkeypatch: pytest.MonkeyPatch) -> Pages:
    in_its_time(world, monkeypatch)
    return Pages(world.folder)


def asked_for_beta(world: World) -> str:
    world.soaked()
    return world.promotion.promote(AGENT, "beta", BUNDLE, PEOPLE["ci"], reason="it is ready").asked.id


def test_it_shows_candidates_by_tiers_who_asked_and_what_waits_for_whom(world: World, pages: Pages) -> None:
    request = asked_for_beta(world)
    world.later(minutes=1)
    world.promotion.approve(request, PEOPLE["ann"])
    said = pages.text()
    assert "Candidate internal beta production" in said
    assert "Example Agent 1.2.3 abababababab 100 %" in said
    assert f"Open: promote Example Agent 1.2.3 (abababababab) in tier beta waits {request[:12]}" in said
    assert re.search(r"Asked by ci , \S+ \S+ UTC: it is ready Approved by ann , ", said)
    assert "It waits for 1 more of role release-manager (bob, cyd)." in said
    assert "Soak: 25 of 24 h, done" in said
    assert "Host hours: 1000 of 500 h" in said
    assert "50 hosts, 0 crashed, 0 silent, 0 removed it" in said


def test_an_empty_ledger_shows_its_tiers_and_how_to_begin(pages: Pages) -> None:
    said = pages.text()
    assert "Nothing was asked for yet. Begin with: bvt promote" in said
    assert "1 entries. It has no signed checkpoint yet" in said


def test_approving_by_the_form_is_approving(world: World, pages: Pages) -> None:
    request = asked_for_beta(world)
    for person in ("ann", "bob"):
        assert "Approve as" in pages.text(by=person)
        answer = pages.act(person, do="approve", request=request, reason="looked at it")
        assert (answer.status_code, answer.headers["location"]) == (303, "/board/tiers")
    board = world.promotion.board()
    assert board.asked[request].state is State.DONE
    said = pages.text()
    assert "Open:" not in said
    assert "approval: promote Example Agent 1.2.3 (abababababab) in tier beta" in said
    assert "looked at it" in said
    assert "(by the key of srv)" in said


def test_only_who_may_answer_sees_a_form_and_nobody_else_gets_through(world: World, pages: Pages) -> None:
    request = asked_for_beta(world)
    own = pages.text(by="ci")
    assert ("Approve as" in own, "Withdraw" in own) == (False, True)
    assert "/board/tiers/act" in pages.get(by="ann").text
    assert "/board/tiers/act" not in pages.get(by="reader").text
    refused = pages.act("ci", do="approve", request=request)
    assert refused.status_code == 409
    assert "nobody approves what they asked for" in html.unescape(refused.text)
    assert pages.act("reader", do="approve", request=request).status_code == 403
    assert pages.act("", do="approve", request=request).status_code == 403
    elsewhere = pages.act("ann", origin="https://evil.example", do="approve", request=request)
    assert (elsewhere.status_code, "another site" in elsewhere.text) == (403, True)
    assert pages.act("ann", do="reject", request=request).status_code == 400  # without a reason
    assert pages.act("ann", do="nonsense").status_code == 400
    assert pages.act("ann", do="raise", candidate=AGENT.sha256, tier="beta", percent="x").status_code == 400
    missing = pages.act("ann", do="approve", request="abcdefab")
    assert (missing.status_code, "no request begins" in missing.text) == (404, True)
    assert world.promotion.board().asked[request].approvals == {}


def test_a_halt_by_the_form_needs_a_reason_and_then_holds(world: World, pages: Pages) -> None:
    world.in_beta()
    fields = {"do": "halt", "candidate": AGENT.sha256, "tier": "beta"}
    assert pages.act("ann", **fields).status_code == 400
    assert pages.act("ann", **fields, reason="<i>blue</i> screens").status_code == 303
    said = pages.get().text
    assert "&lt;i&gt;blue&lt;/i&gt; screens" in said
    assert "Halted by ann" in pages.text()
    assert world.promotion.released("beta") == []
    again = pages.act("ann", **fields, reason="again")
    assert (again.status_code, "is halted already, by ann" in again.text) == (409, True)
    assert "Ask to resume" in pages.text(by="ann")
    assert pages.act("ann", do="resume", candidate=AGENT.sha256, tier="beta").status_code == 303
    assert "Open: resume Example Agent 1.2.3" in pages.text()


def test_a_proven_way_back_has_a_form_and_an_unproven_one_has_none(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(folder)
    in_its_time(world, monkeypatch)
    pages = Pages(folder)
    old = AGENT.model_copy(update={"sha256": OLD.sha256, "version": OLD.version})
    world.in_internal(old, bundle_of(gate_of([a_cell()], candidate=OLD)))
    assert "Way back: none is proven" in pages.text(by="ann")
    world.later(hours=1)
    world.in_internal(AGENT, bundle_of(gate_of([UPGRADE, DOWNGRADE], releases=RELEASES)))
    assert "Hosts go back to Example Agent 1.2.2" in pages.text(by="ann")
    fields = {"do": "rollback", "candidate": AGENT.sha256, "tier": "internal", "reason": "crashes"}
    assert pages.act("ann", **fields).status_code == 303
    assert "rolled back" in pages.text()
    assert [each.candidate for each in world.promotion.released("internal")] == [old]


def test_an_entry_can_be_taken_home_and_proven_there(world: World, pages: Pages) -> None:
    world.in_internal()
    early = pages.text("/board/ledger/1")
    assert "nothing can be proven" in early
    assert pages.get("/board/ledger/1/proof").status_code == 404
    assert pages.get("/board/ledger/checkpoint").status_code == 404
    note = sign_checkpoint(world.ledger, note_signer("example.com/releases", LOG, PEOPLE["own"]))
    assert pages.get("/board/ledger/checkpoint").text == str(note)
    said = pages.text("/board/ledger/1")
    assert "ci , " in said
    assert "asks to promote Example Agent 1.2.3" in said
    proof = InclusionProof.parse(pages.get("/board/ledger/1/proof").text)
    assert proof.verify(leaf_hash(pages.get("/board/ledger/1/entry").content)).size == 3
    world.promotion.halt(AGENT.sha256, "internal", PEOPLE["ann"], "x")
    assert "the next one will cover it" in pages.text("/board/ledger/3")
    assert "4 entries. Signed up to entry 2, as example.com/releases with 1 signature" in pages.text()
    for path in ("/board/ledger/99", "/board/ledger/99/entry", f"/board/ledger/{2**70}"):
        assert pages.get(path).status_code == 404


def test_a_stranger_is_shown_the_way_in_and_a_server_without_a_ledger_has_no_tiers(
    world: World, pages: Pages
) -> None:
    for path in ("/board/tiers", "/board/ledger/0", "/board/ledger/checkpoint"):
        answer = pages.get(path, by="")
        assert (answer.status_code, answer.headers["location"]) == (303, "/board")
    assert "/board/tiers" in pages.get("/board").text
    without = Http(world.folder, ledger="")
    page = without.ask("GET", "/board/tiers", headers={"cookie": "bvt=reader"})
    assert (page.status_code, "this server has no ledger" in page.text) == (404, True)
    assert "/board/tiers" not in without.ask("GET", "/board", headers={"cookie": "bvt=reader"}).text


def test_an_entry_that_counts_for_nothing_is_named(world: World, pages: Pages) -> None:
    with world.ledger.writing() as writer:
        writer.append([b"{}"])
    assert "Entry 1 counts for nothing" in pages.text()
    assert "It counts for nothing" in pages.text("/board/ledger/1")


def test_what_is_new_in_a_candidate_is_on_the_board(world: World, pages: Pages) -> None:
    asked_for_beta(world)
    said = pages.text()
    assert said.count("Not known whether new: drivers") == 2  # where it is, and what is asked for


def test_what_is_new_is_said_over_http_too(world: World, pages: Pages) -> None:
    asked_for_beta(world)
    (asked,) = pages.standing()["requests"]
    assert asked["novelty"] == {
        "since": None,
        "first_used": [],
        "unknown": ["driver", "service", "privilege", "certificate", "content-field"],
    }
