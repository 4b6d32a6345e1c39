"""One self-contained HTML page. It needs no network, no script and no second file."""

import functools
from pathlib import Path, PurePath

import jinja2

from harness.model.gate import Gate
from harness.model.report import UNPROVEN, Outcome
from harness.reports import ending, facts, gathering, untested, waived, words
from harness.reports.excused import excused

TEMPLATE = "page.html.j2"
HERE = PurePath()


@functools.cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(seconds=words.seconds, megabytes=words.megabytes)
    return environment.get_template(TEMPLATE)


def render_page(gate: Gate, run: PurePath = HERE) -> str:
    """The page as HTML text. Every value is escaped: names and messages come from guests and backends.

    `run`: the run directory as commands on the page name it.
    """
    cells = facts.cell_facts(gate)
    required = [cell for cell in cells if cell.cell.required]
    return _template().render(
        gate=gate,
        candidate=gate.plan.candidate,
        cells=cells,
        required=required,
        required_passed=sum(cell.verdict.verdict == "PASS" for cell in required),
        missing=[cell for cell in cells if cell.report is None],
        columns=[words.PHASES[phase] for phase in facts.phase_columns(gate)],
        gathered=gathering.gathered,
        counted=[reason for reason in gate.reasons if reason.counted],
        advisory=[reason for reason in gate.reasons if not reason.counted and not reason.waived_by],
        waived=[reason for reason in gate.reasons if reason.waived_by],
        waiver_states=waived.STATES,
        by_cell={cell.cell.id: cell for cell in cells},
        repro=functools.partial(ending.repro_line, run=run),
        anchors={cell.cell.id: cell.anchor for cell in cells},
        counts=facts.outcome_counts(gate),
        unproven={outcome: facts.unproven(gate, outcome) for outcome in UNPROVEN},
        headline=facts.headline(gate),
        not_tested=untested.not_tested_line(gate),
        excused=excused(gate),
        notices=[notice(gate) for notice in facts.NOTICES if notice(gate)],
        meaning=words.MEANINGS[gate.verdict],
        Outcome=Outcome,
        signs=words.SIGNS,
        outcome_words=words.WORDS,
        plural=words.plural,
    )
