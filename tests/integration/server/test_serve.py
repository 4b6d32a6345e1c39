"""`bvt serve` as it is started: two workers, real requests, real signals."""

import asyncio
import json
import re
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from harness.machines.certificate import self_signed
from harness.rollout.decision import Endpoint, Group, Rollout
from harness.rollout.share import Share
from tests.integration.server.running import ALL, DEADLINE_S, Serve, serving, settings


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    with serving(tmp_path_factory.mktemp("serve"), settings()) as running:
        yield running


def test_a_host_gets_what_the_pure_function_says_at_every_poll(served: Serve) -> None:
    rule = Rollout("agent-7.2.0", "7.2.0", "7.1.0", {"production": Share.parse(50)})
    for number in range(20):
        expected = rule.decide(Endpoint(f"h{number}"), 0.0)
        for _ in range(2):
            answer = served.decide(f"h{number}").json()
            assert (answer["version"], answer["reason"]) == (expected.version, expected.reason.value)


def test_an_answer_that_did_not_change_is_not_sent_again(served: Serve) -> None:
    first = served.decide("h1", version="7.1.0")
    again = served.decide("h1", {"If-None-Match": first.headers["etag"]}, version="7.1.0")
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
    assert served.decide("h1", {"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "token", "status", "words"),
    [
        ("GET", "/v1/decision?product=agent&endpoint=a", None, 401, "a token is needed"),
        ("GET", "/v1/decision?product=agent&endpoint=a", "wrong", 401, "a token is needed"),
        ("GET", "/v1/decision?product=agent&endpoint=a", "blind", 403, "lacks the scope decide"),
        ("GET", "/v1/decision?product=agent", "eu", 400, "endpoint is missing"),
        ("GET", "/v1/decision?product=other&endpoint=a", "eu", 404, "no product 'other'"),
        ("POST", "/v1/health", "eu", 403, "lacks the scope health"),
        ("GET", "/v1/rollouts", "eu", 403, "lacks the scope read"),
        ("GET", "/metrics", "eu", 403, "lacks the scope metrics"),
        ("POST", "/v1/rollouts/agent-7.2.0/halt", "eu", 403, "lacks the scope halt"),
        ("GET", "/nowhere", "eu", 404, "Not Found"),
        ("POST", "/v1/health", "all", 400, "the body: this is not valid JSON"),
    ],
)  # fmt: skip
def test_what_is_not_allowed_or_makes_no_sense_is_refused_in_a_sentence(
    served: Serve, method: str, path: str, token: str | None, status: int, words: str
) -> None:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = httpx.request(method, served.url + path, headers=headers, timeout=30)
    assert (answer.status_code, words in answer.json()["error"]) == (status, True), answer.text


def test_a_report_of_an_unknown_kind_or_too_large_is_refused(served: Serve) -> None:
    wrong = {"reports": [{"endpoint": "a", "kind": "silence"}]}
    answer = httpx.post(f"{served.url}/v1/health", json=wrong, headers=ALL, timeout=30)
    assert (answer.status_code, "reports[0].kind" in answer.text) == (400, True)
    large = httpx.post(f"{served.url}/v1/health", content=b" " * 1_000_001, headers=ALL, timeout=30)
    assert large.status_code == 413


def test_a_token_that_asks_too_often_waits(served: Serve) -> None:
    statuses = [served.decide("a", {"Authorization": "Bearer slow"}) for _ in range(4)]
    refused = [answer for answer in statuses if answer.status_code == 429]
    assert len(refused) >= 2  # one passes in each worker
    assert int(refused[0].headers["retry-after"]) > 0


def test_every_path_of_the_openapi_document_is_there_and_metrics_count(served: Serve) -> None:
    served.decide("h1")
    described = httpx.get(f"{served.url}/openapi.json", timeout=30).json()
    assert described["openapi"] == "3.1.0"
    for path, operations in described["paths"].items():
        for method in operations:
            url = served.url + re.sub("{[a-z]+}", "none", path)
            answer = httpx.request(method, url, headers=ALL, timeout=30)
            assert answer.status_code != 405, (method, path)
    text = _eventually(
        lambda: _metrics(served), lambda text: 'bvt_serve_decisions_total{product="agent"' in text
    )
    assert 'bvt_serve_requests_total{path="/v1/decision",status="200"}' in text


def test_neither_tokens_nor_hosts_are_in_the_log(served: Serve) -> None:
    served.decide("very-private-host", {"Authorization": "Bearer secret-token"})
    said = served.wait("refused")
    assert "secret-token" not in json.dumps(said)
    assert "very-private-host" not in json.dumps(served.log)


def test_a_release_whose_hosts_fall_silent_is_halted_and_stays_so_after_a_restart(tmp_path: Path) -> None:
    rule = "{window_s: 20, silence_s: 2, cohort_s: 60}"
    names = [f"h{number}" for number in range(40)]
    decide = Rollout("agent-7.2.0", "7.2.0", "7.1.0", {"production": Share.parse(50)}).decide
    groups = {name: decide(Endpoint(name), 0.0).group for name in names}
    new = next(f"n{i}" for i in range(99) if decide(Endpoint(f"n{i}"), 0.0).group is Group.CANDIDATE)
    with serving(tmp_path, settings(rule=rule)) as served, httpx.Client(headers=ALL, timeout=30) as client:
        for name in names:
            _ask(client, served, name)
        controls = [name for name in names if groups[name] is Group.CONTROL]
        end, halted = time.monotonic() + DEADLINE_S, None
        while (
            halted is None and time.monotonic() < end
        ):  # control hosts go on polling, candidate hosts do not
            for name in controls:
                _ask(client, served, name)
            halted = client.get(f"{served.url}/v1/rollouts").json()["rollouts"][0]["halted"]
        assert halted is not None
        assert (halted["who"], "silence" in halted["reason"]) == ("the halt rule", True)
        answer = _eventually(
            lambda: _ask(client, served, new), lambda found: found["reason"] == "the release is halted"
        )
        assert answer["version"] == "7.1.0"
    with serving(tmp_path, settings(rule=rule)) as again:
        assert again.decide(new).json()["reason"] == "the release is halted"


def test_a_maximum_is_held_by_both_workers_together(tmp_path: Path) -> None:
    with serving(tmp_path, settings("100 %", more=", maximum: {hosts: 7, period_s: 80000}")) as served:

        async def all_at_once() -> list[httpx.Response]:
            async with httpx.AsyncClient(headers=ALL, timeout=30) as client:
                asked = [
                    client.get(f"{served.url}/v1/decision?product=agent&endpoint=h{number}")
                    for number in range(60)
                ]
                return await asyncio.gather(*asked)

        answers = asyncio.run(all_at_once())
        versions = [answer.json()["version"] for answer in answers]
        assert versions.count("7.2.0") == 7
        late = next(answer for answer in answers if answer.json()["version"] == "7.1.0")
        assert late.json()["reason"] == "the maximum of this period is reached"
        assert 0 < int(late.headers["retry-after"]) <= 80_000


def test_no_request_is_lost_by_a_reload_and_a_bad_file_changes_nothing(tmp_path: Path) -> None:
    with serving(tmp_path, settings("0 %")) as served:
        ended = threading.Event()
        statuses: list[int] = []

        def load() -> None:
            with httpx.Client(headers=ALL, timeout=30) as client:
                while not ended.is_set():
                    statuses.append(
                        client.get(f"{served.url}/v1/decision?product=agent&endpoint=a").status_code
                    )

        threads = [threading.Thread(target=load) for _ in range(4)]
        for thread in threads:
            thread.start()
        served.reload("listen: nonsense")
        assert "serve.yaml" in served.wait("settings refused")["reason"]
        assert served.decide("a").json()["version"] == "7.1.0"
        served.reload(settings("100 %"))
        served.wait("settings read")
        answer = _eventually(lambda: served.decide("a").json(), lambda found: found["version"] == "7.2.0")
        assert answer["reason"] == "selected"
        ended.set()
        for thread in threads:
            thread.join(DEADLINE_S)
        assert set(statuses) == {200}
        assert len(statuses) > 20


def test_sigterm_answers_what_is_being_asked_and_keeps_what_was_reported(tmp_path: Path) -> None:
    with serving(tmp_path, settings("100 %")) as served:
        served.decide("a")
        # A request of which half has come when the signal does.
        body = json.dumps({"reports": [{"endpoint": "a", "kind": "crash"}]}).encode()
        begun = threading.Event()

        def slowly() -> Iterator[bytes]:
            yield body[:10]
            begun.set()
            served.process.terminate()
            ending.wait(1.0)  # never set: the signal has a second to arrive
            yield body[10:]

        ending = threading.Event()
        answer = httpx.post(f"{served.url}/v1/health", content=slowly(), headers=ALL, timeout=30)
        assert (answer.status_code, begun.is_set()) == (202, True)
        served.wait("ended")
        assert served.process.wait(DEADLINE_S) == 0
    with serving(tmp_path, settings("100 %")) as again:
        health = httpx.get(f"{again.url}/v1/rollouts", headers=ALL, timeout=30).json()["rollouts"][0][
            "health"
        ]
        assert health["candidate"]["crashes"] == 1


def test_a_halt_by_hand_needs_one_person_and_a_reason(served: Serve) -> None:
    path = f"{served.url}/v1/rollouts/spare-1.1/halt"
    with httpx.Client(headers=ALL, timeout=30) as client:
        assert served.decide("b", product="spare").json()["version"] == "1.1"
        assert client.post(path, json={"reason": ""}).status_code == 400
        assert client.post(path, json={"reason": "smoke"}).json()["new"] is True
        assert client.post(path, json={"reason": "again"}).json()["new"] is False
        _eventually(
            lambda: served.decide("c", product="spare").json(),
            lambda found: found["reason"] == "the release is halted",
        )
        halted = client.get(f"{served.url}/v1/rollouts").json()["rollouts"][1]["halted"]
        assert (halted["who"], halted["reason"]) == ("all", "smoke")


def test_workers_do_not_outlive_a_parent_that_was_killed(tmp_path: Path) -> None:
    with serving(tmp_path, settings()) as served:
        served.process.kill()
        for _ in range(2):
            served.wait("worker drained")
        with pytest.raises(httpx.TransportError):
            served.decide("a")


def _ask(client: httpx.Client, served: Serve, host: str) -> dict[str, Any]:
    answer: dict[str, Any] = client.get(f"{served.url}/v1/decision?product=agent&endpoint={host}").json()
    return answer


def _metrics(served: Serve) -> str:
    return httpx.get(f"{served.url}/metrics", headers=ALL, timeout=30).text


def _eventually(ask: Callable[[], Any], good: Callable[[Any], bool]) -> Any:
    """Ask until the answer is good: both workers must have heard of a change."""
    end, pause = time.monotonic() + DEADLINE_S, threading.Event()
    while not good(found := ask()):
        assert time.monotonic() < end, found
        pause.wait(0.05)
    return found


def test_it_speaks_tls_with_the_files_of_the_settings(tmp_path: Path) -> None:
    certificate, key = self_signed("releases.example")
    (tmp_path / "tls.pem").write_bytes(certificate)
    (tmp_path / "tls.key").write_bytes(key)
    tls = f"tls: {{certificate: {tmp_path}/tls.pem, key: {tmp_path}/tls.key}}\nworkers: 1\n"
    with serving(tmp_path, tls + settings(), workers=1) as served:
        answer = httpx.get(
            f"{served.url}/healthz", verify=ssl.create_default_context(cadata=certificate.decode())
        )
    assert (served.url.partition(":")[0], answer.status_code) == ("https", 200)
