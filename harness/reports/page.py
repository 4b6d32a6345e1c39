"""One self-contained HTML page. It needs no network and no second file; its one script only searches and copies."""

import base64
import functools
import hashlib
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import jinja2
from markupsafe import Markup

from harness.model.context import Context
from harness.model.gate import Gate, Verdict
from harness.model.phases import PHASES
from harness.model.plural import plural
from harness.model.report import UNPROVEN, Outcome
from harness.reports import ending, facts, gathering, grid, news, notices, to_pass, untested, waived, words
from harness.reports.build import meta_of
from harness.reports.detail import LARGEST_PAGE, Detail, details
from harness.reports.excused import excused
from harness.reports.gathering import Gathered

if TYPE_CHECKING:
    from harness.signing.signatures import Signed

TEMPLATES = Path(__file__).with_name("templates")
HERE = PurePath()
FIRST = 8
"""Of any list, what stands open; the rest is a click away."""
UNFOLDED = 60
"""Cells whose phases stand open."""
NO_CONTEXT = Context()


@functools.cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(seconds=words.seconds, megabytes=words.megabytes)
    environment.globals.update(_fixed())
    return environment.get_template("page.html.j2")


def _fixed() -> dict[str, Any]:
    """What is the same on every page. Style and script are ours, so they are not escaped."""
    style = Markup((TEMPLATES / "style.css").read_text())  # noqa: S704
    script = Markup((TEMPLATES / "page.js").read_text())  # noqa: S704
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return {
        "style": style,
        "script": script,
        "script_digest": f"sha256-{digest}",
        "first": FIRST,
        "unfolded": UNFOLDED,
        "printed": grid.PRINTED,
        "gathered": gathering.gathered,
        "difference_line": news.difference_line,
        "slower": news.slower,
        "turn_words": news.TURNS,
        "waiver_states": waived.STATES,
        "Outcome": Outcome,
        "signs": words.SIGNS,
        "verdict_signs": words.VERDICT_SIGNS,
        "outcome_words": words.WORDS,
        "plural": plural,
    }


def render_page(
    gate: Gate,
    run: PurePath = HERE,
    context: Context = NO_CONTEXT,
    signatures: "Sequence[Signed]" = (),
) -> str:
    """The page as HTML text. Every value is escaped: names and messages come from guests and backends.

    `run`: the run directory as commands on the page name it. A gate of many cells has less of each, so that the page
    stays below `LARGEST_PAGE` bytes.
    """
    page = _Page(gate, run, context, signatures)
    text = ""
    for most in details(gate):
        text = page.text(most)
        if len(text.encode()) <= LARGEST_PAGE:
            break
    return text


class _Page:
    """What is worked out once, however often the page is tried."""

    def __init__(self, gate: Gate, run: PurePath, context: Context, signatures: "Sequence[Signed]") -> None:
        self._gate, self._run, self._context = gate, run, context
        self._cells = facts.cell_facts(gate)
        self._fixed = self._of_gate() | self._beside(signatures)

    def text(self, most: Detail) -> str:
        """The page with so much detail."""
        shown = [
            each
            for each in grid.by_severity(self._cells)
            if each.report and (most.passed or each.verdict.verdict is not Verdict.PASS)
        ][: most.cells]
        return _template().render(
            self._fixed,
            most=most,
            detailed={each.anchor for each in shown},
            short=functools.partial(_short, letters=most.letters),
        )

    def _of_gate(self) -> dict[str, Any]:
        gate, cells = self._gate, self._cells
        required = [each for each in cells if each.cell.required]
        causes = ending.first_causes(each for each in gate.reasons if each.counted)
        return {
            "gate": gate,
            "candidate": gate.plan.candidate,
            "cells": cells,
            "ranked": grid.by_severity(cells),
            "grid": grid.grid_of(cells),
            "cause": causes[0] if causes else None,
            "required": required,
            "required_passed": sum(each.verdict.verdict == "PASS" for each in required),
            "missing": [each for each in cells if each.report is None],
            "run_count": sum(each.report is not None for each in cells),
            "columns": [PHASES[phase].title for phase in facts.phase_columns(gate)],
            "counted": [reason for reason in gate.reasons if reason.counted],
            "advisory": [reason for reason in gate.reasons if not reason.counted and not reason.waived_by],
            "waived": [reason for reason in gate.reasons if reason.waived_by],
            "by_cell": {each.cell.id: each for each in cells},
            "anchors": {each.cell.id: each.anchor for each in cells},
            "repro": functools.partial(ending.repro_line, run=self._run),
            "steps": to_pass.steps(gate.reasons, self._run),
            "counts": facts.outcome_counts(gate),
            "unproven": {outcome: facts.unproven(gate, outcome) for outcome in UNPROVEN},
            "headline": facts.headline(gate),
            "not_tested": untested.not_tested_line(gate),
            "excused": excused(gate),
            "notices": [notice(gate) for notice in notices.NOTICES if notice(gate)],
            "meaning": words.MEANINGS[gate.verdict],
        }

    def _beside(self, signatures: "Sequence[Signed]") -> dict[str, Any]:
        baseline = self._context.baseline
        return {
            "signatures": signatures,
            "meta": meta_of(self._context, {}),
            "baseline": baseline,
            "news": news.news(baseline.difference.checks) if baseline else [],
            "fleet": self._context.fleet,
            "flaky": self._context.flaky,
            "age": self._age,
        }

    def _age(self, each: Gathered) -> str:
        return news.age_words(self._context.ages, each.reason.check, each.cells)


def _short(text: str, letters: int) -> str:
    return text if len(text) <= letters else f"{text[: letters - 1]}…"
