"""The gate that a bundle tells of, to be compared with another. It is read, not verified."""

from harness.gate.verdict import judge
from harness.model.errors import ConfigurationError
from harness.model.gate import Gate
from harness.signing.reading import Statement, read_contents, read_envelopes
from harness.signing.since import gate_of


def gate_in(bundle: bytes, file: str) -> Gate:
    """Plan, cells and results as the statements have them, judged anew without waivers.

    A bundle holds neither times of phases nor evidence. Raises `ConfigurationError` for one that cannot be read.
    """
    envelopes, refusals = read_envelopes(bundle)
    contents, more = read_contents(envelopes)
    plan, seal = contents.plan, contents.seal
    if refusals or more or plan is None or seal is None:
        why = str([*refusals, *more][0]) if refusals or more else "it has no plan."
        raise ConfigurationError(f"this bundle cannot be read: {why}", file=file)
    reports = [claim.report(_passed(statement)) for statement, claim in contents.cells]
    found = judge(plan.plan, plan.run_id, reports, plan_digest=plan.plan_digest, merged=seal.merged)
    return gate_of(plan, seal, found)


def _passed(statement: Statement) -> tuple[str, ...]:
    passed = statement.predicate.get("passedTests")
    return tuple(str(check) for check in passed) if isinstance(passed, list) else ()
