"""Holding what is started on one processor, and no longer than that."""

import os
import subprocess
import sys

from harness.machines.wine.processor import one_processor

SHOW = [sys.executable, "-c", "import os; print(len(os.sched_getaffinity(0)))"]


def test_what_is_started_inside_is_held_and_the_caller_is_free_afterwards() -> None:
    allowed = os.sched_getaffinity(0)
    with one_processor():
        held = subprocess.run(SHOW, capture_output=True, text=True, check=True, timeout=300).stdout
    free = subprocess.run(SHOW, capture_output=True, text=True, check=True, timeout=300).stdout
    assert (int(held), int(free)) == (1, len(allowed))
    assert os.sched_getaffinity(0) == allowed
