"""Starts the WinRM server inside the guest.

A clone's password is known only after it resumes, and starting Python under emulation takes a second. So the server's
modules are loaded before the template is frozen, and the server waits for its word on a FIFO. After a reboot the
configuration is there and it serves at once.
"""

import os
import socket
import sys
import threading
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, "/usr/lib/bvt")

from winrmd.config import load_config
from winrmd.server import serve
from winrmd.wine_locale import UTF8_CODEPAGE, utf8_environment

PORT = int(os.environ.get("BVT_WINRM_PORT", "5986"))
CONFIGURATION = Path("/var/lib/bvt/winrm.json")
GO = Path("/run/bvt/winrm.go")
RESULTS = Path("/run/bvt/results")
READY = Path("/run/bvt/winrm.ready")


def main() -> None:
    """Wait for the configuration, then serve until killed."""
    if not Path("/var/lib/bvt/personal").exists():
        os.mkfifo(GO, 0o600)
        READY.touch()
        with GO.open("rb") as go:
            go.readline()
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("", PORT))
    listener.listen(128)
    RESULTS.mkdir(mode=0o700, exist_ok=True)
    utf8 = {UTF8_CODEPAGE: utf8_environment(Path("/run/bvt/locale"))}
    configuration = replace(load_config(CONFIGURATION), codepage_environment=utf8)
    READY.touch()
    serve(configuration, listener, threading.Event())


main()
