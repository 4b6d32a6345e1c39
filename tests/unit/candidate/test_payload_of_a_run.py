"""What an MSI carries is found once, when its run is prepared, and read by every cell."""

import os
import shutil
from pathlib import Path

import pytest

from harness.candidate import read_candidate
from harness.files import sha256_of
from harness.model.errors import ConfigurationError
from harness.model.profile import AgentProfile
from harness.rundir.directory import RunDirectory
from harness.rundir.payload import payload_of, record_payload
from tests.unit.candidate.conftest import Installers


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    return RunDirectory.create(tmp_path / "run")


def copied(run: RunDirectory, installer: Path) -> Path:
    """The candidate on the run's media drive."""
    folder = run.media / "candidate"
    folder.mkdir(parents=True)
    return Path(shutil.copy(installer, folder))


def test_programs_are_known_by_digest_and_signature_and_need_no_msi_any_more(
    installers: Installers, profile: AgentProfile, run: RunDirectory
) -> None:
    copy = copied(run, installers.plain)
    record_payload(run, read_candidate(installers.plain, profile))
    copy.unlink()
    programs = {program.name: program for program in payload_of(run)}
    assert set(programs) == {"a longer name.exe", "driver.sys"}
    assert programs["a longer name.exe"].sha256 == sha256_of(installers.exe)
    assert programs["driver.sys"].signature.intact
    assert not programs["a longer name.exe"].signature.present


def test_an_msi_that_cannot_be_unpacked_is_a_finding_of_the_cells(
    installers: Installers, profile: AgentProfile, run: RunDirectory
) -> None:
    candidate = read_candidate(installers.plain, profile)
    raw = bytearray(installers.plain.read_bytes())
    at = raw.index(b"MSCF")
    raw[at : at + 300] = os.urandom(300)
    copied(run, installers.plain).write_bytes(raw)
    record_payload(run, candidate)
    with pytest.raises(ConfigurationError, match="lists 3 files, but only 0"):
        payload_of(run)


def test_of_an_exe_nothing_is_recorded(
    installers: Installers, exe_profile: AgentProfile, run: RunDirectory
) -> None:
    copied(run, installers.exe)
    record_payload(run, read_candidate(installers.exe, exe_profile))
    assert not run.payload.exists()
