"""Secrets in text: in which forms they occur, and how they are masked. Pure.

The one masker: transcripts, errors, messages, evidence and the backend's files all take it.
"""

import json
from collections.abc import Callable, Iterable
from urllib.parse import quote

from harness.model.secret_forms import encoded

MASK = "***"


def forms(secrets: Iterable[str]) -> tuple[str, ...]:
    """Each secret as it is, URL-quoted, JSON-escaped, in Base64 and as digits; empty ones are left out.

    Longer ones come first, so that one which contains another leaves nothing behind.
    """
    found = {
        form
        for secret in secrets
        if secret
        for form in (
            secret,
            quote(secret, safe="", errors="replace"),
            json.dumps(secret)[1:-1],
            *encoded(secret),
        )
    }
    return tuple(sorted(found, key=len, reverse=True))


def mask(text: str, secrets: Iterable[str]) -> str:
    """`text` with each secret replaced; see `masker`."""
    return masker(secrets)(text)


def masker(secrets: Iterable[str]) -> Callable[[str], str]:
    """What replaces every form of each secret in a text."""
    ordered = forms(secrets)

    def masked(text: str) -> str:
        for form in ordered:
            text = text.replace(form, MASK)
        return text

    return masked
