"""What the installer holds, and whether what it installed is that: signatures, contents, libraries."""

from pathlib import PureWindowsPath

from harness.cell.check import Blocked, NotApplicable, check
from harness.cell.declared import declares
from harness.cell.session import CellSession
from harness.checks.expectation import listed, mismatch
from harness.lifecycle.timeline import Timeline
from harness.model.errors import ConfigurationError
from harness.model.report import Outcome, Phase
from harness.rundir.payload import PayloadFile, doubts_of, payload_of

PHASE = Phase.INSTALL
PACKED = "an EXE installer's files cannot be unpacked to verify their signatures"
SIGNED = declares("signed file", lambda profile: any(file.signed for file in profile.files))


@check("The installer's signature is intact", once=True, requires=["install.package_intact"])
def test_installer_signature(cell: CellSession) -> None:
    signature = cell.candidate.signature
    name, declared = cell.candidate.path.name, cell.profile.installer.unsigned
    if declared and not signature.present:
        cell.excuse(f"{name} carries no Authenticode signature", declared)
        return
    assert signature.present, mismatch(f"{name} is signed", "it carries no Authenticode signature")
    assert signature.intact, mismatch(f"the signature of {name} matches the file", "it does not")
    if declared and signature.lapsed:
        cell.excuse(f"the certificate of {name} ended on {signature.lapsed}", declared)
    assert declared or not signature.lapsed, mismatch(
        f"the signature of {name} still counts: its certificate is in force, or a time stamp says that it was",
        f"its certificate ended on {signature.lapsed}, and it has no time stamp",
    )
    cell.note("signed by", signature.subject)
    if signature.further:
        cell.note("also signed by", ", ".join(signature.further))


@check("Installed programs are the signed ones of the installer", declared=SIGNED, msi_only=PACKED)
def test_file_signatures(cell: CellSession, timeline: Timeline) -> None:
    payload = {file.sha256: file for file in payload_of(cell.run)}
    for path in (file.path for file in cell.profile.files if file.signed):
        found = timeline.inspection.file(path)
        assert found is not None, mismatch(f"{path} is there", "it is missing")
        packed = payload.get(found.sha256 or "")
        assert packed is not None, mismatch(
            f"{path} is one of the installer's programs", f"none of them has its SHA-256 {found.sha256}"
        )
        declared = cell.profile.why_unsigned(PureWindowsPath(path).name)
        if declared and not packed.signature.present:
            cell.excuse(f"{path} carries no Authenticode signature", declared)
            continue
        assert packed.signature.present, mismatch(f"{path} is signed", "it carries no Authenticode signature")
        assert packed.signature.intact, mismatch(f"the signature of {path} matches the file", "it does not")


@check(
    "Every program in the installer is signed",
    msi_only=PACKED,
    once=True,
)
def test_payload_signatures(cell: CellSession) -> None:
    programs = _programs(cell)
    if not programs:
        raise NotApplicable("the installer holds no program")
    unsigned = sorted({file.name for file in programs if not file.signature.present})
    excused = {name: reason for name in unsigned if (reason := cell.profile.why_unsigned(name))}
    for name, reason in excused.items():
        cell.excuse(f"{name} in the installer carries no Authenticode signature", reason)
    bad = [name for name in unsigned if name not in excused]
    bad += [file.name for file in programs if file.signature.present and not file.signature.intact]
    bad += [
        f"{file.name} (its certificate ended on {file.signature.lapsed}, and it has no time stamp)"
        for file in programs
        if file.signature.lapsed and not cell.profile.why_unsigned(file.name)
    ]
    assert not bad, mismatch(
        "every program in the installer is signed", f"not signed, or not as it was signed: {listed(set(bad))}"
    )
    cell.note("programs", len(programs))


@check("The files in the installer hold what they should", msi_only=PACKED, once=True)
def test_payload_content(cell: CellSession) -> None:
    found = []
    for each in doubts_of(cell.run):
        name = PureWindowsPath(each.path).name
        if reason := cell.profile.why_odd(name):
            cell.excuse(f"{each.path} in the installer: {each.found}", reason)
        else:
            found.append(f"{each.path}: {each.found}")
    assert not found, mismatch(
        "no program or text of the installer is empty or all zeros, nothing holds a private key, and each file is as the"
        " tables say",
        listed(found),
    )


@check("The programs in the installer need no library that nobody brings", msi_only=PACKED, once=True)
def test_payload_complete(cell: CellSession) -> None:
    found = []
    for file in _programs(cell):
        for library in file.lacks:
            if reason := cell.profile.why_brought(library):
                cell.excuse(f"{file.name} needs {library}, which the installer does not hold", reason)
            else:
                found.append(f"{file.name} needs {library}")
    assert not found, mismatch(
        "what the installer's programs load is a part of Windows or of the installer, or is brought by another one"
        " (brought_by_others)",
        listed(found),
    )


def _programs(cell: CellSession) -> tuple[PayloadFile, ...]:
    """Every program in the MSI. Raises `Blocked` where a failure named before has the same cause: one reason."""
    try:
        return payload_of(cell.run)
    except ConfigurationError as problem:
        named = (f"install.{each}" for each in ("package_intact", "exit_code"))
        failed = [check for check in named if cell.recorder.outcomes.get(check) is Outcome.FAILED]
        if not failed:
            raise
        raise Blocked(f"blocked by {failed[0]}: {problem.sentence}", failed[0]) from problem
