"""Gives a clone its identity, then serves WinRM.

Started before the machine is frozen as a template, because starting Python or any other program takes long under
emulation: a clone wakes up inside this process, which waits on a FIFO for one JSON object written by the guest agent:
`time` (seconds since the epoch), `hostname`, `registry` (lines for identity.exe), `winrm` (the server's configuration),
`certificate`, `key`, `seed`. After a reboot everything is on disk and it serves at once. What fails is in
/run/bvt/failed.
"""

import ctypes
import fcntl
import json
import os
import secrets
import socket
import struct
import subprocess
import sys
import threading
import time
import traceback
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, "/usr/lib/bvt")

import rehearsal
from certificate import self_signed
from winrmd.config import ServerConfig, load_config
from winrmd.server import serve
from winrmd.wine_locale import UTF8_CODEPAGE, utf8_environment

PORT = 5986
RUN = Path("/run/bvt")
LIBRARY = Path("/var/lib/bvt")
PERSONAL = LIBRARY / "personal"
CONFIGURATION = LIBRARY / "winrm.json"
MEDIA_DEVICE, MEDIA = Path("/dev/sr0"), Path("/media/bvt")
READ_ONLY_NOSUID_NODEV = 1 | 2 | 4
MEDIA_DEADLINE_S = 5.0
RNDADDENTROPY, RNDRESEEDCRNG = 0x40085203, 0x5207  # random(4)


def main() -> None:
    """Wait to be told who this is, unless that is known; then serve until killed."""
    utf8 = {UTF8_CODEPAGE: utf8_environment(RUN / "locale")}
    (RUN / "results").mkdir(mode=0o700, exist_ok=True)
    with suppress(FileExistsError):  # the unit was started again
        os.mkfifo(RUN / "clock", 0o600)
    threading.Thread(target=keep_clock, daemon=True).start()
    if PERSONAL.exists():
        listener = listen()
        (RUN / "winrm.ready").touch()
    else:
        word = RUN / "word"
        os.mkfifo(word, 0o600)
        identity = start_identity()
        rehearse(utf8)
        listener = listen()
        (RUN / "winrm.ready").touch()
        with word.open() as told:
            become(json.loads(told.readline()), identity)
    serve(replace(load_config(CONFIGURATION), codepage_environment=utf8), listener, threading.Event())


def keep_clock() -> None:
    """Take the time whenever the guest agent writes it: a machine that was put away wakes up in the past."""
    while True:
        with (RUN / "clock").open() as told:
            for line in told:
                time.clock_settime(time.CLOCK_REALTIME, float(line))


def stir(seed: bytes) -> None:
    """Randomness of its own: the kernel's is the template's, and all clones would draw the same numbers."""
    with Path("/dev/urandom").open("wb") as device:
        fcntl.ioctl(device, RNDADDENTROPY, struct.pack("ii", 8 * len(seed), len(seed)) + seed)
        fcntl.ioctl(device, RNDRESEEDCRNG)


def rehearse(utf8: dict[int, dict[str, str]]) -> None:
    """Serve one login and one command over TLS, so that no clone waits for what the first ones load."""
    certificate, key = self_signed("rehearsal")
    (RUN / "rehearsal.pem").write_bytes(certificate)
    (RUN / "rehearsal.key").write_bytes(key)
    user, password = "rehearsal", secrets.token_hex(8)
    configuration = ServerConfig(
        users={user: password},
        launcher=("/bin/echo", "{command}"),
        result_dir=str(RUN / "results"),
        tls_cert=str(RUN / "rehearsal.pem"),
        tls_key=str(RUN / "rehearsal.key"),
        codepage_environment=utf8,
    )
    listener = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()
    server = threading.Thread(target=serve, args=(configuration, listener, stop))
    port = listener.getsockname()[1]
    server.start()
    try:
        rehearsal.log_in(port, user, password, RUN / "rehearsal.pem")
        rehearsal.run_command(port, user, password, RUN / "rehearsal.pem")
    finally:
        stop.set()
        server.join()


def start_identity() -> subprocess.Popen[str]:
    """identity.exe, started and waiting; started here, its answer comes without another program's help."""
    command = ["wine64", "/usr/lib/bvt/identity.exe"]
    identity = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    expect(identity, "ready")
    return identity


def expect(identity: subprocess.Popen[str], word: str) -> None:
    """Read one line of identity.exe. Raises `RuntimeError` with what it says instead."""
    assert identity.stdout is not None
    said = identity.stdout.readline().strip()
    if said != word:
        raise RuntimeError(f"identity.exe said {said!r} instead of {word!r}")


def listen() -> socket.socket:
    """The port is open before the machine is frozen: whoever connects to a clone just waits, and never in vain."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("", PORT))
    listener.listen(128)
    return listener


def become(person: dict[str, Any], identity: subprocess.Popen[str]) -> None:
    """Take clock, name, media drive, registry values, password; until then nobody is accepted."""
    os.umask(0o077)
    began = time.monotonic()
    stir(bytes.fromhex(person["seed"]))
    assert identity.stdin is not None
    # Wine works on this while the rest is done here; identity.exe answers first and ends when it likes.
    identity.stdin.write("".join(f"{line}\n" for line in person["registry"]) + ".\n")
    identity.stdin.close()
    time.clock_settime(time.CLOCK_REALTIME, person["time"])
    socket.sethostname(person["hostname"])
    Path("/etc/hostname").write_text(person["hostname"] + "\n")
    Path("/etc/hosts").write_text(f"127.0.0.1 localhost {person['hostname']}\n")
    CONFIGURATION.write_text(json.dumps(person["winrm"]))
    (LIBRARY / "winrm.pem").write_text(person["certificate"])
    (LIBRARY / "winrm.key").write_text(person["key"])
    named = time.monotonic()
    if person["media"]:
        mount_media()
    mounted = time.monotonic()
    expect(identity, "done")
    ended = time.monotonic()
    (RUN / "times").write_text(
        f"name {named - began:.3f} media {mounted - named:.3f} registry {ended - mounted:.3f}\n"
    )
    PERSONAL.touch()


def mount_media() -> None:
    """Opening the device makes the kernel notice a medium that came while the machine was frozen.

    The first read may still meet the news that the medium changed, which the kernel reports as an I/O error.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    options = b"mode=0555,dmode=0555"
    place = (bytes(MEDIA_DEVICE), bytes(MEDIA), b"iso9660", READ_ONLY_NOSUID_NODEV, options)
    give_up_at = time.monotonic() + MEDIA_DEADLINE_S
    while libc.mount(*place) != 0:
        code = ctypes.get_errno()
        if time.monotonic() > give_up_at:
            raise OSError(code, f"mounting {MEDIA_DEVICE}: {os.strerror(code)}")
        time.sleep(0.05)


try:
    main()
except Exception:
    (RUN / "failed").write_text(traceback.format_exc())
    raise
