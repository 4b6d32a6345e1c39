"""Who signed what in a bundle, to be shown. Nothing is verified here: `bvt gate verify` does that."""

from dataclasses import dataclass

from harness.model.plural import plural
from harness.signing.bundle import WAIVER_TYPE
from harness.signing.reading import read_contents, read_envelopes


@dataclass(frozen=True)
class Signed:
    """One key id, and what carries its signature."""

    keyid: str
    what: str
    """In words: `the plan, 488 cells, the seal, 2 summaries (gate: PASS, beta: FAIL)`."""
    whole: bool
    """Whether it is on every line that the gate signs."""


def signed_by(bundle: bytes) -> tuple[Signed, ...]:
    """Each key id of the bundle with what it signed, in the order of the lines; empty for what is no bundle."""
    envelopes, refusals = read_envelopes(bundle)
    contents, more = read_contents(envelopes)
    if refusals or more:
        return ()
    names = {1: "plan"} | {statement.line: "cell" for statement, _ in contents.cells}
    names |= {number: "waiver" for number, _ in contents.waivers}
    summaries = {statement.line: claim for statement, claim in [*contents.vsas, *contents.svrs]}
    lines: dict[str, list[int]] = {}
    for number, envelope in enumerate(envelopes, 1):
        for keyid in envelope.signatures:
            lines.setdefault(keyid, []).append(number)
    of_gate = {number for number, envelope in enumerate(envelopes, 1) if envelope.payload_type != WAIVER_TYPE}
    found = []
    for keyid, mine in lines.items():
        kinds = [names.get(number, "") for number in mine]
        parts = ["the plan"] if "plan" in kinds else []
        parts += [plural(kinds.count(kind), kind) for kind in ("cell", "waiver") if kind in kinds]
        said = {
            f"{claim.tier or 'gate'}: {claim.verdict.value}": None
            for number, claim in summaries.items()
            if number in mine
        }
        parts += (
            ["the seal"] if any(number not in names and number not in summaries for number in mine) else []
        )
        parts += [f"the summary of {', '.join(said)}"] if said else []
        found.append(Signed(keyid, ", ".join(parts), of_gate <= set(mine)))
    return tuple(found)
