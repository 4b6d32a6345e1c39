"""What takes no request: a halt, a way back, a report of health, a small change."""

from harness.promotion.acting import Who
from harness.promotion.appending import Appending
from harness.promotion.board import Board, Placement
from harness.promotion.denial import Denial, Refused
from harness.promotion.entries import CandidateRef, Change, Halt, HealthReport, Rollback
from harness.promotion.returning import before_it, no_way_back, returns, what_lacks


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
        ways = [each.candidate.sha256 for each in returns(board, placement)]
        wanted = self.placement(board, to, tier).candidate.sha256 if to is not None else ""
        if not placement.returned_to and (not ways or (wanted and wanted not in ways)):
            raise Refused(self.why_no_way(board, placement, wanted))
        target = wanted or next(iter(ways), placement.returned_to)
        candidate = placement.candidate.sha256
        self._say(board.rules, who, Rollback, candidate=candidate, tier=tier, to=target, reason=reason)
        return self.placement(self.board(), candidate, tier)

    def why_no_way(self, board: Board, placement: Placement, to: str = "") -> list[Denial]:
        """That there is no way back, and for each version that was there before, what its proof lacks."""
        earlier = [each for each in before_it(board, placement) if to in ("", each.candidate.sha256)]
        shown = {each.release.sha256: each for each in self._ways_back(placement)}
        lacking = [what_lacks(placement, each, shown.get(each.candidate.sha256)) for each in earlier]
        return [no_way_back(placement, to), *lacking]

    def report_health(self, report: HealthReport, who: Who) -> None:
        """Record how the hosts of a tier fare; `by` and `at` of the report are filled in here."""
        fields = report.model_dump(exclude={"by", "at", "via", "action"})
        self._say(self.board().rules, who, HealthReport, **fields)

    def change(self, candidate: CandidateRef, hosts: int, who: Who, reason: str = "") -> None:
        """Record a configuration change that reaches few hosts. Raises `Refused` if it is a release."""
        self._say(self.board().rules, who, Change, candidate=candidate, hosts=hosts, reason=reason)
