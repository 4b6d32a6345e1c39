"""What an installation without any wish installs, by features, their levels and conditions."""

import pytest

from harness.candidate.msi_tables import Row, Tables
from harness.profiles.default_installation import left_out, without


def tables(
    *features: tuple[str, str, str],
    condition: str = "",
    level: str = "",
    changes: str = "",
) -> Tables:
    """Features as (name, parent, level), each with a component of its name; `condition` is that of `Extra`."""
    components = [{"Component": name, "Condition": "", "Attributes": "256"} for name, _, _ in features] + [
        {"Component": "Extra", "Condition": condition, "Attributes": "256"}
    ]
    held = [{"Feature_": name, "Component_": name} for name, _, _ in features]
    found: dict[str, tuple[Row, ...]] = {
        "Feature": tuple(
            {"Feature": name, "Feature_Parent": parent, "Level": given} for name, parent, given in features
        ),
        "FeatureComponents": (*held, {"Feature_": features[0][0], "Component_": "Extra"}),
        "Component": tuple(components),
        "File": tuple({"File": each["Component"], "Component_": each["Component"]} for each in components),
    }
    if level:
        found["Property"] = ({"Property": "INSTALLLEVEL", "Value": level},)
    if changes:
        found["Condition"] = ({"Feature_": features[-1][0], "Level": "0", "Condition": changes},)
    return found


ALL = ("All", "", "1")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (tables(ALL, ("Part", "All", "1")), {}),
        (tables(ALL, ("Part", "All", "1000")), {"Part": "only with feature Part"}),
        (tables(ALL, ("Part", "All", "0")), {"Part": "only with feature Part"}),
        (tables(ALL, ("Part", "All", "100"), level="100"), {}),
        (
            tables(ALL, ("Part", "All", "200"), ("Below", "Part", "1")),
            {"Part": "only with feature Part", "Below": "only with feature Part"},
        ),
        (tables(ALL, ("Part", "All", "1"), changes="NOT SERVER"), {"Part": "only with feature Part"}),
        (tables(ALL, ("Part", "All", "1"), changes="VersionNT < 500"), {}),
        (tables(ALL, condition="VersionNT64"), {}),
        (tables(ALL, condition="NOT Installed"), {}),
        (tables(ALL, condition="WITHEXTRA"), {"Extra": "only if WITHEXTRA"}),
        (tables(ALL, condition="NOT VersionNT64"), {"Extra": "only if NOT VersionNT64"}),
        (tables(ALL, condition="((("), {"Extra": "only if ((("}),
        (tables(ALL, ("Part", "All", "2"), level="--5"), {"Part": "only with feature Part"}),
        (tables(ALL, ("Part", "All", "2"), level="9" * 5000), {"Part": "only with feature Part"}),
    ],
)
def test_what_is_for_those_who_ask_is_left_out_with_the_reason(
    given: Tables, expected: dict[str, str]
) -> None:
    assert left_out(given) == expected


def test_a_component_of_two_features_is_installed_with_either() -> None:
    given = dict(tables(ALL, ("Part", "All", "1000")))
    given["FeatureComponents"] = (*given["FeatureComponents"], {"Feature_": "All", "Component_": "Part"})
    assert left_out(given) == {}


def test_rows_of_a_component_go_with_it() -> None:
    rest = without(tables(ALL, ("Part", "All", "1000")), {"Part": "only with feature Part"})
    assert [row["File"] for row in rest["File"]] == ["All", "Extra"]


def test_features_that_are_each_others_parent_are_no_endless_way() -> None:
    assert left_out(tables(("A", "B", "1"), ("B", "A", "1"))) == {}


def test_a_feature_that_is_advertised_is_not_installed_nor_what_is_below_it() -> None:
    given = dict(tables(ALL, ("Part", "All", "1"), ("Below", "Part", "1")))
    given["Feature"] = tuple(
        {**row, "Attributes": "4" if row["Feature"] == "Part" else "0"} for row in given["Feature"]
    )
    why = "only once feature Part is used: it is advertised"
    assert left_out(given) == {"Part": why, "Below": why}
