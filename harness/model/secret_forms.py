"""In which forms a secret is written down: as it is, encoded for a URL, as Base64, as hexadecimal digits. Pure."""

import base64
from urllib.parse import quote

SHORTEST = 6
"""Characters. A shorter text is found by chance, and is no secret."""


def encoded(secret: str) -> tuple[str, ...]:
    """Texts one of which stands wherever the secret does; none for what is too short to be told from chance.

    In Base64 (RFC 4648) it looks in three ways, by its place in what was encoded; of each only the characters that
    depend on nothing else count.
    """
    if len(secret) < SHORTEST:
        return ()
    found = [secret, quote(secret, safe="", errors="replace")]
    for content in (secret.encode(errors="replace"), secret.encode("utf-16-le", errors="replace")):
        found += [content.hex(), content.hex().upper()]
        for before in range(3):
            padded = base64.b64encode(b"\0" * before + content).decode("ascii")
            whole = 8 * (before + len(content)) // 6
            middle = padded[-(-8 * before // 6) : whole]
            found += [middle, middle.replace("+", "-").replace("/", "_")]
    return tuple(dict.fromkeys(found))
