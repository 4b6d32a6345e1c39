"""The gate of the release that is out, as the ledger has it: what a new candidate is compared with."""

from datetime import datetime

from harness.gate.differences import difference
from harness.model.context import Baseline, Shipped
from harness.model.gate import Gate
from harness.promotion.board import Placement
from harness.promotion.ledger.store import Ledger
from harness.promotion.service import Promotion, now
from harness.signing.gate_in import gate_in


def shipped_baseline(ledger: Ledger, gate: Gate, at: datetime | None = None) -> Baseline | None:
    """The newest other release of the same product in the widest tier that has one; None if nothing is out.

    Its gate was verified again by the ledger's rules. Raises `HarnessError` for a ledger that cannot be read.
    """
    promotion = Promotion(ledger, clock=now if at is None else lambda: at)
    candidate = gate.plan.candidate
    for tier in reversed(promotion.board().rules.tiers):
        for place in promotion.released(tier.name):
            record, it = place.asked.request.gate, place.candidate
            if it.sha256 == candidate.sha256 or it.name != candidate.product_name or record is None:
                continue
            with ledger.reading() as snapshot:
                bundle = snapshot.attachment(record.bundle_sha256)
            if bundle is not None:
                earlier = gate_in(bundle, ledger.name)
                return Baseline(
                    source=ledger.name,
                    verified=True,
                    shipped=_shipped(place),
                    difference=difference(earlier, gate),
                )
    return None


def _shipped(place: Placement) -> Shipped:
    health = place.health
    if health is None:
        return Shipped(tier=place.tier, percent=place.percent)
    return Shipped(
        tier=place.tier,
        percent=place.percent,
        hosts=health.hosts,
        host_hours=health.host_hours,
        crashed=health.crashed,
        silent=health.silent,
        uninstalled=health.uninstalled,
    )
