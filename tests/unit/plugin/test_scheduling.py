"""A cell is one unit of work."""

from harness.plugin.scheduling import cell_of


def test_the_cell_is_read_from_the_node_id() -> None:
    node = "harness/checks/test_install.py::test_exit_code[win11-24h2/fresh]"
    assert cell_of(node) == "win11-24h2/fresh"


def test_an_item_of_no_cell_is_a_unit_of_its_own() -> None:
    assert cell_of("tests/test_x.py::test_y") == "tests/test_x.py::test_y"
