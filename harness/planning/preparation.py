"""From a request to a sealed plan on disk. Nothing runs here; every mistake of the user is found here."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from harness import checks, rules
from harness.backend.embedded.pki import make_authority
from harness.backend.factory import open_backend
from harness.backend.interface import BackendFeature
from harness.candidate.msi_contents import read_contents
from harness.candidate.read import read_candidate
from harness.checks.catalogue import catalogue, checks_for
from harness.config.load import find_matrix, load_matrix, load_profile, profile_path, search_path
from harness.config.profile_rules import scenario_problems
from harness.documents.problem import Problem
from harness.images.probe_signature import distrust, signed_probe
from harness.images.probe_signer import probe_signer
from harness.machines.provider import Progress
from harness.machines.registry import load_provider
from harness.model.candidate import Candidate, InstallerKind
from harness.model.expansion import expand, of_suite, select, without
from harness.model.matrix import Pool
from harness.model.plan import Plan
from harness.model.profile import AgentProfile
from harness.model.release import ReleaseName
from harness.model.relocation import of_version
from harness.model.steps import releases_of
from harness.planning.media import lay_out_media
from harness.planning.outlook import BackendWord
from harness.planning.pools import pool_problems
from harness.planning.releases import find_releases
from harness.planning.request import RunRequest
from harness.profiles.agreement import given_properties, msi_problems
from harness.rundir import work_directory, work_times
from harness.rundir.directory import RunDirectory
from harness.rundir.findings import record_findings
from harness.rundir.payload import record_payload
from harness.rundir.settings import RunSettings, new_run_id
from harness.state import StateDirectory


@dataclass(frozen=True)
class Prepared:
    """A plan with what it was made from."""

    plan: Plan
    profile: AgentProfile
    pool: Pool
    selected: tuple[str, ...]
    backend: BackendWord


def make_plan(request: RunRequest) -> Prepared:
    """Read candidate, profile and matrix and seal the plan. Raises `ConfigurationError` for any mistake."""
    of_pool = pool_problems(StateDirectory.default(), request.pool)
    matrix_file = request.matrix or find_matrix()
    matrix, matrix_sha256 = load_matrix(matrix_file, of_pool)
    reading = _Reading(request.candidate)
    of_matrix = scenario_problems(matrix, matrix_file)
    profile_file = profile_path(request.profile, search_path())
    profile, profile_sha256 = load_profile(
        request.profile, also=lambda profile: of_matrix(profile) or reading.problems(profile)
    )
    candidate = reading.candidate(profile)
    profile = of_version(profile, candidate.version)
    watching = [check.id for check in catalogue() if check.watches]
    every = expand(matrix, request.pool, checks_for, watching)
    cells = of_suite(matrix, request.suite, every)
    needed = dict.fromkeys(name for cell in cells for name in releases_of(cell.steps))
    given = {
        ReleaseName(name): path
        for name, path in (("previous", request.previous), ("oldest", request.oldest))
        if path is not None
    }
    releases = find_releases(needed, given, profile, profile_file, candidate)
    cells = without(cells, releases.missing)
    selected = tuple(cell.id for cell in select(cells, request.cells) if not cell.lacks)
    backend = check_backend(request.backend)
    plan = Plan(
        candidate=candidate,
        releases=releases.found,
        profile=profile.name,
        profile_sha256=profile_sha256,
        matrix_sha256=matrix_sha256,
        checks_sha256=checks_digest(),
        pool=request.pool,
        suite=request.suite,
        cells=cells,
        left_out=tuple(cell.id for cell in every if cell.id not in {each.id for each in cells}),
    )
    return Prepared(
        plan=plan, profile=profile, pool=matrix.pools[request.pool], selected=selected, backend=backend
    )


class _Reading:
    """The candidate, read once: what its tables say against the profile is said with the profile's lines."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._candidate: Candidate | None = None

    def candidate(self, profile: AgentProfile) -> Candidate:
        """Raises what `read_candidate` raises."""
        if self._candidate is None:
            self._candidate = read_candidate(self._path, profile)
        return self._candidate

    def problems(self, profile: AgentProfile) -> Sequence[Problem]:
        """Mistakes of the profile that only the candidate shows."""
        candidate = self.candidate(profile)
        if candidate.kind is not InstallerKind.MSI:
            return ()
        profile = of_version(profile, candidate.version)
        return msi_problems(
            profile, read_contents(candidate.path, candidate.platform, given_properties(profile))
        )


def check_backend(file: str | None) -> BackendWord:
    """What the backend offers. A mistake in its file, or a missing secret, is found now and not in every cell.

    Raises `ConfigurationError`.
    """
    if file is None:
        return BackendWord("embedded", frozenset(BackendFeature))
    backend = open_backend(file, Path(), Path())
    try:
        return BackendWord(backend.name, backend.features)
    finally:
        backend.close()


def checks_digest() -> str:
    """SHA-256 over the source of every check and rule: a changed check is a changed plan."""
    digest = hashlib.sha256()
    for path in (file for room in (checks, rules) for file in sorted(Path(room.__path__[0]).glob("*.py"))):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def prepare_run(request: RunRequest, progress: Progress) -> RunDirectory:
    """Seal the plan, lay out the media drive, make the image ready.

    Raises `ConfigurationError` for a mistake, an unknown image among them, `InfrastructureError` if the lab cannot be
    made ready. Nothing is left of the run directory then.
    """
    prepared = make_plan(request)
    run_id = new_run_id()
    place = request.out or request.reports / run_id
    is_new = not os.path.lexists(place)  # unlike `exists` it says no of what may not be looked at
    run = RunDirectory.create(place)
    try:
        make_ready(run, prepared.plan, prepared.profile, prepared.pool, progress)
        run.write(
            RunSettings(
                run_id=run_id,
                began=datetime.now(UTC),
                profile=prepared.profile,
                pool_name=request.pool,
                pool=prepared.pool,
                selected=prepared.selected,
                keep=request.keep,
                # `--resume` may be called from elsewhere.
                backend=str(Path(request.backend).absolute()) if request.backend is not None else None,
                infra_retries=request.infra_retries,
                fail_fast=request.fail_fast,
                keep_at_failure=request.keep_at_failure,
            ),
            prepared.plan,
        )
        work_directory.remember(StateDirectory.default(), run, run_id)
        work_times.begin(run)
    except BaseException:
        run.discard(everything=is_new)
        raise
    return run


def make_ready(run: RunDirectory, plan: Plan, profile: AgentProfile, pool: Pool, progress: Progress) -> None:
    """What the cells of a run stand on: media drive, certificate authority, images.

    Raises `ConfigurationError` for an unknown image or a candidate that is not the planned one any more,
    `InfrastructureError` if the lab cannot be made ready.
    """
    state = StateDirectory.default()
    provider = load_provider(pool, state)
    signer = probe_signer(state)
    lay_out_media(run, plan.candidate, signed_probe(state, signer), plan.releases)
    progress("Looking into the candidate.")
    record_payload(run, plan.candidate)
    before = plan.releases.get(ReleaseName.PREVIOUS)
    has_tables = before is not None and before.kind is InstallerKind.MSI
    previous = run.copy_of_release(ReleaseName.PREVIOUS, before) if before and has_tables else None
    record_findings(run, plan.candidate, profile, previous)
    make_authority(run.authority)
    for image in sorted({pool.base_image or cell.image for cell in plan.cells}):
        provider.prepare(image, progress)
        if words := distrust(state, image, signer):
            progress(words)
