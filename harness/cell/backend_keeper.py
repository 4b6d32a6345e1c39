"""The process that serves the backend of one kept machine: `python -m harness.cell.backend_keeper STATE MACHINE`.

It prints `serving` once it does, and ends by SIGTERM or when its machine is no longer there.
"""

import logging
import signal
import sys
import threading
from logging.handlers import RotatingFileHandler
from pathlib import Path

from harness.backend.embedded.backend import EmbeddedBackend
from harness.backend.embedded.pki import load_authority
from harness.cell.kept_backend import AUTHORITY, DATABASE, PART, REQUESTS, read, read_handover, write_record
from harness.machines.intent import Owner
from harness.state import StateDirectory

LOOK_EVERY_S = 2.0
"""How often it looks whether its machine is there: one that was removed gives no event that every file system tells."""
LOG_BYTES = 1 << 20


def main(root: str, machine_id: str) -> int:
    """Serve until told to end. The exit code."""
    state = StateDirectory(Path(root))
    folder = state.root / PART / machine_id
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    handover, record = read_handover(folder), read(state, machine_id)
    assert record is not None, "the record is written before this process is started"
    requests = _log(folder / REQUESTS)
    backend = EmbeddedBackend(
        load_authority(folder / AUTHORITY),
        folder / DATABASE,
        bind=f"{handover.host}:{handover.port}",
        handover=handover,
        watch=requests.info,
    )
    try:
        write_record(folder, record.model_copy(update={"owner": Owner.this_process()}))
        print("serving", flush=True)  # noqa: T201 - whoever started it waits for this
        sys.stdout.close()
        intent = state.intents / f"{machine_id}.json"
        while not told.wait(LOOK_EVERY_S):
            if not intent.exists():
                break
    finally:
        backend.close()
    return 0


def _log(path: Path) -> logging.Logger:
    """One line per request, with its time; the file stays small."""
    logger = logging.getLogger("bvt.requests")
    handler = RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=1)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    return logger


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
