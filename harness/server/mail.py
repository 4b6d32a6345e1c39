"""The messages of `bvt serve`: a courier and a player of playbooks, exchanged when the settings are read anew."""

from collections.abc import Sequence
from pathlib import Path

from harness.people.composing import Composer
from harness.people.courier import Courier, Post
from harness.people.deliveries import DELIVERIES_FILE
from harness.people.destinations import Destination, load_destinations
from harness.people.links import Links
from harness.people.playbooks import load_playbooks
from harness.people.player import Player, Playing, check_tiers
from harness.people.plays import PLAYS_FILE
from harness.promotion.ledger.store import Ledger
from harness.promotion.service import Promotion
from harness.server.logs import log
from harness.server.settings import Settings
from harness.signing.keys import passphrase_from_environment, signer_of


class Mail:
    """In the parent process. `begin` raises `ConfigurationError` for a mistake in the file of destinations."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._courier: Courier | None = None
        self._player: Player | None = None

    def begin(self, settings: Settings) -> None:
        """Deliver by these settings from now on, and by no others."""
        destinations = load_destinations(Path(settings.notify)) if settings.notify else ()
        links = Links.of(self._folder)
        promotion = Promotion(Ledger(settings.ledger)) if settings.ledger else None
        player = self._made(settings, destinations, promotion)
        self.end()
        if not destinations or promotion is None:
            return
        composer = Composer(settings.public_url, links, settings.link_hours)
        post = Post(lambda: promotion, self._folder / DELIVERIES_FILE, composer, log)
        self._courier = Courier(destinations, post)
        self._courier.begin()
        if player is not None:
            self._player = player
            player.begin()

    def _made(
        self, settings: Settings, destinations: Sequence[Destination], promotion: Promotion | None
    ) -> Player | None:
        if not settings.playbooks or promotion is None:
            return None
        books = load_playbooks(Path(settings.playbooks), destinations)
        check_tiers(books, [tier.name for tier in promotion.board().rules.tiers], settings.playbooks)
        uri = settings.ledger_key
        playing = Playing(
            promotion=lambda: promotion,
            path=self._folder / PLAYS_FILE,
            destinations={each.name: each for each in destinations},
            report=log,
            signer=(lambda: signer_of(uri, passphrase_from_environment)) if uri else None,
        )
        return Player(books, playing)

    def end(self) -> None:
        """Deliver no more."""
        if self._courier:
            self._courier.end()
            self._courier = None
        if self._player:
            self._player.end()
            self._player = None
