from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model.errors import ConfigurationError
from harness.model.expansion import expand, of_suite, select
from harness.model.matrix import Matrix, Requirement
from harness.model.steps import Step, phases_of


def checks_for(steps: tuple[Step, ...]) -> tuple[str, ...]:
    return tuple(f"{phase}.works" for phase in phases_of(steps))


def a_matrix(**changes: Any) -> Matrix:
    def image(build: int) -> dict[str, Any]:
        return {"product_name": "Windows", "major": 10, "minor": 0, "build": build, "legacy": build < 20000}

    fields: dict[str, Any] = {
        "images": {"win10": image(19045), "win11": image(26100), "server": image(20348)},
        "scenarios": {
            "fresh": {"title": "Fresh", "phases": ["machine", "install"]},
            "reboot": {"title": "Reboot", "phases": ["machine", "install", "reboot"]},
        },
        "axes": {"image": ["*"], "scenario": ["fresh"]},
        "pools": {
            "embedded": {"provider": "wine", "substrates": ["wine"]},
            "lab": {
                "provider": "libvirt",
                "substrates": ["kvm"],
                "images": ["win11"],
                "scenarios": ["fresh"],
            },
        },
    }
    return Matrix.model_validate(fields | changes)


def ids(matrix: Matrix, pool: str = "embedded") -> list[str]:
    return [cell.id for cell in expand(matrix, pool, checks_for)]


def test_the_product_of_the_axes_comes_in_the_order_of_the_file() -> None:
    matrix = a_matrix(axes={"image": ["server", "win*"], "scenario": ["*"]})
    assert ids(matrix) == [
        "win10/fresh", "win10/reboot", "win11/fresh", "win11/reboot", "server/fresh", "server/reboot"
    ]  # fmt: skip


def test_a_further_axis_multiplies_and_ends_the_id() -> None:
    matrix = a_matrix(axes={"image": ["win11"], "scenario": ["fresh"], "locale": ["de", "ja"], "uac": ["on"]})
    assert ids(matrix) == ["win11/fresh/de/on", "win11/fresh/ja/on"]
    assert expand(matrix, "embedded", checks_for)[0].axes == {"locale": "de", "uac": "on"}


def test_includes_add_and_excludes_remove_but_not_what_is_included_by_name() -> None:
    matrix = a_matrix(
        exclude=[{"image": "win10"}, {"scenario": "reboot"}],
        include=[{"image": "win11", "scenario": "reboot"}],
    )
    assert ids(matrix) == ["win11/fresh", "server/fresh", "win11/reboot"]


def test_the_last_matching_rule_says_whether_a_cell_is_required() -> None:
    rules = [
        {"requirement": "advisory", "reason": "everything"},
        {"image": "win1?", "requirement": "required", "reason": "but these"},
        {"image": "win10", "scenario": "f*", "requirement": "advisory", "reason": "not this"},
    ]
    cells = expand(a_matrix(requirements=rules), "embedded", checks_for)
    assert [(cell.requirement.value, cell.reason) for cell in cells] == [
        ("advisory", "not this"), ("required", "but these"), ("advisory", "everything")
    ]  # fmt: skip
    assert expand(a_matrix(), "embedded", checks_for)[0].requirement is Requirement.REQUIRED


def test_a_rule_on_an_axis_matches_that_axis_only() -> None:
    matrix = a_matrix(
        axes={"image": ["win11"], "scenario": ["fresh"], "locale": ["de", "ja"]},
        requirements=[{"axes": {"locale": "ja"}, "requirement": "advisory", "reason": "later"}],
    )
    assert [cell.required for cell in expand(matrix, "embedded", checks_for)] == [True, False]


def test_a_pool_takes_only_what_it_serves_and_lends_its_substrates() -> None:
    (cell,) = expand(a_matrix(), "lab", checks_for)
    assert (cell.id, [substrate.value for substrate in cell.substrates]) == ("win11/fresh", ["kvm"])


def test_a_cell_knows_its_phases_checks_and_windows() -> None:
    cell = expand(a_matrix(), "embedded", checks_for)[0]
    assert cell.checks == ("machine.works", "install.works")
    assert cell.windows.build == 19045
    assert "legacy" not in cell.windows.model_dump()


@pytest.mark.parametrize(
    ("changes", "pool", "words"),
    [
        ({}, "attic", "no pool 'attic'. Known pools: embedded, lab"),
        ({"axes": {"image": ["win10"], "scenario": ["fresh"]}}, "lab", "serves none"),
        (
            {"include": [{"image": "win10", "scenario": "fresh"}]},
            "embedded",
            "two cells have the id 'win10/fresh'",
        ),
    ],
)
def test_what_cannot_be_expanded_is_a_configuration_error(
    changes: dict[str, Any], pool: str, words: str
) -> None:
    with pytest.raises(ConfigurationError, match=words):
        expand(a_matrix(**changes), pool, checks_for)


def test_a_cell_without_checks_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="would prove nothing"):
        expand(a_matrix(), "embedded", lambda _: ())


def test_selecting_keeps_the_order_and_a_pattern_that_fits_nothing_is_refused() -> None:
    cells = expand(a_matrix(), "embedded", checks_for)
    assert select(cells, ()) == cells
    assert [cell.id for cell in select(cells, ("server/*", "win10/*"))] == ["win10/fresh", "server/fresh"]
    with pytest.raises(ConfigurationError, match=r"no cell matches 'win7/\*'. The cells are: win10/fresh"):
        select(cells, ("win10/*", "win7/*"))


@given(
    st.sets(st.sampled_from(["win10", "win11", "server"]), min_size=1),
    st.lists(st.from_regex(r"[a-z0-9][a-z0-9.+-]{0,5}", fullmatch=True), unique=True, min_size=1, max_size=4),
    st.sampled_from(["*", "win*", "server", "x"]),
)
def test_ids_are_unique_stable_and_independent_of_other_cells(
    images: set[str], values: list[str], excluded: str
) -> None:
    axes = {"image": sorted(images), "scenario": ["*"], "further": values}
    whole = a_matrix(axes=axes)
    cells = expand(whole, "embedded", checks_for)
    assert len({cell.id for cell in cells}) == len(cells) == len(images) * 2 * len(values)
    assert expand(whole, "embedded", checks_for) == cells
    fewer = a_matrix(axes=axes, exclude=[{"image": excluded}], include=[
        {"image": "win10", "scenario": "fresh", "further": "a-value-of-its-own"}
    ])  # fmt: skip
    rest = {cell.id: cell for cell in expand(fewer, "embedded", checks_for)}
    assert all(rest[cell.id] == cell for cell in cells if cell.id in rest)


SUITES = {"smoke": {"title": "Quick", "cells": ["win11/*", "win10/reboot"]}}


def test_a_suite_is_the_cells_that_its_patterns_fit_in_the_order_of_the_matrix() -> None:
    matrix = a_matrix(axes={"image": ["*"], "scenario": ["*"]}, suites=SUITES)
    every = expand(matrix, "embedded", checks_for)
    assert [cell.id for cell in of_suite(matrix, "smoke", every)] == [
        "win10/reboot", "win11/fresh", "win11/reboot"
    ]  # fmt: skip
    assert of_suite(matrix, "full", every) == every


@pytest.mark.parametrize(
    ("suites", "suite", "words"),
    [
        ({}, "smoke", "no suite 'smoke'. Known suites: full."),
        (SUITES, "smok", "no suite 'smok'. Known suites: full, smoke."),
        ({"old": {"title": "Old", "cells": ["win10/*"]}}, "old", "no cell of suite 'old' runs in this pool"),
    ],
)
def test_a_suite_that_is_not_there_or_empty_is_refused(
    suites: dict[str, Any], suite: str, words: str
) -> None:
    matrix = a_matrix(suites=suites)
    with pytest.raises(ConfigurationError, match=words):
        of_suite(matrix, suite, expand(matrix, "lab", checks_for))
