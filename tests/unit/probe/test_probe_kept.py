"""Which commands a kept probe answers: the harness and the probe must agree."""

import re

from harness.guest.console import KEPT
from harness.probe.build import SOURCES

LIST = re.compile(r"\bkept\[\] = \{(.*?)\};", re.DOTALL)


def test_the_harness_asks_a_kept_probe_for_what_it_answers() -> None:
    found = LIST.search((SOURCES / "asked.c").read_text())
    assert found is not None
    assert set(re.findall(r'L"([\w-]+)"', found[1])) == KEPT
