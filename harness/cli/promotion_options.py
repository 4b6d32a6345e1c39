"""What the commands of promotions have in common: whose key, which ledger, and how an answer is said."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from securesystemslib.signer import Signer

from harness.cli.ledger_options import ledger_at
from harness.cli.passphrase import passphrase
from harness.promotion.answer import Answer, of_refusal, of_request
from harness.promotion.denial import Refused
from harness.promotion.service import Outcome, Promotion
from harness.signing.signers import signer_of

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
    typer.Option(
        "--public-key", help="Public key (PEM) of a private key that is not a file.", show_default=False
    ),
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


def answered(act: Callable[[], Outcome], as_json: bool) -> int:
    """Say what became of a request. Exit code 0: done; 3: it waits; else what the refusal means."""
    return told(lambda: of_request(act()), as_json)


def told(act: Callable[[], Answer], as_json: bool) -> int:
    """Do it and say it, as one document or in lines; a refusal likewise."""
    try:
        answer = act()
    except Refused as refused:
        answer = of_refusal(refused)
    if as_json:
        typer.echo(json.dumps(answer.document, indent=1, ensure_ascii=False))
    else:
        for line in answer.lines:
            typer.echo(line)
    return answer.exit_code
