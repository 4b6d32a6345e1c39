"""What signing a run takes: a key, a policy, waivers. Shared by `bvt run` and `bvt gate`."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from securesystemslib.signer import Signer

from harness.cli.passphrase import passphrase
from harness.gate.artifact import publish
from harness.gate.waivers import waived_gate
from harness.model.errors import ConfigurationError
from harness.model.gate import Gate
from harness.reports.publish import write_reports
from harness.signing.bundle import sign_run
from harness.signing.envelope import Envelope
from harness.signing.keys import TrustedKey, read_public_keys
from harness.signing.policy_file import LoadedPolicy, load_policy
from harness.signing.signers import signer_of
from harness.signing.tiers import believed_waivers, tier_summaries
from harness.signing.waiver_files import read_waivers

PublicHalf = Annotated[
    Path | None,
    typer.Option(
        "--public-key",
        envvar="BVT_SIGN_PUBLIC_KEY",
        help="Public key (PEM) of a private key that is not a file.",
        show_default=False,
    ),
]
KeyOption = Annotated[
    str | None,
    typer.Option(
        "--sign",
        envvar="BVT_SIGN_KEY",
        help="Sign the gate with this private key: a PEM file, or a URI (hsm:, awskms:, gcpkms: …).",
        show_default=False,
    ),
]
PolicyOption = Annotated[
    Path | None,
    typer.Option(
        "--policy", help="gate-policy.yaml, bare or signed: what each tier asks for.", show_default=False
    ),
]
PolicyKeyOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--policy-key",
        help="Public key that must have signed the policy; may be repeated.",
        show_default=False,
    ),
]
WaiversOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--waivers",
        help="Signed waiver, or folder of *.waiver files; may be repeated.",
        show_default=False,
    ),
]


@dataclass(frozen=True)
class Judging:
    """By what a gate is judged: read before anything is done, so that a mistake in it costs no run."""

    policy: LoadedPolicy | None
    waivers: tuple[Envelope, ...]
    signer: Signer | None

    @classmethod
    def asked_for(
        cls,
        policy: Path | None,
        policy_keys: Sequence[Path] | None,
        waivers: Sequence[Path] | None,
        key: str | None,
        public_key: Path | None,
    ) -> "Judging":
        """Read the files and the key. Raises `ConfigurationError`, also for a waiver not believed."""
        loaded = read_policy(policy, policy_keys)
        envelopes = tuple(read_waivers(list(waivers or ())))
        if envelopes and loaded is None:
            raise ConfigurationError(
                "waivers count only with the policy that names their approvers.",
                hint="Give it with --policy.",
            )
        if loaded is not None:
            believed_waivers(envelopes, loaded)
        return cls(loaded, envelopes, signer_of(key, passphrase, public_key) if key is not None else None)

    def judged(self, run: Path, gate: Gate) -> Gate:
        """The gate with these waivers, published anew if they change it, and signed. Raises `OSError`.

        What a smart card or a key service raises is a `ConfigurationError`.
        """
        now = datetime.now(UTC)
        if self.policy is not None and (self.waivers or gate.waivers):
            gate = waived_gate(gate, believed_waivers(self.waivers, self.policy), now)
            publish(run, gate)
            write_reports(run, gate, os.environ)
        if self.signer is not None:
            summaries = tier_summaries(gate, self.policy, now) if self.policy else ()
            sign_run(run, self.signer, summaries, now=now, waivers=self.waivers)
        return gate


def read_policy(policy: Path | None, policy_keys: Sequence[Path] | None) -> LoadedPolicy | None:
    """The policy, if one is named. Raises `ConfigurationError`."""
    keys: list[TrustedKey] = read_public_keys(list(policy_keys or ()), "--policy-key")
    if policy is None:
        if keys:
            raise ConfigurationError("--policy-key says who signed a policy, and there is no --policy.")
        return None
    return load_policy(policy, keys)
