"""A command's round trip on a kept shell, against pywinrm's Session.run_cmd and pypsrp on the same server."""

import itertools
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import winrm
from pypsrp.client import Client
from pypsrp.shell import Process, WinRS
from pypsrp.wsman import WSMan

from bench.measure import Result, result, seconds
from bench.rig import wine_machine
from harness.guest.guest import Guest
from harness.guest.transcript import Transcript

ROUNDS = 4
"""Each time in every order that there is, as the end of one command disturbs the next: 24 runs a round."""
COMMAND = "echo ready"
SETTLE_S = 0.03


def measure() -> Iterator[Result]:
    with wine_machine() as machine, tempfile.TemporaryDirectory() as scratch:
        access = machine.winrm
        password = access.password.get_secret_value()
        guest = Guest(
            access,
            Transcript(Path(scratch) / "t.jsonl", cell="bench", machine="bench"),
            media_root=machine.media_root,
        )
        session = winrm.Session(
            access.url,
            auth=(access.username, password),
            transport=access.auth,
            ca_trust_path=str(access.ca_pem),
            server_cert_validation="validate",
        )
        options: dict[str, Any] = {
            "username": access.username,
            "password": password,
            "port": access.port,
            "ssl": True,
            "auth": access.auth,
            "cert_validation": str(access.ca_pem),
        }
        client = Client(access.host, **options)
        wsman = WSMan(access.host, **options)
        with wsman, WinRS(wsman) as shell:

            def kept_shell() -> None:
                process = Process(shell, COMMAND)
                process.invoke()
                assert process.stdout.strip() == b"ready"

            sides = {
                "ours": lambda: guest.run(COMMAND, shell=True),
                "pywinrm Session.run_cmd": lambda: session.run_cmd(COMMAND),
                "pypsrp Client.execute_cmd": lambda: client.execute_cmd(COMMAND),
                "pypsrp WinRS, shell kept open": kept_shell,
            }
            taken: dict[str, list[float]] = {side: [] for side in sides}
            for side in sides.values():
                side()  # handshakes are not what is measured
            orders = ROUNDS * list(itertools.permutations(sides))
            random.Random(1).shuffle(orders)
            for name in itertools.chain.from_iterable(orders):
                time.sleep(SETTLE_S)
                taken[name].append(seconds(sides[name]))
        guest.close()
        for peer in list(sides)[1:]:
            yield result(
                "round_trip", taken["ours"], peer, taken[peer], f"`{COMMAND}`, {len(orders)} runs each"
            )
