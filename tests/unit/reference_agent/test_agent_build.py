"""What the reference agent is built from, and what its profile says about it."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.reference_agent import package
from examples.reference_agent.build import build
from examples.reference_agent.compile import SOURCES, definitions
from examples.reference_agent.defects import DEFECTS, TRAITS, check, macro
from harness.config.load import load_profile
from harness.model.profile.agent_profile import ProfileStatus
from harness.model.profile.stimuli import STIMULI

ROOM = Path(package.__file__).parent


@given(st.sampled_from(sorted(DEFECTS | TRAITS)))
def test_a_defect_has_a_plain_name_and_a_meaning(name: str) -> None:
    assert re.fullmatch("[a-z]+(-[a-z]+)*", name)
    assert re.fullmatch("(DEFECT|TRAIT)_[A-Z_]+", macro(name))
    assert (DEFECTS | TRAITS)[name]
    check(frozenset({name}))


@pytest.mark.parametrize("name", sorted(DEFECTS | TRAITS))
def test_every_defect_does_something(name: str) -> None:
    in_c = any(re.search(rf"\b{macro(name)}\b", path.read_text("utf-8")) for path in SOURCES.glob("*.c"))
    in_build = any(
        f'"{name}"' in path.read_text("utf-8") for path in ROOM.glob("*.py") if path.name != "defects.py"
    )
    assert in_c or in_build


def test_the_sources_name_no_defect_that_the_table_does_not_have() -> None:
    known = {macro(name) for name in DEFECTS | TRAITS}
    for path in SOURCES.iterdir():
        assert set(re.findall(r"\b(?:DEFECT|TRAIT)_[A-Z_]+", path.read_text("utf-8"))) <= known, path.name


def test_a_source_gets_only_the_definitions_it_names() -> None:
    flags = definitions("if (DEFECT_NO_RELEASE) {}", "1.2.3", frozenset({"no-release", "unsigned"}))
    assert flags == ["-DDEFECT_NO_RELEASE=1"]
    assert definitions("BUILD_VERSION", "1.2.3", frozenset()) == ['-DBUILD_VERSION="1.2.3"']


def test_every_stimulus_has_telemetry_and_a_candidate_without_it() -> None:
    profile, _ = load_profile("reference")
    assert set(profile.telemetry) == set(STIMULI)
    withheld = {name for name in DEFECTS if name.startswith("no-") and name.endswith("-events")}
    assert len(withheld) == len(STIMULI)


def test_a_product_code_belongs_to_one_version_and_one_set_of_options() -> None:
    codes = {package.product_code(version, key) for version in ("1.0.0", "1.0.1") for key in ("a", "b")}
    assert len(codes) == 4
    assert package.product_code("1.0.0", "a") == package.product_code("1.0.0", "a")


@pytest.mark.parametrize("version", ["1", "1.2", "1.2.3.4", "1.2.x", "256.0.0", "1.0.65536", "-1.0.0"])
def test_a_version_that_windows_installer_cannot_compare_is_refused(version: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="version"):
        build(version, out=tmp_path)


def test_an_unknown_defect_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'no-such-defect'"):
        build("1.0.0", frozenset({"no-such-defect"}), tmp_path)


def test_the_profiles_say_whether_they_were_ever_run() -> None:
    assert load_profile("reference")[0].status is ProfileStatus.EXERCISED
    assert load_profile("osquery")[0].status is ProfileStatus.UNVERIFIED
