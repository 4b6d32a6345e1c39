"""How an entry comes into the ledger: signed, judged on the newest state, and appended to that very state."""

from collections.abc import Mapping
from typing import Any

from harness.promotion.acting import Who, name_and_via, signer_of_who
from harness.promotion.denial import Cause, Refused, deny
from harness.promotion.entries import Entry, EntryError, Request, What, entry_id, read_entry, signed
from harness.promotion.gates import Gates
from harness.promotion.replay import replay
from harness.promotion.rules import SKEW, judge
from harness.promotion.tiers import Tiers


class Appending(Gates):
    """A ledger, written."""

    def submit(
        self, body: bytes, bundle: bytes | None = None, beside: Mapping[str, str] | None = None
    ) -> str:
        """Append an entry that somebody has signed, here or elsewhere; its id.

        `bundle`: for the request of a promotion the signed gate, which is verified before. Raises `Refused`.
        """
        try:
            entry, envelope = read_entry(body)
        except EntryError as error:
            raise Refused([deny(Cause.FORM, str(error))]) from None
        if entry.at > self._clock() + SKEW:
            raise Refused(
                [deny(Cause.TIME, "The entry is signed for a time to come.", "Set the clock right.")]
            )
        if isinstance(entry, Request) and entry.what is What.PROMOTE:
            self._verify_request(entry, bundle, beside)
        with self._ledger.writing() as writer:
            board = replay(writer.bodies(), self._clock())
            if denials := judge(board, entry, envelope, entry_id(body)):
                raise Refused(denials)
            if bundle is not None:
                writer.attach(bundle)
            writer.append([body])
        return entry_id(body)

    def _say(
        self,
        rules: Tiers,
        who: Who,
        kind: type[Entry],
        /,
        *,
        bundle: bytes | None = None,
        beside: Mapping[str, str] | None = None,
        **fields: Any,
    ) -> str:
        """Make an entry of this kind, sign and submit it; its id."""
        by, via = name_and_via(rules, who)
        entry = kind(by=by, via=via, at=self._clock(), **fields)
        return self.submit(signed(entry, signer_of_who(who)), bundle, beside)
