"""`bvt promote` and what belongs to it: a candidate's way from tier to tier, and back."""

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.ending import ends
from harness.cli.ledger_options import JsonOption, LedgerOption
from harness.cli.promotion_options import (
    CandidateName,
    PublicHalf,
    ReasonOption,
    SignOption,
    TierOption,
    answered,
    person,
    promotion_at,
    told,
)
from harness.files import named_file, sha256_of
from harness.model.errors import ConfigurationError
from harness.promotion.answer import Answer, of_halt, of_rollback
from harness.promotion.entries import CandidateRef, HealthReport, Kind
from harness.promotion.service import now
from harness.signing.beside import FilesBeside
from harness.signing.bundle import BUNDLE_FILE


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (promote, approve, reject, halt, resume, rollback, health, change):
        app.command(command.__name__)(ends(command))
    app.command("raise")(ends(raise_))


def promote(
    candidate: Annotated[Path, typer.Argument(help="The installer file.", show_default=False)],
    to: Annotated[str, typer.Option("--to", help="Tier of tiers.yaml.", show_default=False)],
    sign: SignOption,
    gate: Annotated[
        Path | None,
        typer.Option(
            "--gate", help="Its signed gate: gate.intoto.jsonl, or the run directory.", show_default=False
        ),
    ] = None,
    kind: Annotated[Kind, typer.Option("--kind", help="What it is.")] = Kind.AGENT,
    ledger: LedgerOption = None,
    public_key: PublicHalf = None,
    reason: ReasonOption = "",
    as_json: JsonOption = False,
) -> int:
    """Promote CANDIDATE to a tier. While approvals or soak time are missing it waits: exit 3. Repeat it any time."""
    digest = sha256_of(named_file(candidate, "CANDIDATE"))
    bundle = None
    if gate is not None:
        bundle = named_file(gate / BUNDLE_FILE if gate.is_dir() else gate, "--gate").read_bytes()
    ref = CandidateRef(sha256=digest, kind=kind, name=candidate.name)
    return answered(
        lambda: promotion_at(ledger).promote(
            ref, to, bundle, person(sign, public_key), beside=FilesBeside(candidate.parent), reason=reason
        ),
        as_json,
    )


Request = Annotated[
    str,
    typer.Argument(
        help="Id of a request, its first characters, or the version of the only one that is open: bvt status.",
        show_default=False,
    ),
]


def approve(
    request: Request,
    sign: SignOption,
    ledger: LedgerOption = None,
    public_key: PublicHalf = None,
    reason: ReasonOption = "",
    as_json: JsonOption = False,
) -> int:
    """Approve a request. It is carried out at once if nothing else is missing."""
    act = promotion_at(ledger).approve
    return answered(lambda: act(request, person(sign, public_key), reason), as_json)


def reject(
    request: Request,
    sign: SignOption,
    ledger: LedgerOption = None,
    public_key: PublicHalf = None,
    reason: ReasonOption = "",
    as_json: JsonOption = False,
) -> int:
    """Reject a request, or withdraw your own."""
    act = promotion_at(ledger).reject
    return answered(lambda: act(request, person(sign, public_key), reason), as_json)


def halt(
    candidate: CandidateName,
    tier: TierOption,
    sign: SignOption,
    ledger: LedgerOption = None,
    public_key: PublicHalf = None,
    reason: ReasonOption = "",
    as_json: JsonOption = False,
) -> int:
    """Stop the roll-out of CANDIDATE to further hosts. One person is enough; to resume takes approvals."""
    act = promotion_at(ledger).halt
    return told(lambda: of_halt(act(candidate, tier, person(sign, public_key), reason)), as_json)


def resume(
    candidate: CandidateName,
    tier: TierOption,
    sign: SignOption,
    ledger: LedgerOption = None,
    public_key: PublicHalf = None,
    reason: ReasonOption = "",
    as_json: JsonOption = False,
) -> int:
    """Request that a halted roll-out goes on."""
    act = promotion_at(ledger).resume
    return answered(lambda: act(candidate, tier, person(sign, public_key), reason), as_json)


def raise_(
    candidate: CandidateName,
    tier: TierOption,
    to: Annotated[str, typer.Option("--to", help="The next step of the tier, like 5%.", show_default=False)],
    sign: SignOption,
    ledger: LedgerOption = None,
    public_key: PublicHalf = None,
    reason: ReasonOption = "",
    as_json: JsonOption = False,
) -> int:
    """Request a larger share of a tier's hosts."""
    percent = _percent(to)
    act = promotion_at(ledger).raise_to
    return answered(lambda: act(candidate, tier, percent, person(sign, public_key), reason), as_json)


def _percent(text: str) -> float:
    try:
        found = float(text.removesuffix("%").strip())
    except ValueError:
        found = 0
    if not 0 < found <= 100:
        raise ConfigurationError(f"{text!r} is no share of hosts.", key="--to", hint="Write it like 5%.")
    return found


def rollback(
    candidate: CandidateName,
    tier: TierOption,
    sign: SignOption,
    to: Annotated[
        str | None,
        typer.Option(
            "--to", help="Version to go back to.", show_default="the newest that was shown to be a way back"
        ),
    ] = None,
    ledger: LedgerOption = None,
    public_key: PublicHalf = None,
    reason: ReasonOption = "",
    as_json: JsonOption = False,
) -> int:
    """Roll hosts back to an earlier version whose upgrade and downgrade passed; refused if there is none."""
    act = promotion_at(ledger).roll_back
    return told(lambda: of_rollback(act(candidate, tier, person(sign, public_key), to, reason)), as_json)


def health(
    candidate: CandidateName,
    tier: TierOption,
    sign: SignOption,
    hosts: Annotated[int, typer.Option("--hosts", min=0, help="Hosts that run it.", show_default=False)],
    host_hours: Annotated[
        float,
        typer.Option(
            "--host-hours",
            min=0,
            max=1e12,
            help="Hours that they ran it, since it came.",
            show_default=False,
        ),
    ],
    crashed: Annotated[int, typer.Option("--crashed", min=0, help="Hosts on which it crashed.")] = 0,
    silent: Annotated[int, typer.Option("--silent", min=0, help="Hosts that no longer report.")] = 0,
    uninstalled: Annotated[int, typer.Option("--uninstalled", min=0, help="Hosts that removed it.")] = 0,
    ledger: LedgerOption = None,
    public_key: PublicHalf = None,
    as_json: JsonOption = False,
) -> int:
    """Report the health of a tier's hosts, where no `bvt serve` reports it."""

    def act() -> Answer:
        promotion = promotion_at(ledger)
        placement = promotion.placement(promotion.board(), candidate, tier)
        report = HealthReport(
            by="-",
            at=now(),
            candidate=placement.candidate.sha256,
            tier=tier,
            hosts=hosts,
            host_hours=host_hours,
            crashed=crashed,
            silent=silent,
            uninstalled=uninstalled,
        )
        promotion.report_health(report, person(sign, public_key))
        return Answer({"state": "reported"}, [f"REPORTED: {hosts} hosts, {host_hours:g} host hours"])

    return told(act, as_json)


def change(
    file: Annotated[Path, typer.Argument(help="The configuration or content itself.", show_default=False)],
    hosts: Annotated[int, typer.Option("--hosts", min=1, help="Hosts that it goes to.", show_default=False)],
    sign: SignOption,
    kind: Annotated[Kind, typer.Option("--kind", help="What it is.")] = Kind.CONFIGURATION,
    ledger: LedgerOption = None,
    public_key: PublicHalf = None,
    reason: ReasonOption = "",
    as_json: JsonOption = False,
) -> int:
    """Record a change to a few hosts. One that reaches more than action_hosts hosts in total is a release: refused."""

    def act() -> Answer:
        ref = CandidateRef(sha256=sha256_of(named_file(file, "FILE")), kind=kind, name=file.name)
        promotion_at(ledger).change(ref, hosts, person(sign, public_key), reason)
        return Answer({"state": "recorded"}, [f"RECORDED: {file.name} may go to {hosts} hosts"])

    return told(act, as_json)
