"""Gives a clone its identity, and serves WinRM.

Started before the machine is frozen as a template, because starting Python or any other program takes long under
emulation. A clone wakes up inside this process, with a letter in its memory (letter.py): one JSON object with `time`
(seconds since the epoch), `hostname`, `registry` (lines for identity.exe), `winrm` (the server's configuration),
`certificate`, `key`, `seed`, `media`. A machine that was not cloned is sent it by the guest agent, into a FIFO.

What the first reply needs comes first; the rest is done once that is given, and nobody is let in before it is. After a
reboot everything is on disk. What fails is in /run/bvt/failed, and on the serial console.
"""

import ctypes
import fcntl
import json
import os
import secrets
import select
import socket
import ssl
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
from letter import LetterBox
from winrmd.config import ServerConfig, config_from, load_config
from winrmd.door import Door
from winrmd.server import Server, serve
from winrmd.wine_locale import UTF8_CODEPAGE, utf8_environment

PORT = 5986
RUN = Path("/run/bvt")
LIBRARY = Path("/var/lib/bvt")
PERSONAL = LIBRARY / "personal"
CONFIGURATION = LIBRARY / "winrm.json"
MEDIA_DEVICE, MEDIA = Path("/dev/sr0"), Path("/media/bvt")
READ_ONLY_NOSUID_NODEV = 1 | 2 | 4
MEDIA_DEADLINE_S = 60.0
LOOK_MS = 10
FIRST_REPLY_S = 1.0
"""Whoever made the machine asks at once; the rest is not held up for longer by one who does not."""
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
        serve(replace(load_config(CONFIGURATION), codepage_environment=utf8), listener, threading.Event())
        return
    os.mkfifo(RUN / "word", 0o600)
    identity, box = start_identity(), LetterBox()
    configuration = rehearse(utf8)
    door = Door()
    # All that a server needs is there before the machine is frozen, its threads too.
    server = Server(configuration, listen(), door)
    server.start()
    with Path("/dev/urandom").open("wb") as device:
        (RUN / "winrm.ready").touch()
        person = json.loads(told(box))
        stir(device.fileno(), bytes.fromhex(person["seed"]))
    server.become(introduce(person, utf8))
    # There is one processor: whatever runs beside the first reply makes it later.
    door.answered.wait(FIRST_REPLY_S)
    move_in(person, identity)
    door.open.set()
    threading.Event().wait()


def told(box: LetterBox) -> bytes:
    """The letter that a clone wakes up with, or the line that the guest agent writes into the FIFO."""
    word = os.open(RUN / "word", os.O_RDONLY | os.O_NONBLOCK)
    coming = select.poll()
    coming.register(word, select.POLLIN)
    while (letter := box.letter()) is None:
        if coming.poll(LOOK_MS):
            os.set_blocking(word, True)
            with os.fdopen(word, "rb") as line:
                return line.readline()
    os.close(word)
    return letter


def keep_clock() -> None:
    """Take the time whenever the guest agent writes it: a machine that was put away wakes up in the past."""
    while True:
        with (RUN / "clock").open() as told:
            for line in told:
                time.clock_settime(time.CLOCK_REALTIME, float(line))


def stir(device: int, seed: bytes) -> None:
    """Randomness of its own: the kernel and OpenSSL have the template's, and all clones would draw the same numbers."""
    fcntl.ioctl(device, RNDADDENTROPY, struct.pack("ii", 8 * len(seed), len(seed)) + seed)
    fcntl.ioctl(device, RNDRESEEDCRNG)
    ssl.RAND_add(seed, float(len(seed)))


def rehearse(utf8: dict[int, dict[str, str]]) -> ServerConfig:
    """Serve one login and one command over TLS, so that no clone waits for what the first ones load.

    The configuration of a server that nobody knows the password of.
    """
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
    return configuration


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


def introduce(person: dict[str, Any], utf8: dict[int, dict[str, str]]) -> ServerConfig:
    """Take clock and name, and make the server's configuration. Its certificate is in memory for now."""
    os.umask(0o077)
    time.clock_settime(time.CLOCK_REALTIME, person["time"])
    socket.sethostname(person["hostname"])
    pair = os.memfd_create("winrm.pem")
    os.write(pair, (person["certificate"] + person["key"]).encode())
    place = f"/proc/self/fd/{pair}"
    config = config_from(person["winrm"])
    return replace(config, codepage_environment=utf8, tls_cert=place, tls_key=place)


def move_in(person: dict[str, Any], identity: subprocess.Popen[str]) -> None:
    """The rest of the identity: registry, media drive, and all that a reboot needs."""
    began = time.monotonic()
    assert identity.stdin is not None
    # Wine works on this while the rest is done here; identity.exe answers first and ends when it likes.
    identity.stdin.write("".join(f"{line}\n" for line in person["registry"]) + ".\n")
    identity.stdin.close()
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
    with suppress(OSError):  # the serial console is evidence, also once nobody can be asked any more
        Path("/dev/console").write_text(traceback.format_exc())
    raise
