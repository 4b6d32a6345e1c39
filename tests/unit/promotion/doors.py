"""The two doors to one ledger: the command line, and `bvt serve` in this process."""

import asyncio
import hashlib
import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from harness.cli.main import application
from harness.promotion.service import Promotion
from harness.server.settings import Settings
from harness.server.store import Store
from harness.server.worker import Worker
from tests.unit.promotion.world import AGENT, PEOPLE, World

SCOPES = ["read", "promote", "approve", "halt"]


@dataclass
class Said:
    """An answer: what it means to a script, and its sentences."""

    code: int
    lines: list[str]
    status: int = 0

    def __contains__(self, words: str) -> bool:
        return any(words in line for line in self.lines)


class CommandLine:
    """`bvt` with each person's key in a file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for name, signer in PEOPLE.items():
            (folder / f"{name}.key").write_bytes(signer.private_bytes)

    def __call__(self, action: str, by: str, /, **about: Any) -> Said:
        words = [*self._words(action, **about), "--ledger", str(self._folder / "ledger.db"), "--json"]
        if action != "submit":
            words += ["--sign", str(self._folder / f"{by}.key")]
        done = CliRunner().invoke(application(words), words)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        if not done.stdout.startswith("{"):
            return Said(done.exit_code, [done.output])
        document = json.loads(done.stdout)
        assert document["exit_code"] == done.exit_code
        return Said(done.exit_code, texts(document))

    def _words(self, action: str, **about: Any) -> list[str]:
        match action:
            case "promote":
                (self._folder / "agent.msi").write_bytes(b"")
                gate = self._folder / "gate.jsonl"
                gate.write_bytes(about["bundle"] or b"")
                named = ["--gate", str(gate)] if about["bundle"] is not None else []
                return ["promote", str(self._folder / "agent.msi"), "--to", about["tier"], *named]
            case "submit":
                (self._folder / "entry").write_bytes(about["body"])
                return ["ledger", "submit", str(self._folder / "entry")]
            case "approve" | "reject":
                return [action, about["request"]]
            case _:
                to = ["--to", f"{about['percent']:g}%"] if action == "raise" else []
                return [action, about["candidate"], "--tier", about["tier"], *to]


def in_its_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both doors go by the world's clock, take any file for its candidate, and let in as many as come."""
    turned = partial(Promotion, clock=lambda: world.at)
    monkeypatch.setattr("harness.cli.promotion_options.Promotion", turned)
    monkeypatch.setattr("harness.server.clerk.Promotion", turned)
    monkeypatch.setattr("harness.cli.promote.sha256_of", lambda _: AGENT.sha256)
    monkeypatch.setattr("harness.server.door.STRANGERS_PER_S", 1e6)


class Http:
    """The server's own application, with a token for each person."""

    def __init__(self, folder: Path, **more: Any) -> None:
        tokens = [token(name, SCOPES, person=name) for name in PEOPLE if name != "srv"]
        tokens.append(token("reader", ["read", "halt"]))
        ledger = {"ledger": str(folder / "ledger.db"), "ledger_key": str(folder / "srv.key")}
        settings = Settings.model_validate({"tokens": tokens, **ledger, **more})
        (folder / "srv.key").write_bytes(PEOPLE["srv"].private_bytes)
        path = folder / "rollout.sqlite"
        store = Store(path)
        store.publish(settings.model_dump_json())
        store.close()
        self._app = Worker(path).application()

    def __call__(self, action: str, by: str, /, **about: Any) -> Said:
        path, body = self._request(action, **about)
        return self.post(path, body, by)

    def ask(self, method: str, path: str, by: str = "", **how: Any) -> httpx.Response:
        """In this process, through the whole application."""

        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(self._app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://serve") as client:
                headers = {"Authorization": f"Bearer {by}"} if by else {}
                return await client.request(method, path, headers=headers | how.pop("headers", {}), **how)

        return asyncio.run(asked())

    def post(self, path: str, body: dict[str, Any], by: str) -> Said:
        answer = self.ask("POST", path, by, json=body)
        document = answer.json()
        return Said(document.get("exit_code", 2), texts(document), answer.status_code)

    def _request(self, action: str, **about: Any) -> tuple[str, dict[str, Any]]:
        match action:
            case "promote":
                candidate = {"sha256": AGENT.sha256, "name": "agent.msi"}
                body = {"candidate": candidate, "tier": about["tier"]}
                if about["bundle"] is not None:
                    body["bundle"] = about["bundle"].decode()
                return "/v1/promotions", body
            case "submit":
                return "/v1/entries", {"entry": about["body"].decode()}
            case "approve" | "reject":
                return f"/v1/promotions/{about['request']}/{action}", {}
            case _:
                more = {"percent": about["percent"]} if action == "raise" else {}
                return f"/v1/tiers/{about['tier']}/{about['candidate']}/{action}", more


def texts(document: dict[str, Any]) -> list[str]:
    """The sentences of an answer."""
    denials = [*document.get("because", []), *document.get("waits", [])]
    return [each["text"] for each in denials] or [document.get("error", document.get("state"))]


def token(name: str, scopes: list[str], **more: Any) -> dict[str, Any]:
    """The token is the name."""
    return {"name": name, "sha256": hashlib.sha256(name.encode()).hexdigest(), "scopes": scopes, **more}


Doors = tuple[CommandLine, Http]


def refused_by_both(world: World, doors: Doors, action: str, by: str, words: str, **about: Any) -> None:
    """Both say the same sentences with the same meaning, and the ledger is what it was."""
    world.later(seconds=1)
    before = world.promotion.size()
    said = [door(action, by, **about) for door in doors]
    assert words in said[0], said
    assert said[0].code not in (0, 2), said
    assert (said[1].code, said[1].lines) == (said[0].code, said[0].lines)
    assert said[1].status == 409, said
    assert world.promotion.size() == before
