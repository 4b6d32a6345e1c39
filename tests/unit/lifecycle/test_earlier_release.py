"""An earlier release that does not work is the lab's trouble, and says nothing about the candidate."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness.lifecycle.releases import ReleaseUnusable
from harness.lifecycle.steps import install
from harness.model.errors import CandidateError, InfrastructureError
from harness.model.release import ReleaseName

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
