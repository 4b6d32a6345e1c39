"""What a worker answers from: settings and halts, exchanged whole when they change."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.rollout.decision import Rollout
from harness.server.settings import Settings, Token
from harness.server.store import Order, Store


@dataclass(frozen=True)
class Desk:
    """One state of affairs. Never changed: a worker takes another one, between two requests."""

    generation: int
    settings: Settings
    orders: Mapping[str, Order]
    rollouts: Mapping[str, tuple[Rollout, ...]] = field(init=False)
    """By product, in the order of the file."""
    tokens: Mapping[bytes, Token] = field(init=False)
    """By digest: what a token is compared by tells nothing about it."""

    def __post_init__(self) -> None:
        products: dict[str, tuple[Rollout, ...]] = {}
        for release in self.settings.rollouts:
            rollout = release.rollout(halted=release.release in self.orders)
            products[release.product] = (*products.get(release.product, ()), rollout)
        object.__setattr__(self, "rollouts", products)
        object.__setattr__(
            self, "tokens", {bytes.fromhex(token.sha256): token for token in self.settings.tokens}
        )

    @classmethod
    def read(cls, store: Store) -> "Desk":
        """The state of affairs now."""
        generation, document = store.settings()
        return cls(generation, Settings.model_validate_json(document), store.orders())

    def token(self, secret: bytes) -> Token | None:
        """Whose token this is."""
        return self.tokens.get(hashlib.sha256(secret).digest())

    def rollout(self, release: str) -> Rollout | None:
        """The roll-out of a release."""
        for rollouts in self.rollouts.values():
            for rollout in rollouts:
                if rollout.release == release:
                    return rollout
        return None
