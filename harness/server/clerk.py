"""Acts on the ledger for the people whom the server has recognised, with the server's own key."""

import threading
from collections.abc import Callable

from securesystemslib.signer import Signer
from starlette.exceptions import HTTPException

from harness.promotion.acting import OnBehalf
from harness.promotion.ledger.store import Ledger
from harness.promotion.service import Promotion
from harness.server.desk import Desk
from harness.server.own_key import own_signer
from harness.server.settings import Settings, Token


class Clerk:
    """One for each process. The key is read once; it may be used from several threads."""

    def __init__(self, settings: Callable[[], Settings]) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._promotions: dict[str, Promotion] = {}
        self._signers: dict[str, Signer] = {}

    @classmethod
    def at(cls, desk: Callable[[], Desk]) -> "Clerk":
        """Goes by the desk's settings."""
        return cls(lambda: desk().settings)

    @property
    def promotion(self) -> Promotion:
        """Over the ledger of the settings. Raises `HTTPException` if there is none."""
        place = self._settings().ledger
        if not place:
            raise HTTPException(404, "this server has no ledger: name one under ledger in serve.yaml.")
        with self._lock:
            return self._promotions.setdefault(place, Promotion(Ledger(place)))

    @property
    def signer(self) -> Signer:
        """The server's key. Raises `HTTPException` if there is none, `ConfigurationError` if it cannot be read."""
        settings = self._settings()
        uri = settings.ledger_key
        if not uri:
            raise HTTPException(
                404, "this server signs nothing: name its key under ledger_key in serve.yaml."
            )
        with self._lock:
            if uri not in self._signers:
                self._signers[uri] = own_signer(settings)
            return self._signers[uri]

    def acting(self, token: Token) -> OnBehalf:
        """The person whose token this is. Raises `HTTPException` for a token of nobody."""
        if not token.person:
            raise HTTPException(403, f"token {token.name} is nobody's: name its person in serve.yaml.")
        return OnBehalf(self.signer, token.person, token.how)
