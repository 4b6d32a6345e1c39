"""What the commands of promotions have in common: whose key, which ledger, and how an answer is said."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any

import typer
from securesystemslib.signer import Signer

from harness.cli.ledger_options import ledger_at
from harness.cli.passphrase import passphrase
from harness.model.gate import EXIT_CODES, Verdict
from harness.promotion.board import State
from harness.promotion.denial import Denial, Refused
from harness.promotion.service import Outcome, Promotion
from harness.signing.keys import signer_of

SignOption = Annotated[
    str,
    typer.Option(
        "--sign",
        envvar="BVT_PERSON_KEY",
        help="Your private key: a PEM file, or a URI (hsm:, awskms:, …).",
        show_default=False,
    ),
]
PublicHalf = Annotated[
    Path | None,
    typer.Option("--public-key", help="Public half of a key that is no file, in PEM.", show_default=False),
]
ReasonOption = Annotated[
    str, typer.Option("--reason", help="Why; it stays on the record.", show_default=False)
]
TierOption = Annotated[str, typer.Option("--tier", help="Tier of tiers.yaml.", show_default=False)]
CandidateName = Annotated[
    str,
    typer.Argument(
        help="Version, or the first characters of the SHA-256, of one in the tier.", show_default=False
    ),
]


def promotion_at(ledger: str | None) -> Promotion:
    """Promotions over the ledger that is named."""
    return Promotion(ledger_at(ledger))


def person(sign: str, public_key: Path | None) -> Signer:
    """Who signs."""
    return signer_of(sign, passphrase, public_key)


def answered(act: Callable[[], Outcome], did: str, as_json: bool) -> int:
    """Say what became of a request. Exit code 0: done; 3: it waits; else what the refusal means."""
    return told(lambda: _outcome(act(), did), as_json)


def told(act: Callable[[], tuple[dict[str, Any], list[str], Verdict]], as_json: bool) -> int:
    """Do it and say it, as one document or in lines; a refusal likewise."""
    try:
        document, lines, verdict = act()
    except Refused as refused:
        document = {"state": "refused", "because": denied(refused.denials)}
        lines = [f"REFUSED: {each.text}" for each in refused.denials] + remedies(refused.denials)
        verdict = refused.verdict
    if as_json:
        document["exit_code"] = EXIT_CODES[verdict]
        typer.echo(json.dumps(document, indent=1, ensure_ascii=False))
    else:
        for line in lines:
            typer.echo(line)
    return EXIT_CODES[verdict]


def _outcome(found: Outcome, did: str) -> tuple[dict[str, Any], list[str], Verdict]:
    asked = found.asked
    document: dict[str, Any] = {"state": asked.state.value, "request": asked.id, "waits": denied(found.waits)}
    if asked.state is State.DONE:
        return document, [did], Verdict.PASS
    if asked.state is State.REJECTED:
        return document, [f"REJECTED: request {asked.id[:12]}"], Verdict.PASS
    lines = [f"WAITS: request {asked.id[:12]}"]
    lines += [f"  {each.text}" for each in found.waits] + remedies(found.waits)
    worst = Refused(found.waits).verdict if found.waits else Verdict.INCOMPLETE
    return document, lines, worst


def denied(denials: Iterable[Denial]) -> list[dict[str, Any]]:
    """For scripts."""
    return [each.model_dump(mode="json") for each in denials]


def remedies(denials: Iterable[Denial]) -> list[str]:
    """What would take them away, each once."""
    return [f"To go on: {remedy}" for remedy in dict.fromkeys(each.remedy for each in denials if each.remedy)]
