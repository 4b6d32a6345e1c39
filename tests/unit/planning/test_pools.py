"""What only a provider can see of a matrix is one sentence with file, line and key like everything else."""

from pathlib import Path

import pytest

from harness.config.load import load_matrix
from harness.model.errors import ConfigurationError
from harness.planning.pools import pool_problems
from harness.planning.preparation import make_plan
from harness.planning.request import RunRequest
from harness.state import StateDirectory
from tests.unit.config.test_matrix_file import GOOD

ABLE = GOOD.replace("substrates: [wine]", "substrates: [wine], base_image: wine")
LAB = "  lab: {provider: libvirt, substrates: [kvm]}\n"


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        (
            "provider: wine",
            "provider: vmware",
            15,
            "pools.embedded.provider: there is no machine provider 'vmware'",
        ),
        (
            "provider: wine",
            "provider: wine, options: {foo: 1}",
            15,
            "pools.embedded.options: the wine provider has no",
        ),
        (
            "provider: wine",
            "provider: wine, options: {clone: magic}",
            15,
            "pools.embedded.options.clone: 'magic' is",
        ),
        (
            "provider: libvirt",
            "provider: libvirt, options: {clonee: ram}",
            16,
            "pools.lab.options.clonee: unknown key. Did you mean 'clone'?",
        ),
        (
            "provider: libvirt",
            "provider: libvirt, options: {room_deadline_s: soon}",
            16,
            "pools.lab.options.room_deadline_s: expected a number, found 'soon'.",
        ),
        (
            "provider: libvirt",
            "provider: libvirt, memory_mb: 0",
            16,
            "pools.lab.memory_mb: expected at least 1",
        ),
        (
            "provider: libvirt",
            "provider: libvirt, ready_deadline_s: -1",
            16,
            "ready_deadline_s: expected more than 0",
        ),
        (
            "base_image: wine",
            "base_image: win10",
            15,
            "pools.embedded.base_image: the wine provider has one image, 'wine', not 'win10'. Set base_image: wine",
        ),
        (
            ", base_image: wine",
            "",
            15,
            "pools.embedded.base_image: the wine provider has one image, 'wine', and the pool names none.",
        ),
    ],
)
def test_a_mistake_in_a_pool_has_its_line(tmp_path: Path, old: str, new: str, line: int, words: str) -> None:
    file = tmp_path / "matrix.yaml"
    file.write_text((ABLE + LAB).replace(old, new))
    with pytest.raises(ConfigurationError) as caught:
        load_matrix(file, pool_problems(StateDirectory(tmp_path)))
    assert caught.value.line == line, str(caught.value)
    assert words in str(caught.value)


def test_a_pool_that_is_not_asked_for_is_not_judged_by_its_provider(tmp_path: Path) -> None:
    file = tmp_path / "matrix.yaml"
    file.write_text(ABLE + LAB.replace("libvirt", "libvirt, options: {clonee: ram}"))
    assert "lab" in load_matrix(file, pool_problems(StateDirectory(tmp_path), "embedded"))[0].pools


def test_what_is_wrong_elsewhere_is_not_laid_at_the_matrix(tmp_path: Path) -> None:
    file = tmp_path / "matrix.yaml"
    file.write_text(GOOD + LAB)
    with pytest.raises(ConfigurationError, match=r"^/dev/null.*: the harness cannot keep its state here"):
        load_matrix(file, pool_problems(StateDirectory(Path("/dev/null"))))


def test_a_plan_is_not_made_for_a_pool_that_cannot_run_it(tmp_path: Path) -> None:
    file = tmp_path / "matrix.yaml"
    file.write_text(GOOD.replace("provider: wine", "provider: vmware"))
    with pytest.raises(
        ConfigurationError, match=r"matrix.yaml:15: pools.embedded.provider: there is no machine"
    ):
        make_plan(RunRequest(candidate=tmp_path / "agent.msi", profile="reference", matrix=file))
