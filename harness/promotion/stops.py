"""What takes no request: a halt, a way back, a report of health, a small change."""

from harness.promotion.acting import Who
from harness.promotion.appending import Appending
from harness.promotion.board import Placement
from harness.promotion.denial import Refused
from harness.promotion.entries import CandidateRef, Change, Halt, HealthReport, Rollback
from harness.promotion.rules import no_way_back, returns


class Stops(Appending):
    """What one person may do."""

    def halt(self, sha256: str, tier: str, who: Who, reason: str = "") -> Placement:
        """Let nobody else have it. One person is enough."""
        board = self.board()
        candidate = self.placement(board, sha256, tier).candidate.sha256
        self._say(board.rules, who, Halt, candidate=candidate, tier=tier, reason=reason)
        return self.placement(self.board(), candidate, tier)

    def roll_back(
        self, sha256: str, tier: str, who: Who, to: str | None = None, reason: str = ""
    ) -> Placement:
        """Send hosts back to a version that was shown to be a way back: `to`, or the newest. Raises `Refused`."""
        board = self.board()
        placement = self.placement(board, sha256, tier)
        ways = returns(board, placement)
        if to is None and not ways:
            raise Refused([no_way_back(placement)])
        target = ways[0].candidate.sha256 if to is None else self.placement(board, to, tier).candidate.sha256
        candidate = placement.candidate.sha256
        self._say(board.rules, who, Rollback, candidate=candidate, tier=tier, to=target, reason=reason)
        return self.placement(self.board(), candidate, tier)

    def report_health(self, report: HealthReport, who: Who) -> None:
        """Record how the hosts of a tier fare; `by` and `at` of the report are filled in here."""
        fields = report.model_dump(exclude={"by", "at", "via", "action"})
        self._say(self.board().rules, who, HealthReport, **fields)

    def change(self, candidate: CandidateRef, hosts: int, who: Who, reason: str = "") -> None:
        """Record a configuration change that reaches few hosts. Raises `Refused` if it is a release."""
        self._say(self.board().rules, who, Change, candidate=candidate, hosts=hosts, reason=reason)
