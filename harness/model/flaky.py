"""Checks that are known to fail now and then: said wherever seen, for a time that ends. They let nothing pass."""

from typing import Annotated

from pydantic import AwareDatetime, Field

from harness.model.base import Frozen, NotEmpty


class KnownFlaky(Frozen):
    """One check, in the cells that these patterns match."""

    check: NotEmpty
    cells: tuple[NotEmpty, ...] = Field(default=("*",), min_length=1, description="patterns on cell ids")
    reason: Annotated[str, Field(min_length=1, max_length=1000)]
    issue: Annotated[str, Field(pattern=r"^https?://\S+$")]
    owner: NotEmpty = Field(description="who mends it")
    expires: AwareDatetime


class FlakyNote(Frozen):
    """What a known flaky check came to in a gate."""

    known: KnownFlaky
    expired: bool
    passed: int = Field(default=0, ge=0, description="cells in which it passed")
    unproven: int = Field(default=0, ge=0, description="cells in which it has no result that proves anything")
    failed: tuple[str, ...] = Field(default=(), description="cells in which it failed")

    @property
    def concerns(self) -> bool:
        """Whether any cell of the gate has the check."""
        return bool(self.passed or self.unproven or self.failed)

    def __str__(self) -> str:
        known = self.known
        until = f"known until {known.expires:%Y-%m-%d}"
        if self.expired:
            until = f"EXPIRED on {known.expires:%Y-%m-%d}: mend it, or have it looked at again"
        came = []
        if self.failed:
            more = f" and {len(self.failed) - 3} more" if len(self.failed) > 3 else ""
            came.append(f"failed in {', '.join(self.failed[:3])}{more}")
        if self.passed:
            came.append(f"passed in {self.passed} cell{'s' if self.passed > 1 else ''}")
        if self.unproven:
            came.append(f"not proven in {self.unproven}")
        here = ", ".join(came) or "no cell of this gate has it"
        return (
            f"Flaky {known.check} ({until}; {known.owner}): {here}. {known.reason.rstrip('.')}. {known.issue}"
        )
