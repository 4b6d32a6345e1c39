"""A machine is the same whoever starts it."""

import re
import subprocess
import sys

PROGRAM = """
from harness.machines.dispositions import begin_anew
begin_anew()
print(open("/proc/self/status").read())
"""


def test_nothing_that_was_ignored_or_blocked_is_handed_on() -> None:
    held_off = ["--ignore-signal=INT", "--ignore-signal=CHLD", "--ignore-signal=HUP", "--block-signal"]
    done = subprocess.run(
        ["env", *held_off, sys.executable, "-c", PROGRAM],
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
        check=True,
    )
    masks = {name: int(mask, 16) for name, mask in re.findall(r"Sig(\w+):\t([0-9a-f]+)", done.stdout)}
    assert masks["Blk"] == 0
    pythons_own = 1 << 12 | 1 << 24  # SIGPIPE, SIGXFSZ
    assert masks["Ign"] == pythons_own
