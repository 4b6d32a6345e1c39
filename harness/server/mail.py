"""The messages of `bvt serve`: a courier that is exchanged when the settings are read anew."""

from pathlib import Path

from harness.people.composing import Composer
from harness.people.courier import Courier, Post
from harness.people.deliveries import DELIVERIES_FILE
from harness.people.destinations import load_destinations
from harness.people.links import Links
from harness.promotion.ledger.store import Ledger
from harness.promotion.service import Promotion
from harness.server.logs import log
from harness.server.settings import Settings


class Mail:
    """In the parent process. `begin` raises `ConfigurationError` for a mistake in the file of destinations."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._courier: Courier | None = None

    def begin(self, settings: Settings) -> None:
        """Deliver by these settings from now on, and by no others."""
        destinations = load_destinations(Path(settings.notify)) if settings.notify else ()
        links = Links.of(self._folder)
        self.end()
        if not destinations:
            return
        promotion = Promotion(Ledger(settings.ledger))
        composer = Composer(settings.public_url, links, settings.link_hours)
        post = Post(lambda: promotion, self._folder / DELIVERIES_FILE, composer, log)
        self._courier = Courier(destinations, post)
        self._courier.begin()

    def end(self) -> None:
        """Deliver no more."""
        if self._courier:
            self._courier.end()
            self._courier = None
