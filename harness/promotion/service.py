"""Promotions over a ledger: what commands and the server call.

Every change is a signed entry, judged in the transaction that appends it, on the very state that it is appended to. The
append is the moment of the decision: whatever ends a process before it, nothing happened; after it, nothing is lost.
"""

from securesystemslib.signer import Signer

from harness.model.errors import ConfigurationError
from harness.promotion.asking import policy_fits
from harness.promotion.entries import Founding
from harness.promotion.record import Outcome, now
from harness.promotion.requests import Requests
from harness.promotion.stops import Stops
from harness.promotion.tiers import Tiers
from harness.promotion.tiers_file import tiers_of

__all__ = ["Outcome", "Promotion", "now"]


class Promotion(Requests, Stops):
    """Everything that can be done. Raises `Refused` for what may not be, `ConfigurationError` for what is not there."""

    def found(self, tiers: str, policy: str, signer: Signer) -> Tiers:
        """Make the ledger, and its first entry."""
        read = tiers_of(tiers, "tiers.yaml")
        policy_fits(read, policy)
        self._ledger.create()
        with self._ledger.reading() as snapshot:
            if snapshot.size:
                raise ConfigurationError("there is a ledger already.", file=self._ledger.name)
        self._say(read, signer, Founding, tiers=tiers, policy=policy)
        return read
