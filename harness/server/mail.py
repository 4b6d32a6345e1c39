"""The messages of `bvt serve`: a courier and a player of playbooks, exchanged when the settings are read anew."""

from collections.abc import Sequence
from pathlib import Path

from harness.people.composing import Composer
from harness.people.courier import Courier, Post
from harness.people.deliveries import DELIVERIES_FILE
from harness.people.destinations import Destination, load_destinations
from harness.people.links import Links
from harness.people.playbooks import Playbook, load_playbooks
from harness.people.player import Player, Playing, check_tiers
from harness.people.plays import PLAYS_FILE
from harness.promotion.ledger.store import Ledger
from harness.promotion.service import Promotion
from harness.server.logs import log
from harness.server.own_key import own_signer
from harness.server.settings import Settings


class Mail:
    """In the parent process. `begin` raises `ConfigurationError` for a mistake in the file of destinations."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._courier: Courier | None = None
        self._player: Player | None = None

    @staticmethod
    def check(settings: Settings, *, with_ledger: bool = True) -> None:
        """Read what would be delivered by. Raises `ConfigurationError` for a mistake; nothing is written.

        `with_ledger`: also whether the tiers that playbooks name are in it.
        """
        destinations = _destinations(settings)
        if settings.playbooks:
            books = load_playbooks(Path(settings.playbooks), destinations)
            if with_ledger and settings.ledger:
                _check_tiers(settings, books, Promotion(Ledger(settings.ledger)))

    def begin(self, settings: Settings) -> None:
        """Deliver by these settings from now on, and by no others."""
        destinations = _destinations(settings)
        promotion = Promotion(Ledger(settings.ledger)) if settings.ledger else None
        player = self._made(settings, destinations, promotion)
        links = Links.of(self._folder)
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
        _check_tiers(settings, books, promotion)
        playing = Playing(
            promotion=lambda: promotion,
            path=self._folder / PLAYS_FILE,
            destinations={each.name: each for each in destinations},
            report=log,
            signer=(lambda: own_signer(settings)) if settings.ledger_key else None,
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


def _destinations(settings: Settings) -> tuple[Destination, ...]:
    return load_destinations(Path(settings.notify)) if settings.notify else ()


def _check_tiers(settings: Settings, books: Sequence[Playbook], promotion: Promotion) -> None:
    check_tiers(books, [tier.name for tier in promotion.board().rules.tiers], settings.playbooks)
