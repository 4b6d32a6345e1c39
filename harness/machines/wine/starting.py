"""How the programs of a machine's Wine are started: in its view, with its environment, in its locale."""

import contextlib
import os
import time
from pathlib import Path

from harness.machines.wine import root_view
from harness.machines.wine.order import Berth
from harness.machines.wine.processes import server_socket
from harness.machines.wine_prefix.process_trace import TELLS

ZONES = {"ja_JP.UTF-8": "JST-9"}
"""Locale → its time zone (POSIX, "TZ"): whoever takes local time for UTC is found out there."""


class Wine:
    """The Wine of one machine, as its init starts it. Raises `OSError` where a program cannot be started."""

    def __init__(self, berth: Berth) -> None:
        self._berth = berth

    def start(self, *argv: str) -> int:
        """Start a Wine program with the machine's own environment, output to the init log."""
        directory = self._berth.places.prefix / "drive_c"
        return root_view.spawn(self._berth.view, directory, argv, self.environment())

    def start_services(self, *argv: str) -> int:
        """Start what starts Wine's services. They, and all that they start, say which programs they start."""
        directory, told = self._berth.places.prefix / "drive_c", self.environment() | {"WINEDEBUG": TELLS}
        file = os.open(self._berth.places.programs, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            return root_view.spawn(self._berth.view, directory, argv, told, output=file)
        finally:
            os.close(file)

    def environment(self) -> dict[str, str]:
        """The berth's, in the locale that was asked for."""
        with contextlib.suppress(OSError):
            name = self._berth.places.locale.read_text()
            locale = {"LC_ALL": name, "LOCPATH": str(self._berth.places.locales)}
            return self._berth.environment | locale | ({"TZ": ZONES[name]} if name in ZONES else {})
        return self._berth.environment

    def await_server(self, within_s: float) -> None:
        """Wait for its socket: a client that comes earlier would start a second server. Raises `TimeoutError`."""
        deadline = time.monotonic() + within_s
        while not self.server_socket().exists():
            if time.monotonic() > deadline:
                raise TimeoutError(f"wineserver made no socket within {within_s:g} s")
            time.sleep(0.001)

    def server_socket(self) -> Path:
        """Where wineserver listens."""
        # Debian's Wine takes /run/user/UID, which is not there, else TMPDIR, which a root image's Wine is not told.
        temporary = self._berth.places.home if self._berth.view is None else self._berth.view / "tmp"
        return server_socket(self._berth.places.prefix, temporary)
