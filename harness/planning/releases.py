"""Finds the earlier releases that a plan's scenarios start from. A release that is missing is said, never skipped."""

import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from harness.candidate.pe import resource_version
from harness.candidate.read import read_candidate
from harness.config.load import PROFILES_DIRECTORY
from harness.model.candidate import Candidate, InstallerKind
from harness.model.errors import ConfigurationError
from harness.model.profile import AgentProfile
from harness.model.release import ReleaseName, ReleaseSource
from harness.model.version_text import same_version, versions_in

COMMAND_S = 300.0
"""How long a profile's command may take to fetch or build a release."""
PYTHON = "{python}"
PATTERN = "*.msi"
UNKNOWN = "unknown"
"""The version of an EXE that says nothing of it. That it is older is then the word of whoever names it."""


@dataclass(frozen=True)
class Releases:
    """What was found, and why the rest was not."""

    found: dict[ReleaseName, Candidate]
    missing: dict[ReleaseName, str]


def find_releases(
    wanted: Iterable[ReleaseName],
    given: Mapping[ReleaseName, Path],
    profile: AgentProfile,
    profile_file: Path,
    candidate: Candidate,
) -> Releases:
    """Read the `wanted` releases: those `given` on the command line first, else those that the profile names.

    Raises `ConfigurationError` for a file that is no installer of the profile's kind, that is not older than the
    candidate, or that Windows Installer would not take for the same product; and for a command that fails.
    """
    found: dict[ReleaseName, Candidate] = {}
    missing: dict[ReleaseName, str] = {}
    wanted = tuple(wanted)
    for name, path in given.items():
        if name not in wanted:
            read_candidate(path, profile)  # what is named by mistake is a mistake, needed or not
    for name in wanted:
        source = profile.releases.get(name)
        if name in given:
            file: Path | None = given[name]
        elif source is None:
            missing[name] = f"give --{name} FILE, or releases.{name} in the profile"
            continue
        else:
            file = _path_of(name, source, profile, profile_file, candidate)
        if file is None:
            assert source is not None
            assert source.directory is not None
            missing[name] = (
                f"{source.directory} holds no {source.pattern or PATTERN} that is older than {candidate.version}"
            )
            continue
        release = _read(file, profile, candidate)
        _require_earlier(name, release, candidate)
        found[name] = release
    return Releases(found, missing)


def _path_of(
    name: ReleaseName, source: ReleaseSource, profile: AgentProfile, profile_file: Path, candidate: Candidate
) -> Path | None:
    folder = home(profile_file)
    if source.path is not None:
        return folder / source.path
    if source.command is not None:
        return folder / _said_by(name, source.command, profile_file)
    assert source.directory is not None
    files = _files(folder / source.directory, source.pattern or PATTERN)
    older = [
        (version, file)
        for file in files
        if (version := numbers(_read(file, profile, candidate).version)) < numbers(candidate.version)
    ]
    if not older:
        return None
    return (max if name is ReleaseName.PREVIOUS else min)(older)[1]


def _files(folder: Path, pattern: str) -> list[Path]:
    """The files whose names match; none in a folder that is not there."""
    try:
        return sorted(file for file in folder.iterdir() if fnmatch(file.name, pattern) and file.is_file())
    except (FileNotFoundError, NotADirectoryError):
        return []


def home(profile_file: Path) -> Path:
    """Where a profile's relative paths start: the folder that holds `agents/`, or else the profile's own."""
    folder = profile_file.absolute().parent
    return folder.parent if folder.name == PROFILES_DIRECTORY else folder


def _said_by(name: ReleaseName, command: tuple[str, ...], profile_file: Path) -> str:
    """The last line that a profile's command prints. Raises `ConfigurationError`."""
    key = f"releases.{name}.command"
    argv = [part.replace(PYTHON, sys.executable) for part in command]
    try:
        done = subprocess.run(
            argv,
            cwd=home(profile_file),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=COMMAND_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ConfigurationError(
            f"the command did not end within {COMMAND_S:g} s.", file=str(profile_file), key=key
        ) from None
    except OSError as error:
        raise ConfigurationError(
            f"the command cannot be run: {error.strerror}.", file=str(profile_file), key=key
        ) from error
    lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
    if done.returncode != 0 or not lines:
        words = (done.stderr.strip().splitlines() or ["it printed nothing"])[-1]
        raise ConfigurationError(
            f"the command ended with {done.returncode} and names no file: {words.rstrip('.')}."
            f" Run it by hand, or give --{name} FILE.",
            file=str(profile_file),
            key=key,
        )
    return lines[-1]


def _require_earlier(name: ReleaseName, release: Candidate, candidate: Candidate) -> None:
    """Raise `ConfigurationError` unless the candidate can be an upgrade of `release`."""
    file, hint = str(release.path), f"Name the {name} release of {candidate.product_name}."
    if release.sha256 == candidate.sha256:
        raise ConfigurationError(f"the {name} release is the candidate itself.", file=file, hint=hint)
    if release.version != UNKNOWN and numbers(release.version) >= numbers(candidate.version):
        raise ConfigurationError(
            f"the {name} release is version {release.version}, which is not older than the candidate's"
            f" {candidate.version}.",
            file=file,
            hint=hint,
        )
    is_msi = candidate.kind is InstallerKind.MSI
    if is_msi and release.upgrade_code.lower() != candidate.upgrade_code.lower():
        raise ConfigurationError(
            f"the {name} release has UpgradeCode {release.upgrade_code or 'none'}, the candidate"
            f" {candidate.upgrade_code or 'none'}: Windows Installer takes them for different products.",
            file=file,
            hint=hint,
        )


def _read(file: Path, profile: AgentProfile, candidate: Candidate) -> Candidate:
    """An earlier release. The version that a profile declares for an EXE is the candidate's, not this one's."""
    release = read_candidate(file, profile)
    if release.kind is InstallerKind.MSI or release.sha256 == candidate.sha256:
        return release
    return release.model_copy(update={"version": _version_of_exe(file, candidate)})


def _version_of_exe(file: Path, candidate: Candidate) -> str:
    """By its version resource, if the candidate's says what the profile declares; else by its name; else unknown."""
    by_resource = resource_version(candidate.path)
    if by_resource and same_version(by_resource, candidate.version) and (own := resource_version(file)):
        return own
    return next(iter(versions_in(file.stem.replace("_", " ").replace("-", " "))), UNKNOWN)


def numbers(version: str) -> tuple[int, ...]:
    """A version's numbers, to order releases by.

    Of an MSI's Windows Installer compares three; releases that differ in the fourth alone are upgraded by packages that
    say so (a minor upgrade, or rows of the Upgrade table that take in the same version).
    """
    fields = [int(each) for each in re.findall(r"\d+", version)[:4]]
    return tuple([*fields, 0, 0, 0, 0][:4])
