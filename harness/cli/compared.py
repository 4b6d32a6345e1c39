"""Gates to compare: a run directory, its gate.json, or a bundle; and what a page shows of the comparison."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.files import named_file
from harness.gate.artifact import GATE_FILE, read_gate
from harness.gate.differences import difference
from harness.gate.flaky import flaky_notes
from harness.gate.policy import Evidence, coverage_of
from harness.model.context import Age, Baseline, Fleet
from harness.model.errors import ConfigurationError, HarnessError
from harness.model.gate import Gate
from harness.reports.build import meta_of
from harness.reports.publish import read_context, write_context, write_page
from harness.signing.bundle import BUNDLE_FILE
from harness.signing.gate_in import gate_in
from harness.signing.policy_file import LoadedPolicy

if TYPE_CHECKING:
    from harness.history.store import History

BaselineOption = Annotated[
    Path | None,
    typer.Option(
        "--baseline",
        help="Show on the page what is new since this gate: a run directory, a gate.json, or a bundle.",
        show_default=False,
    ),
]
MetaOption = Annotated[
    list[str] | None,
    typer.Option(
        "--meta",
        help="KEY=VALUE to show on the page: owner, contact, commit, build …; may be repeated.",
        show_default=False,
    ),
]

ShippedOption = Annotated[
    str | None,
    typer.Option(
        "--ledger",
        envvar="BVT_LEDGER",
        help="Without --baseline: compare with the release that this ledger has shipped.",
        show_default=False,
    ),
]
HistoryOption = Annotated[
    str | None,
    typer.Option(
        "--history",
        envvar="BVT_HISTORY",
        help="Record the results, and say since when each failure is there: a file, or postgresql://USER@HOST/DATABASE.",
        show_default=False,
    ),
]


def gate_at(place: Path) -> Gate:
    """The gate of a run directory, a gate.json or a bundle, told apart by name and content.

    Raises `ConfigurationError` for what is none.
    """
    if place.is_dir() and not (place / GATE_FILE).is_file() and (place / BUNDLE_FILE).is_file():
        place = place / BUNDLE_FILE
    if place.is_file() and place.suffix == ".jsonl":
        return gate_in(named_file(place, str(place)).read_bytes(), str(place))
    return read_gate(place)


@dataclass(frozen=True)
class Showing:
    """What the page shall show beside the gate. Read before anything is done, so that a mistake costs no run."""

    meta: dict[str, str]
    baseline: tuple[str, Gate] | None
    history: "History | None" = None
    ledger: str | None = None
    """Whose shipped release the gate is compared with, where no baseline is named."""

    @classmethod
    def asked_for(
        cls,
        meta: Sequence[str] | None,
        baseline: Path | None,
        history: str | None = None,
        ledger: str | None = None,
    ) -> "Showing":
        """Read what the options name. Raises `ConfigurationError`."""
        found: dict[str, str] = {}
        for each in meta or ():
            name, equals, value = each.partition("=")
            if not equals or not name.strip() or not value.strip():
                raise ConfigurationError(f"--meta takes KEY=VALUE, not {each!r}.")
            found[name.strip().lower()] = value.strip()
        earlier = (str(baseline), gate_at(baseline)) if baseline else None
        if not history:
            return cls(found, earlier, ledger=ledger)
        from harness.history.store import History  # SQL takes a moment to load

        return cls(found, earlier, History(history), ledger)

    def show(self, run: Path, gate: Gate, policy: LoadedPolicy | None = None) -> None:
        """Write it beside the run's gate, and the page anew. What was written before and is not named now stays."""
        context = read_context(run)
        changes: dict[str, object] = {"meta": meta_of(context, os.environ) | self.meta}
        if self.baseline:
            source, earlier = self.baseline
            changes["baseline"] = Baseline(source=source, difference=difference(earlier, gate))
        elif self.ledger and (shipped := self._shipped(self.ledger, gate)):
            changes["baseline"] = shipped
        if self.history is not None:
            changes["ages"] = self._ages(self.history, gate)
        if policy is not None:
            changes["flaky"] = flaky_notes(policy.policy.flaky, gate.cells, datetime.now(UTC))
        if policy is not None and policy.policy.fleet:
            evidence = Evidence(gate.plan, gate.cells, gate.waivers, None, datetime.now(UTC))
            found = coverage_of(policy.policy, evidence)
            changes["fleet"] = Fleet(
                policy=policy.policy.name,
                percent=found.percent,
                uncovered=found.uncovered,
                unknown=found.unknown,
            )
        wanted = context.model_copy(update=changes)
        if wanted != context:
            write_context(run, wanted)
        write_page(run, gate)

    @staticmethod
    def _ages(history: "History", gate: Gate) -> tuple[Age, ...]:
        """The run is over and judged: a history that cannot be written is said, and costs nothing else."""
        try:
            history.append(gate)
            return history.ages(gate.plan.profile, gate.plan.pool, gate.run_id)
        except (HarnessError, OSError) as error:
            typer.echo(f"bvt: the history was not kept: {error}", err=True)
            return ()

    @staticmethod
    def _shipped(ledger: str, gate: Gate) -> Baseline | None:
        from harness.cli.shipped import shipped_baseline
        from harness.promotion.ledger.store import Ledger

        try:
            return shipped_baseline(Ledger(ledger), gate)
        except HarnessError as error:
            typer.echo(f"bvt: not compared with what is shipped: {error}", err=True)
            return None
