"""The part of the OpenAPI document that is about promotions."""

from typing import Any

from pydantic import BaseModel

from harness.server.promotions import Promote, Raise, RollBack, SignedEntry, Why

TIER = "/v1/tiers/{tier}/{candidate}"
OPERATIONS: tuple[tuple[str, str, type[BaseModel]], ...] = (
    ("/v1/promotions", "Let a candidate into a tier, or ask for it (scope promote).", Promote),
    ("/v1/promotions/{request}/approve", "Agree to a request (scope approve).", Why),
    ("/v1/promotions/{request}/reject", "Turn a request down, or withdraw one's own (scope approve).", Why),
    (f"{TIER}/halt", "Let no further host have a candidate (scope halt). One person does.", Why),
    (
        f"{TIER}/rollback",
        "Send hosts back to a version that was shown to be a way back (scope halt).",
        RollBack,
    ),
    (f"{TIER}/resume", "Ask to go on after a halt (scope promote).", Why),
    (f"{TIER}/raise", "Ask for the next share of a tier's hosts (scope promote).", Raise),
    ("/v1/entries", "Append an entry that a person has signed elsewhere (scope promote).", SignedEntry),
)
"""Path, what it does, and its body."""
_ANSWERS = {
    "200": "It is done.",
    "202": "It waits; `waits` says for what. Asking again goes on with it.",
    "400": "The body makes no sense.",
    "401": "No token, or an unknown one.",
    "403": "The token lacks the scope, or is nobody's.",
    "404": "There is no such tier, candidate or request, or no ledger.",
    "409": "Refused, and nothing was changed; `because` has a sentence for each reason.",
    "429": "Too many requests.",
    "503": "The ledger cannot be reached.",
}


def promotion_paths() -> dict[str, Any]:
    """Path items."""
    paths = {path: {"post": _post(path, summary, body)} for path, summary, body in OPERATIONS}
    status = {"summary": "Who is where, and what is asked for (scope read).", "responses": _responses()}
    paths["/v1/promotions"]["get"] = status
    words = "The newest messages to people, and what became of them (scope read)."
    paths["/v1/notifications"] = {"get": {"summary": words, "responses": _responses()}}
    return paths


def _post(path: str, summary: str, body: type[BaseModel]) -> dict[str, Any]:
    return {
        "summary": summary,
        "parameters": [
            {"name": part[1:-1], "in": "path", "required": True, "schema": {"type": "string"}}
            for part in path.split("/")
            if part.startswith("{")
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": body.model_json_schema()}},
        },
        "responses": _responses(),
    }


def _responses() -> dict[str, Any]:
    return {status: {"description": words} for status, words in _ANSWERS.items()}
