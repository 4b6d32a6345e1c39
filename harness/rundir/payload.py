"""The programs inside an MSI, so that installed files can be compared with them. Unpacked once per run.

An unpacked MSI tells every cell the same, and a large one takes seconds: so the run's preparation does it, before any
machine is there, and cells read what it found.
"""

import tempfile
from pathlib import Path, PurePosixPath

from harness.candidate.payload import ContentDoubt, read_payload
from harness.files import sha256_of, write_atomically
from harness.model.base import Frozen
from harness.model.candidate import Candidate, InstallerKind, Signature
from harness.model.errors import ConfigurationError
from harness.rundir.directory import RunDirectory


class PayloadFile(Frozen):
    """One program as the MSI carries it."""

    name: str
    sha256: str
    signature: Signature
    lacks: tuple[str, ...] = ()
    """Libraries that are loaded with it, and that neither Windows nor the MSI has."""


class Payload(Frozen):
    """What is in the MSI, or why nobody can tell."""

    programs: tuple[PayloadFile, ...] = ()
    doubts: tuple[ContentDoubt, ...] = ()
    problem: str = ""


def record_payload(run: RunDirectory, candidate: Candidate) -> None:
    """Unpack the run's copy of the candidate and write down its programs; of an EXE there is nothing to write.

    An MSI that cannot be unpacked may be one that can be installed, so that is a finding of the cells, not an error
    here. Raises `OSError`, `InfrastructureError`.
    """
    if candidate.kind is not InstallerKind.MSI:
        return
    copy = run.copy_of(candidate)
    with tempfile.TemporaryDirectory(prefix="bvt-payload-") as workdir:
        try:
            found, doubts = read_payload(copy, Path(workdir))
        except ConfigurationError as error:
            payload = Payload(problem=" ".join(filter(None, (error.sentence, error.hint))))
        else:
            payload = Payload(
                programs=tuple(
                    PayloadFile(
                        name=PurePosixPath(file.path).name,
                        sha256=sha256_of(file.file),
                        signature=file.signature,
                        lacks=file.lacks,
                    )
                    for file in found
                ),
                doubts=doubts,
            )
    write_atomically(run.payload, payload.model_dump_json())


def payload_of(run: RunDirectory) -> tuple[PayloadFile, ...]:
    """Every program in the run's MSI. Raises `ConfigurationError` if it could not be unpacked."""
    payload = _read(run)
    if payload.problem:
        raise ConfigurationError(payload.problem)
    return payload.programs


def doubts_of(run: RunDirectory) -> tuple[ContentDoubt, ...]:
    """Files of the run's MSI that hold what they should not; none of what could not be unpacked."""
    return _read(run).doubts


def package_doubt(run: RunDirectory) -> str:
    """Words to add to a failed installation: the run's MSI could not be unpacked here either. Empty if it could.

    An EXE is not unpacked, so of it nothing is said.
    """
    problem = _read(run).problem if run.payload.exists() else ""
    return f" The package itself may be why: {problem}" if problem else ""


def _read(run: RunDirectory) -> Payload:
    return Payload.model_validate_json(run.payload.read_bytes())
