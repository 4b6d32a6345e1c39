"""A signed gate verified offline, against the bare signature checks of its lines with `cryptography`.

What is on top of the peer is everything else: reading, binding the lines to the plan, and making the verdict anew from
the signed results. Cells have 30 checks each, two of them not applicable, as the reference agent's on Wine.
"""

import base64
import gc
import json
import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from securesystemslib.signer import CryptoSigner

from bench.measure import Result, seconds
from harness.gate.verdict import judge
from harness.model.candidate import Candidate, InstallerKind, Signature
from harness.model.gate import Gate
from harness.model.matrix import Requirement
from harness.model.plan import Cell, Plan
from harness.model.report import Attempt, CellReport, CheckResult, Outcome, Phase
from harness.model.substrate import GuestSystem, Substrate
from harness.model.windows import WindowsVersion
from harness.signing.bundle import make_bundle
from harness.signing.keys import TrustedKey
from harness.signing.verification import Demand, verify_bundle

SIZES = (1_000, 10_000)
RUNS = 3
RUN, NOW = "20260101-120000-abcd", datetime(2026, 1, 1, 12, tzinfo=UTC)
PHASES = (Phase.MACHINE, Phase.INSTALL, Phase.CHECK_IN, Phase.FUNCTIONS, Phase.UNINSTALL, Phase.RESIDUE)
CHECKS = tuple(f"{PHASES[1 + number % 5].value}.check_{number:02d}" for number in range(30))
UNPROVEN = CHECKS[5:7]


def measure() -> Iterator[Result]:
    signer = CryptoSigner.generate_ed25519()
    for size in SIZES:
        bundle = make_bundle(a_gate(size), "0" * 64, signer, now=NOW)
        demand = Demand("ab" * 32, [TrustedKey.of(signer.public_key)], NOW + timedelta(hours=1))
        ours, theirs = [], []
        before = time.process_time()
        _accepted(bundle, demand)
        used = time.process_time() - before
        for _ in range(RUNS):
            ours.append(seconds(lambda b=bundle, d=demand: _accepted(b, d)))  # type: ignore[misc]
            theirs.append(seconds(lambda b=bundle: _signatures(b, signer)))  # type: ignore[misc]
        mine, peer = statistics.median(ours), statistics.median(theirs)
        yield Result(
            f"verify_{size}_cells",
            round(mine, 3),
            "bare signature checks",
            round(peer, 3),
            round(peer / mine, 2),
            f"{len(bundle) / 1e6:.1f} MB, {len(CHECKS)} checks a cell; {used:.3f} s of processor time",
        )


def _accepted(bundle: bytes, demand: Demand) -> None:
    gc.disable()  # as the command does
    found = verify_bundle(bundle, demand)
    gc.enable()
    assert found.accepted, found.refusals[:3]


def _signatures(bundle: bytes, signer: CryptoSigner) -> None:
    private: Any = signer._private_key
    key = private.public_key()
    for line in bundle.splitlines():
        envelope = json.loads(line)
        payload, kind = base64.b64decode(envelope["payload"]), envelope["payloadType"].encode()
        signature = base64.b64decode(envelope["signatures"][0]["sig"])
        key.verify(signature, b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload))


def a_gate(size: int) -> Gate:
    plan = Plan(
        candidate=Candidate(
            path=Path("agent.msi"),
            sha256="ab" * 32,
            size=1,
            kind=InstallerKind.MSI,
            version="1.2.3",
            product_name="Example Agent",
            signature=Signature(present=True),
        ),
        profile="reference",
        profile_sha256="1" * 64,
        matrix_sha256="2" * 64,
        checks_sha256="3" * 64,
        pool="embedded",
        cells=tuple(_cell(number) for number in range(size)),
    )
    digest = plan.digest
    judgement = judge(plan, RUN, [_report(cell, digest) for cell in plan.cells])
    return Gate(
        run_id=RUN,
        created=NOW,
        harness_version="0",
        plan=plan,
        plan_digest=digest,
        verdict=judgement.verdict,
        reasons=judgement.reasons,
        cells=tuple(each.model_copy(update={"report_sha256": "4" * 64}) for each in judgement.cells),
        duration_s=1,
    )


def _cell(number: int) -> Cell:
    return Cell(
        id=f"image-{number}/fresh",
        image=f"image-{number}",
        windows=WindowsVersion(
            product_name="Windows 11 Pro", major=10, minor=0, build=26100, display_version="24H2"
        ),
        scenario="fresh",
        phases=PHASES,
        requirement=Requirement.REQUIRED,
        substrates=(Substrate.WINE,),
        checks=CHECKS,
    )


def _report(cell: Cell, digest: str) -> CellReport:
    return CellReport(
        run_id=RUN,
        plan_digest=digest,
        cell_id=cell.id,
        substrate=Substrate.WINE,
        guest_system=GuestSystem.WINE,
        image="wine",
        image_digest="sha256:" + "c" * 64,
        began=NOW - timedelta(minutes=1),
        ended=NOW,
        attempts=(Attempt(number=1, machine_id="m", began=NOW, outcome=Outcome.PASSED),),
        checks=tuple(_result(check) for check in CHECKS),
    )


def _result(check: str) -> CheckResult:
    unproven = check in UNPROVEN
    return CheckResult(
        check=check,
        title=f"Title of {check}",
        phase=Phase(check.partition(".")[0]),
        outcome=Outcome.NOT_APPLICABLE if unproven else Outcome.PASSED,
        message="Wine has no packet filter; the firewall registry key is storage only" if unproven else "",
        duration_s=0.1,
    )
