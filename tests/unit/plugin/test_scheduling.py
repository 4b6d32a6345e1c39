"""A cell is one unit of work."""

from harness.model.report import Phase
from harness.model.steps import Step, steps_of
from harness.plugin.scheduling import cell_of, longest_first
from tests.unit.gate.samples import a_cell


def test_the_cell_is_read_from_the_node_id() -> None:
    node = "harness/checks/test_install.py::test_exit_code[win11-24h2/fresh]"
    assert cell_of(node) == "win11-24h2/fresh"


def test_an_item_of_no_cell_is_a_unit_of_its_own() -> None:
    assert cell_of("tests/test_x.py::test_y") == "tests/test_x.py::test_y"


def test_the_longest_cell_comes_first_and_equals_keep_their_order() -> None:
    short = steps_of([Phase.MACHINE, Phase.INSTALL, Phase.UNINSTALL])
    rebooting = steps_of([Phase.MACHINE, Phase.INSTALL, Phase.REBOOT, Phase.UNINSTALL])
    first, second = a_cell("a/fresh", steps=short), a_cell("b/fresh", steps=short)
    thrice = a_cell("c/reboots", steps=rebooting, reboots=3)
    soaking = a_cell("d/soak", steps=(Step(action=Phase.SOAK, rest_s=600),))
    assert longest_first([first, second, thrice, soaking]) == [soaking, thrice, first, second]
