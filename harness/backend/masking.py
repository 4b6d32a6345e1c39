"""Keeps secrets out of messages and evidence."""

import json
from collections.abc import Callable, Iterable
from urllib.parse import quote

MASK = "***"


def mask(text: str, secrets: Iterable[str]) -> str:
    """`text` with each secret replaced; see `masker`."""
    return masker(secrets)(text)


def masker(secrets: Iterable[str]) -> Callable[[str], str]:
    """Replaces each secret in a text, also where it stands URL-quoted or JSON-escaped.

    Longer secrets go first, so that one which contains another leaves nothing behind.
    """
    forms = {
        form
        for secret in secrets
        if secret
        for form in (secret, quote(secret, safe=""), json.dumps(secret)[1:-1])
    }
    ordered = sorted(forms, key=len, reverse=True)

    def masked(text: str) -> str:
        for form in ordered:
            text = text.replace(form, MASK)
        return text

    return masked
