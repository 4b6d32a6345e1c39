"""Writes to a ledger in children that die at every single write, and says in JSON what the ledger was like after each.

To be run with `dies_at_write.c` preloaded. Forks, so that Python starts once.
"""

import ctypes
import json
import os
import signal
import sys

from harness.promotion.ledger.audit import Trust, audit
from harness.promotion.ledger.checkpoints import sign_checkpoint
from harness.promotion.ledger.store import Ledger
from tests.unit.promotion.ledger.signers import signer

SIGNER = signer()


def main(place: str, half: int) -> None:
    arm = ctypes.CDLL(None).arm
    Ledger(place).create()
    kills, grown_by, problems, size, number = 0, [], [], 0, 0
    while True:
        number += 1
        if not (child := os.fork()):
            arm(ctypes.c_long(number), half)
            with Ledger(place).writing() as writer:
                writer.append([b"one", b"two", b"three"])
                writer.attach(os.urandom(5_000))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        with Ledger(place).reading() as snapshot:
            found = audit(snapshot, Trust(SIGNER.key))
        problems += [finding.text for finding in found.findings]
        grown_by.append(found.size - size)
        size = found.size
        if not killed:
            problems += [] if status == 0 else [f"the child ended with {status}"]
            break
        kills += 1
        if number % 5 == 0:
            sign_checkpoint(Ledger(place), SIGNER)
    sys.stdout.write(json.dumps({"kills": kills, "grown_by": grown_by, "problems": problems}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
