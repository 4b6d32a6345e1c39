"""Signed links: one answer of one person about one candidate, for some hours, once.

The ledger keeps the ids of links that were used (`Via.link`), so a link works once everywhere, and after every crash.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from enum import StrEnum
from pathlib import Path

from itsdangerous import BadData, URLSafeSerializer

from harness.files import write_once

SALT = "agent-bvt answer 1"
SECRET_FILE = "link.secret"  # noqa: S105 - the name of a file


class Action(StrEnum):
    """What a link does once it is confirmed."""

    APPROVE = "approve"
    REJECT = "reject"
    HALT = "halt"


class LinkError(Exception):
    """The link is good for nothing; the message is a sentence."""


@dataclass(frozen=True)
class Link:
    """What a link says. `about`: id of the request, or of the entry that let the candidate in; `until`: Unix time."""

    action: Action
    person: str
    candidate: str
    tier: str
    about: str
    until: int

    @property
    def id(self) -> str:
        """The same for the same answer, however often it was sent."""
        said = "\0".join((self.action, self.person, self.candidate, self.tier, self.about))
        return hashlib.sha256(said.encode()).hexdigest()[:32]


class Links:
    """Signs links, and reads them."""

    def __init__(self, secret: str) -> None:
        self._serializer = URLSafeSerializer(
            secret, salt=SALT, signer_kwargs={"digest_method": hashlib.sha256}
        )

    @classmethod
    def of(cls, folder: Path) -> "Links":
        """With the secret of this folder, which is made when it is first needed."""
        return cls(write_once(folder / SECRET_FILE, secrets.token_hex(32), mode=0o600))

    def token(self, link: Link) -> str:
        """Fit for a URL."""
        return str(self._serializer.dumps(astuple(link)))

    def read(self, token: str, now: float) -> Link:
        """What it says. Raises `LinkError` for a forged and for an old one."""
        try:
            said = self._serializer.loads(token)
            link = _link(said)
        except (BadData, ValueError, TypeError):
            raise LinkError("This link is forged, or was cut off: it is none of this server's.") from None
        if now > link.until:
            raise LinkError("This link is too old. Ask for a new message, or answer with bvt approve.")
        return link


def _link(said: Sequence[object]) -> Link:
    action, person, candidate, tier, about, until = said
    return Link(Action(str(action)), str(person), str(candidate), str(tier), str(about), int(str(until)))
