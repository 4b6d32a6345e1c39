"""The media drive of a run's machines: candidate, earlier releases and tools, as they were planned."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from harness.candidate.source import find_beside
from harness.files import sha256_of
from harness.model.candidate import Candidate
from harness.model.errors import ConfigurationError
from harness.model.release import ReleaseName
from harness.rundir.directory import RunDirectory


def lay_out_media(
    run: RunDirectory,
    candidate: Candidate,
    probe: Path,
    releases: Mapping[ReleaseName, Candidate] = MappingProxyType({}),
) -> None:
    """The media drive: candidate, earlier releases and tools, all copied.

    A link to the candidate would install whatever is written into that file next. One to the probe would make its
    processes appear under the other path, for Wine names a file by its inode. One that is there already stays as it
    is, for a machine that the run has kept may stand on it.

    Raises `ConfigurationError` if the candidate is not the planned file any more.
    """
    installers = [(candidate, run.copy_of(candidate))]
    installers += [(release, run.copy_of_release(name, release)) for name, release in releases.items()]
    if _is_laid_out(run, installers, probe):
        return
    shutil.rmtree(run.media, ignore_errors=True)  # of a preparation that was ended half-way
    for folder in ("candidate", "tools"):
        (run.media / folder).mkdir(parents=True)
    shutil.copy2(probe, run.media / "tools" / probe.name)
    for installer, copy in installers:
        what = "the candidate" if installer is candidate else f"the release {installer.version}"
        _copy_as_planned(installer.path, copy, installer.sha256, what)
        for each in installer.beside:
            source = find_beside(installer.path, each.name)
            _copy_as_planned(source, copy.parent / each.name, each.sha256, f"{each.name}, beside {what},")


def _copy_as_planned(source: Path, copy: Path, sha256: str, what: str) -> None:
    try:
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, copy)
        is_same = sha256_of(copy) == sha256
    except FileNotFoundError:
        is_same = False
    if not is_same:
        raise ConfigurationError(
            f"{what} changed while the run was prepared: it is not the file with SHA-256 {sha256[:12]}… any more.",
            file=str(source),
            hint="Run it again once nothing writes to it.",
        )


def _is_laid_out(run: RunDirectory, installers: Sequence[tuple[Candidate, Path]], probe: Path) -> bool:
    tool = run.media / "tools" / probe.name
    expected = {copy: installer.sha256 for installer, copy in installers}
    expected |= {
        copy.parent / each.name: each.sha256 for installer, copy in installers for each in installer.beside
    }
    if not all(path.is_file() for path in (tool, *expected)):
        return False
    if any(sha256_of(path) != sha256 for path, sha256 in expected.items()):
        return False
    return sha256_of(tool) == sha256_of(probe)
