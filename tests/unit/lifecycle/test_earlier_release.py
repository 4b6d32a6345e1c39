"""An earlier release that does not work is the lab's trouble, and says nothing about the candidate."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness.lifecycle.releases import ReleaseUnusable
from harness.lifecycle.steps import install
from harness.lifecycle.steps.install import services_of
from harness.model.candidate import Candidate, InstallerKind
from harness.model.errors import CandidateError, InfrastructureError
from harness.model.release import ReleaseName
from tests.integration.unusual_good.provident import EARLIER_NAME, RENAMED, edited

STEP: Any = SimpleNamespace(release="previous")


def timeline(run: Any) -> Any:
    release = SimpleNamespace(path=Path("agent-0.9.0.msi"))
    profile = SimpleNamespace(installer=SimpleNamespace(properties={}), services=())
    return SimpleNamespace(
        session=SimpleNamespace(profile=profile, releases={ReleaseName.PREVIOUS: release}),
        bring_authority=lambda: None,
        rendered=lambda *_: {},
        run_package=run,
    )


def hangs(*_: Any) -> Any:
    raise CandidateError("it did not end")


def fails(*_: Any) -> Any:
    return SimpleNamespace(
        succeeded=False, meaning="1603 (fatal error)", log_words="Action InstallFiles failed."
    )


@pytest.mark.parametrize(
    ("run", "words"), [(hangs, "it did not end"), (fails, r"ended with 1603 .* Action InstallFiles failed")]
)
def test_one_that_does_not_install(run: Any, words: str) -> None:
    with pytest.raises(ReleaseUnusable, match=rf"previous release, agent-0\.9\.0\.msi, .*{words}") as caught:
        install.act(timeline(run), STEP)
    assert isinstance(caught.value, InfrastructureError)


def test_an_earlier_release_has_the_services_that_its_own_tables_make(tmp_path: Path) -> None:
    """The candidate may have more of them, or give them other names: nobody waits for those before the upgrade."""
    older = edited("0.9.0", RENAMED, tmp_path / "previous.msi")
    release = SimpleNamespace(kind=InstallerKind.MSI, path=older)
    assert services_of(cast(Candidate, release)) == {EARLIER_NAME.lower()}
    by_a_program = SimpleNamespace(kind=InstallerKind.EXE, path=older)
    assert services_of(cast(Candidate, by_a_program)) == frozenset()
