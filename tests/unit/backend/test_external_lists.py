"""A backend that only lists: the host is found in the list, over pages; what is not told is not judged."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from harness.backend.external import asker
from harness.backend.external.backend import ExternalBackend
from harness.backend.external.description import load_description
from harness.backend.external.model import HttpCall, HttpDescription
from harness.backend.external.placeholders import fill
from harness.backend.interface import Fact
from harness.model.deadline import Deadline
from harness.model.errors import BackendError

CELL = "win11-24h2/fresh"
HEAD = """\
schema_version: 1
kind: http
name: hub
address: {host: 127.0.0.1, port: 1}
url: http://127.0.0.1:1
poll_s: 0.01
enrolment:
  secret: {env: HUB_SECRET}
"""


class Listing:
    """Answers from a table of paths."""

    secrets: frozenset[str] = frozenset()

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self.answers, self.asked = answers, list[str]()

    def fetch(self, call: HttpCall, values: Mapping[str, Any], timeout_s: float) -> Any:
        self.asked.append(fill(call.path, values))
        return self.answers.get(self.asked[-1])

    def close(self) -> None:
        pass


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_SECRET", "s3cret")
    monkeypatch.setattr(asker, "require_answer", lambda *_: None)


def backend(
    tmp_path: Path, text: str, answers: Mapping[str, Any]
) -> tuple[ExternalBackend[HttpCall], Listing]:
    file = tmp_path / "hub.yaml"
    file.write_text(HEAD + text)
    description, listing = load_description(file), Listing(answers)
    assert isinstance(description, HttpDescription)
    opened: ExternalBackend[HttpCall] = ExternalBackend(description, listing, file)
    opened.admit(CELL, None)
    opened.identify(CELL, "HOST-1")
    return opened, listing


def leaf(name: str, seen: float = 4e9) -> dict[str, Any]:
    return {"name": name, "seen": seen}


@pytest.mark.parametrize(
    "how",
    [
        "item: \"leafs[?lower(name)==lower('{identity}')] | [0]\"",
        "items: leafs",
    ],
)
def test_the_host_is_found_in_a_list_of_all(tmp_path: Path, how: str) -> None:
    text = f"endpoint:\n  call: {{path: /leafz}}\n  {how}\n  fields: {{host_identifier: name, last_seen: seen}}\n"
    answers: dict[str, Any] = {"/leafz": {"leafs": [leaf("other"), leaf("host-1"), leaf("HOST-10")]}}
    opened, _ = backend(tmp_path, text, answers)
    found = opened.wait_enrolled(CELL, Deadline.after(30))
    assert found is not None
    assert (found.host_identifier, found.version) == ("host-1", "")
    answers["/leafz"] = {"leafs": [leaf("other"), leaf("HOST-10")]}
    assert opened.wait_enrolled(CELL, Deadline.after(0.05)) is None


def test_of_several_the_latest_counts_and_none_of_an_earlier_run(tmp_path: Path) -> None:
    text = "endpoint:\n  call: {path: /l}\n  items: '@'\n  fields: {host_identifier: name, last_seen: seen}\n"
    answers: dict[str, Any] = {"/l": [leaf("HOST-1", 5e9), leaf("HOST-1", 6e9), leaf("HOST-1", 4e9)]}
    opened, _ = backend(tmp_path, text, answers)
    found = opened.wait_enrolled(CELL, Deadline.after(30))
    assert found is not None
    assert found.last_seen == 6e9
    answers["/l"] = [leaf("HOST-1", 1.0)]
    assert opened.wait_enrolled(CELL, Deadline.after(0.05)) is None


PAGED = """\
endpoint:
  call: {path: "/hosts?page={page}"}
  paging: {first: "1", next: next}
  items: hosts
  fields: {host_identifier: name, last_seen: seen}
events:
  call: {path: "/events?cursor={page}"}
  paging: {next: cursor}
  items: rows
  fields: {columns: "@"}
"""


def test_a_list_is_read_page_by_page_as_far_as_needed(tmp_path: Path) -> None:
    answers = {
        "/hosts?page=1": {"hosts": [leaf("other")], "next": 2},
        "/hosts?page=2": {"hosts": [leaf("HOST-1")], "next": 3},
        "/events?cursor=": {"rows": [{"n": 1}], "cursor": "abc"},
        "/events?cursor=abc": {"rows": [{"n": 2}], "cursor": None},
    }
    opened, listing = backend(tmp_path, PAGED, answers)
    assert opened.wait_enrolled(CELL, Deadline.after(30)) is not None
    assert listing.asked == ["/hosts?page=1", "/hosts?page=2"]
    assert [event.columns["n"] for event in opened.events(CELL)] == ["1", "2"]


def test_pages_without_end_are_the_files_mistake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asker, "PAGES", 5)
    opened, _ = backend(tmp_path, PAGED, {"/hosts?page=1": {"hosts": [], "next": 1}})
    with pytest.raises(BackendError, match=r"more than 5 pages at endpoint.*paging\.next"):
        opened.wait_enrolled(CELL, Deadline.after(30))


SPARSE = """\
endpoint: {call: {path: /l}, items: '@', fields: {host_identifier: name, last_seen: seen}}
events: {call: {path: /e}, items: '@', fields: {columns: '@'}}
"""


def test_it_says_what_its_description_does_not_name(tmp_path: Path) -> None:
    opened, _ = backend(tmp_path, SPARSE, {})
    reasons = {fact: opened.ignorance(fact) for fact in Fact}
    assert reasons[Fact.VERSION] == (
        "the backend description names no version field (endpoint.fields.version in hub.yaml)"
    )
    named = {fact for fact, reason in reasons.items() if "names no" in reason}
    assert named == set(Fact) - {Fact.STATUS_TIME}  # it has no status lines at all
