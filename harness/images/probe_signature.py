"""The guest probe, signed: made once for each version of the probe and each signer, and verified before every use."""

import tempfile
from pathlib import Path

from cryptography.x509.oid import NameOID

from harness.candidate.authenticode import read_signature
from harness.candidate.tool import run_tool
from harness.images.probe_signer import KEY, ProbeSigner, probe_signer
from harness.images.record import PROBE_SIGNER
from harness.machines.libvirt.image.store import ImageStore
from harness.model.errors import InfrastructureError
from harness.model.substrate import GuestSystem
from harness.probe.build import probe_exe
from harness.state import StateDirectory

DESCRIPTION = "agent-bvt guest probe"
SIGN_S = 60.0


def signed_probe(state: StateDirectory, signer: ProbeSigner | None = None) -> Path:
    """The probe's file, signed. A second call finds the first one's file and verifies it.

    Raises `ConfigurationError` for a signer that cannot be had, `InfrastructureError` if it does not sign or if the
    file is not what was signed, `ToolMissing` without `osslsigncode`.
    """
    signer = signer or probe_signer(state)
    program = probe_exe(state)
    target = program.parent / f"signed-{signer.fingerprint[:16]}" / program.name
    if not target.exists():
        sign(program, target, signer)
    verify(target, signer)
    return target


def sign(program: Path, target: Path, signer: ProbeSigner) -> None:
    """Write a signed copy of `program` to `target`, whole or not at all. Raises `InfrastructureError`."""
    target.parent.mkdir(mode=0o700, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="signing-", dir=target.parent) as scratch:
        # By a file: whoever lists the processes of a host sees their arguments.
        secret, signed = Path(scratch, "passphrase"), Path(scratch, target.name)
        secret.touch(mode=0o600)
        secret.write_text(signer.passphrase.get_secret_value(), encoding="utf-8")
        passphrase = ("-readpass", secret) if signer.passphrase.get_secret_value() else ()
        arguments = (*signer.options, *passphrase, "-h", "sha256", "-n", DESCRIPTION)
        said = run_tool(
            "osslsigncode",
            "sign",
            *arguments,
            *("-in", program, "-out", signed),
            needed_for="signing the guest probe",
            timeout_s=SIGN_S,
        )
        if said.code != 0 or not signed.exists():
            lines = [line.strip() for line in f"{said.out}\n{said.err}".splitlines() if line.strip()]
            raise InfrastructureError(
                f"The guest probe was not signed: {lines[-1] if lines else 'osslsigncode said nothing'}.",
                hint=f"Is the key that {KEY} names there, and its passphrase right?",
            )
        signed.chmod(0o755)
        signed.replace(target)


def verify(signed: Path, signer: ProbeSigner) -> None:
    """Raises `InfrastructureError` unless the signature is that of the signer and the file what was signed."""
    found = read_signature(signed)
    name = signer.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    wanted = str(name[0].value) if name else ""
    if not found.present or not found.intact or wanted not in found.subject:
        what = f"is signed by {found.subject or 'nobody'}" if found.intact else "is not what was signed"
        raise InfrastructureError(
            f"The guest probe {signed} {what}.",
            hint="Somebody changed it. Remove its folder: it is signed anew at the next run.",
        )


def distrust(state: StateDirectory, image: str, signer: ProbeSigner) -> str:
    """Why a Windows image does not trust the probe of this host, in a sentence; empty if it does, or is no Windows."""
    stored = ImageStore(state).find(image)
    if stored is None or stored.manifest.guest_system is not GuestSystem.WINDOWS:
        return ""
    trusted = stored.manifest.facts.get(PROBE_SIGNER, "")
    if trusted == signer.fingerprint:
        return ""
    what = (
        f"trusts another signer of the probe ({trusted[:16]}…)"
        if trusted
        else "trusts no signer of the probe"
    )
    return (
        f"Image {image} {what}, and here it is {signer.fingerprint[:16]}…: Windows Defender may take the probe for "
        f"malware. Build the image again, or name the signer that it trusts in {KEY}."
    )
