"""People log in to the board by a real provider of identities on loopback, and act as who tiers.yaml says they are."""

import hashlib
import json
import re
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import oidc_provider_mock
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from playwright.sync_api import sync_playwright

from harness.model.errors import ConfigurationError
from harness.promotion.entries import Approval
from harness.server.identity import NotRecognised, Provider
from harness.server.sessions import Sessions
from harness.server.settings import Oidc, Settings
from harness.server.settings_file import load_settings
from tests.integration.accessible import grave_violations
from tests.integration.people.receivers import free_port
from tests.integration.server.running import Serve, serving
from tests.integration.server.stage import settings_of, staged
from tests.unit.promotion.conftest import a_folder
from tests.unit.promotion.world import World

CHROMIUM = Path("/usr/bin/chromium")
USERS = [
    oidc_provider_mock.User(sub="bob-1", claims={"email": "bob@example.com", "email_verified": True}),
    oidc_provider_mock.User(sub="ann-1", claims={"email": "ann@example.com", "email_verified": False}),
    oidc_provider_mock.User(sub="eve-1", claims={"email": "eve@example.com", "email_verified": True}),
    oidc_provider_mock.User(sub="nobody-1", claims={}),
]


class Patient(httpx.HTTPTransport):
    """Comes again when the server says that strangers ask too often."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        for _ in range(60):
            answer = super().handle_request(request)
            if answer.status_code != 429:
                return answer
            time.sleep(float(answer.headers["retry-after"]))
        return answer


@dataclass
class Place:
    world: World
    served: Serve
    issuer: str
    text: str

    def client(self) -> httpx.Client:
        """A browser without scripts: keeps cookies, follows redirects when told."""
        return httpx.Client(timeout=60, transport=Patient())

    def begun(self, client: httpx.Client) -> str:
        """The provider's page that the login leads to."""
        answer = client.get(f"{self.served.url}/board/oidc/login")
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    def login(self, client: httpx.Client, sub: str) -> httpx.Response:
        """What the server says once the provider has sent the person back."""
        return client.get(self.sent_back(client, self.begun(client), sub))

    def sent_back(self, client: httpx.Client, page: str, sub: str) -> str:
        answer = client.post(page, data={"sub": sub})
        assert answer.status_code == 302, answer.text
        return answer.headers["location"]


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with (
        a_folder() as folder,
        pytest.MonkeyPatch.context() as patch,
        oidc_provider_mock.run_server_in_thread(user_claims=USERS) as provider,
    ):
        patch.setenv("BVT_TEST_OIDC_SECRET", "whatever the provider has given")
        world, port = staged(folder), free_port()
        issuer = f"http://localhost:{provider.server_port}"
        text = settings_of(folder).replace("listen: 127.0.0.1:0", f"listen: 127.0.0.1:{port}")
        text += f"""
public_url: http://127.0.0.1:{port}
oidc:
  issuer: {issuer}
  client_id: bvt
  secret_from: BVT_TEST_OIDC_SECRET
  people:
    bob@example.com: {{person: bob, scopes: [read, approve]}}
    ann@example.com: {{person: ann}}
"""
        with serving(folder, text) as served:
            yield Place(world, served, issuer, text)


def test_the_way_in_asks_for_a_code_with_pkce_and_nothing_secret(place: Place) -> None:
    with place.client() as client:
        assert "/board/oidc/login" in client.get(f"{place.served.url}/board").text
        page = httpx.URL(place.begun(client))
    asked = dict(page.params)
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert len(asked["nonce"]) > 30
    assert asked["redirect_uri"] == f"{place.served.url}/board/oidc/callback"
    assert "code_verifier" not in asked


def test_who_is_vouched_for_and_named_is_in_and_the_cookie_is_out_of_reach(place: Place) -> None:
    with place.client() as client:
        answer = place.login(client, "bob-1")
        assert (answer.status_code, "Logged in as bob" in answer.text) == (200, True)
        cookie = next(each for each in answer.headers.get_list("set-cookie") if each.startswith("bvt="))
        assert all(word in cookie.lower() for word in ("httponly", "samesite=strict", "path=/board"))
        page = client.get(f"{place.served.url}/board/tiers")
        assert (page.status_code, "seen by bob" in page.text) == (200, True)
        assert client.get(f"{place.served.url}/v1/promotions").status_code == 401, (
            "the cookie is for the board"
        )


@pytest.mark.parametrize(
    ("sub", "words"),
    [
        ("eve-1", "eve@example.com is nobody here"),
        ("ann-1", "has not verified this address"),
        ("nobody-1", "has not verified this address"),
    ],
)
def test_who_is_not_vouched_for_or_not_named_stays_outside(place: Place, sub: str, words: str) -> None:
    with place.client() as client:
        answer = place.login(client, sub)
        assert (answer.status_code, words.lower() in answer.text.lower()) == (403, True), answer.text
        assert "bvt=" not in " ".join(answer.headers.get_list("set-cookie"))


def test_an_answer_counts_once_and_in_the_browser_that_asked(place: Place) -> None:
    with place.client() as client, place.client() as other:
        back = place.sent_back(client, place.begun(client), "bob-1")
        stolen = other.get(back)
        assert (stolen.status_code, "not begun in this browser" in stolen.text) == (403, True)
        place.begun(other)  # a login of its own does not help
        assert other.get(back).status_code == 403
        assert client.get(back).status_code == 200
        again = client.get(back)
        assert again.status_code == 403, "the provider gives a code once"
        page = place.begun(client)
        denied = httpx.URL(client.post(page, data={"action": "deny"}).headers["location"])
        state = httpx.URL(page).params["state"]  # which this provider forgets when somebody says no
        answer = client.get(denied.copy_merge_params({"state": state}))
        assert (answer.status_code, "The provider refuses: access_denied" in answer.text) == (403, True)


def test_a_code_of_another_login_is_refused(place: Place) -> None:
    """A code is bound to the verifier of its login (RFC 9700, 2.1.1)."""
    with place.client() as client, place.client() as other:
        foreign = httpx.URL(place.sent_back(other, place.begun(other), "bob-1")).params["code"]
        mine = httpx.URL(place.sent_back(client, place.begun(client), "bob-1"))
        answer = client.get(mine.copy_merge_params({"code": foreign}))
        assert (answer.status_code, "does not hold" in answer.text) == (403, True), answer.text


@pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed: ./dev setup")
def test_a_person_logs_in_and_approves_in_a_browser_by_keyboard_alone(place: Place) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_context(viewport={"width": 390, "height": 800}, color_scheme="dark").new_page()
        page.goto(f"{place.served.url}/board")
        assert grave_violations(page) == []
        for _ in range(9):
            if page.evaluate("document.activeElement.matches('a[href$=login]')"):
                break
            page.keyboard.press("Shift+Tab")
        page.keyboard.press("Enter")
        page.wait_for_selector("input[name=sub]")
        page.keyboard.type("bob-1")
        page.keyboard.press("Enter")
        page.wait_for_selector("text=seen by bob")  # a strict cookie, after the way back from another site
        page.goto(f"{place.served.url}/board/tiers")
        page.locator("summary", has_text="Approve").first.press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.type("by single sign-on")
        page.keyboard.press("Enter")
        page.wait_for_selector("text=by single sign-on")
        browser.close()
    (approval,) = [each for each in _newest(place) if each.reason == "by single sign-on"]
    assert approval.via is not None
    assert (approval.by, approval.via.key) == ("bob", "srv")
    assert approval.via.how == f"OIDC bob@example.com at {place.issuer}"


def _newest(place: Place) -> list[Approval]:
    with place.world.ledger.reading() as snapshot:
        size = snapshot.size
    place.world.later(days=1)  # its clock stood still
    board = place.world.promotion.board()
    assert board.size == size
    return [line.entry for line in board.lines if isinstance(line.entry, Approval)]


def test_whom_the_settings_name_no_more_is_nobody_at_once(place: Place) -> None:
    with place.client() as client:
        place.login(client, "bob-1")
        page = f"{place.served.url}/board/tiers"
        assert client.get(page).status_code == 200
        place.served.reload(place.text.replace("bob@example.com:", "rob@example.com:"))
        place.served.wait("settings read")
        end = time.monotonic() + 60
        while client.get(page).status_code == 200:
            assert time.monotonic() < end
            time.sleep(0.1)
        place.served.reload(place.text)
        place.served.wait("settings read")


def settings(**oidc: Any) -> Settings:
    people = {"bob@example.com": {"person": "bob"}}
    return Settings.model_validate(
        {"tokens": [], "oidc": {"issuer": "https://id", "client_id": "bvt", "people": people, **oidc}}
    )


def test_a_session_ends_and_cannot_be_made_by_anybody_else(tmp_path: Path) -> None:
    now = [1000.0]
    mine = Sessions(tmp_path, lambda: now[0])
    cookie = mine.cookie("bob@example.com", "https://id", 8).encode()
    guest = mine.guest(cookie, settings())
    assert guest is not None
    assert (guest.person, guest.how) == ("bob", "OIDC bob@example.com at https://id")
    (tmp_path / "other").mkdir()
    assert Sessions(tmp_path / "other").guest(cookie, settings()) is None
    for forged in (cookie[:-1], cookie + b"x", b"oidc.", b"", b"\xff", cookie.removeprefix(b"oidc.")):
        assert mine.guest(forged, settings()) is None
    assert mine.guest(cookie, settings(issuer="https://another")) is None
    errand = mine.errand({"state": "x"})
    assert mine.read_errand(errand) == {"state": "x"}
    assert mine.guest(b"oidc." + errand.encode(), settings()) is None, "another kind of cookie"
    assert mine.read_errand(cookie.removeprefix(b"oidc.").decode()) is None
    now[0] += 8 * 3600 + 1
    assert mine.guest(cookie, settings()) is None


KEY, OTHER = RSAKey.generate_key(2048), RSAKey.generate_key(2048)
CLAIMS: dict[str, Any] = {"iss": "http://localhost", "aud": "bvt", "sub": "1", "nonce": "n"}


@pytest.mark.parametrize(
    ("changes", "key", "words"),
    [
        ({}, KEY, ""),
        ({"nonce": "of another login"}, KEY, "nonce"),
        ({"aud": "another client"}, KEY, "aud"),
        ({"iss": "http://elsewhere"}, KEY, "iss"),
        ({"exp": 1}, KEY, "expired"),
        ({"sub": None}, KEY, "sub"),
        ({}, OTHER, "does not hold"),
    ],
)
def test_a_token_that_is_not_for_this_login_is_not_believed(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], key: RSAKey, words: str
) -> None:
    provider = Provider(Oidc.model_validate(_oidc("http://localhost")), "http://127.0.0.1/back")
    claims = CLAIMS | {"exp": int(time.time()) + 600, "email": "b@x", "email_verified": True} | changes
    token = jwt.encode({"alg": "RS256"}, claims, key)
    answers = {"jwks_uri": {"keys": [KEY.as_dict(private=False)]}}
    monkeypatch.setattr(provider, "_said", lambda name: name)
    monkeypatch.setattr(provider, "_asked", answers.__getitem__)
    monkeypatch.setattr(
        "harness.server.identity.OAuth2Session.fetch_token", lambda *_, **__: {"id_token": token}
    )
    if not words:
        assert provider.identity("http://127.0.0.1/back?code=x", "n", "v") == "b@x"
        return
    with pytest.raises(NotRecognised, match=words):
        provider.identity("http://127.0.0.1/back?code=x", "n", "v")


def _oidc(issuer: str) -> dict[str, Any]:
    return {"issuer": issuer, "client_id": "bvt", "people": {"b@x": {"person": "bob"}}}


def test_a_token_without_a_signature_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = Provider(Oidc.model_validate(_oidc("http://localhost")), "http://127.0.0.1/back")
    monkeypatch.setattr(provider, "_said", lambda name: name)
    monkeypatch.setattr(provider, "_asked", lambda _: {"keys": [KEY.as_dict(private=False)]})
    parts = [json.dumps(part).encode() for part in ({"alg": "none"}, CLAIMS | {"exp": 9e9})]
    token = b".".join([*(urlsafe_b64encode(part).rstrip(b"=") for part in parts), b""]).decode()
    monkeypatch.setattr(
        "harness.server.identity.OAuth2Session.fetch_token", lambda *_, **__: {"id_token": token}
    )
    with pytest.raises(NotRecognised, match="does not hold"):
        provider.identity("http://127.0.0.1/back?code=x", "n", "v")


def test_a_provider_that_is_away_or_calls_itself_otherwise_is_said(place: Place) -> None:
    for issuer, words in (
        (f"http://127.0.0.1:{free_port()}", "cannot be asked"),
        (place.issuer.replace("localhost", "127.0.0.1") + "/", "calls itself|cannot be asked"),
    ):
        provider = Provider(Oidc.model_validate(_oidc(issuer)), "http://127.0.0.1/back")
        with pytest.raises(NotRecognised, match=words):
            provider.begin("s", "n", "v" * 43)


@pytest.mark.parametrize(
    ("oidc", "words"),
    [
        ("{issuer: 'http://login.example.com', client_id: b, people: {b: {person: b}}}", "it is not https"),
        (
            "{issuer: 'https://x', client_id: b, secret_from: BVT_NO_SUCH, people: {b: {person: b}}}",
            "the environment has no BVT_NO_SUCH",
        ),
        ("{issuer: 'https://x', client_id: b, people: {}}", "people"),
        ("{issuer: 'https://x', client_id: b, people: {b: {person: b, scopes: [raed]}}}", "raed"),
    ],
)
def test_a_mistake_in_the_settings_is_one_sentence(tmp_path: Path, oidc: str, words: str) -> None:
    file = tmp_path / "serve.yaml"
    digest = hashlib.sha256(b"x").hexdigest()
    file.write_text(
        f"tokens: [{{name: a, sha256: {digest}, scopes: [read]}}]\nledger: l.db\nledger_key: k\n"
        f"public_url: http://127.0.0.1\noidc: {oidc}\n"
    )
    with pytest.raises(ConfigurationError, match=re.escape(words)) as refused:
        load_settings(file)
    assert "serve.yaml:" in str(refused.value)
