"""How every roll-out stands: its rule, who halted it, its health, and how many hosts it has reached when."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from harness.rollout.decision import Rollout
from harness.rollout.halt import HaltRule
from harness.rollout.health import Assessment, assess
from harness.server.desk import Desk
from harness.server.store import Order, Store


@dataclass(frozen=True)
class Standing:
    """One roll-out."""

    product: str
    rollout: Rollout
    halted: Order | None
    health: Assessment
    offered: Sequence[float]
    """When each candidate host got its offer, in Unix time, rising."""

    def document(self) -> dict[str, Any]:
        """As plain data."""
        rule = self.rollout
        return {
            "product": self.product,
            "release": rule.release,
            "version": rule.version,
            "baseline": rule.baseline,
            "state": rule.state.value,
            "shares": {ring: str(share) for ring, share in rule.shares.items()},
            "halted": asdict(self.halted) if self.halted else None,
            "health": asdict(self.health),
        }


def standings(store: Store, now: float | None = None) -> tuple[list[Standing], HaltRule]:
    """All of them, and the rule by which they are judged. Takes a moment: every watched host is read."""
    desk, at, found = Desk.read(store), time.time() if now is None else now, list[Standing]()
    for product, rollouts in desk.rollouts.items():
        for rollout in rollouts:
            hosts = store.watched(rollout.release)
            health = assess(hosts, desk.settings.rule, at)
            offered = sorted(host.entered for host in hosts if host.candidate)
            found.append(Standing(product, rollout, desk.orders.get(rollout.release), health, offered))
    return found, desk.settings.rule
