"""The OpenAPI 3.1 document of the server."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

import harness
from harness.rollout.decision import Reason
from harness.server.questions import KNOWN, LONGEST

_ANSWERS = {
    "400": "The request makes no sense; `error` says why.",
    "401": "No token, or an unknown one.",
    "403": "The token lacks the scope.",
    "429": "Too many requests; `Retry-After` says when.",
    "503": "The store cannot be written.",
}
_TYPES: dict[str, dict[str, Any]] = {
    "opted_in": {"type": "boolean"},
    "safe_mode": {"type": "boolean"},
    "utc_offset_min": {"type": "integer", "minimum": -900, "maximum": 900},
}


def document(
    reports: type[BaseModel], halt: type[BaseModel], more: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The whole document; bodies come from the models that read them. `more`: path items of other modules."""
    parameters = [
        {
            "name": name,
            "in": "query",
            "required": name in ("product", "endpoint"),
            "schema": _TYPES.get(name, {"type": "string", "maxLength": LONGEST}),
        }
        for name in KNOWN
    ]
    decision = {
        "type": "object",
        "required": ["product", "version", "release", "reason"],
        "properties": {
            "product": {"type": "string"},
            "version": {"type": "string"},
            "release": {"type": "string"},
            "reason": {"enum": [reason.value for reason in Reason]},
        },
    }
    release = {"name": "release", "in": "path", "required": True, "schema": {"type": "string"}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "bvt serve", "version": harness.__version__},
        "security": [{"token": []}],
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "paths": {
            "/v1/decision": {
                "get": _operation(
                    "Which version a host is to have (scope decide). Send the ETag as If-None-Match.",
                    {"200": _json("The decision.", decision), "304": {"description": "Nothing has changed."}},
                    parameters=parameters,
                )
            },
            "/v1/health": {
                "post": _operation(
                    "What was heard of hosts (scope health).",
                    {"202": {"description": "It is on record."}},
                    body=reports,
                )
            },
            "/v1/rollouts": {
                "get": _operation(
                    "Every roll-out and its health (scope read).", {"200": {"description": "All."}}
                )
            },
            "/v1/rollouts/{release}/halt": {
                "post": _operation(
                    "Halt a release (scope halt).",
                    {"200": {"description": "It is halted."}},
                    parameters=[release],
                    body=halt,
                )
            },
            "/metrics": {
                "get": _operation("For Prometheus (scope metrics).", {"200": {"description": "Text."}})
            },
            **(more or {}),
        },
    }


def _operation(summary: str, answers: dict[str, Any], **more: Any) -> dict[str, Any]:
    body = more.pop("body", None)
    if body is not None:
        schema = body.model_json_schema()
        more["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    failures = {status: {"description": words} for status, words in _ANSWERS.items()}
    return {"summary": summary, "responses": {**answers, **failures}, **more}


def _json(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}
