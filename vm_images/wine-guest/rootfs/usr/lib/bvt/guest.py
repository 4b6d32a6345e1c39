"""Gives a clone its identity, then serves WinRM.

Started before the machine is frozen as a template, because starting Python or any other program takes long under
emulation: a clone wakes up inside this process, which waits on a FIFO for one JSON object written by the guest agent:
`time` (seconds since the epoch), `hostname`, `registry` (lines for identity.exe), `winrm` (the server's configuration),
`certificate`, `key`. After a reboot everything is on disk and it serves at once. What fails is in /run/bvt/failed.
"""

import base64
import ctypes
import http.client
import json
import os
import secrets
import socket
import ssl
import sys
import threading
import time
import traceback
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, "/usr/lib/bvt")

import spnego
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


def main() -> None:
    """Wait to be told who this is, unless that is known; then serve until killed."""
    utf8 = {UTF8_CODEPAGE: utf8_environment(RUN / "locale")}
    (RUN / "results").mkdir(mode=0o700, exist_ok=True)
    if not PERSONAL.exists():
        word = RUN / "word"
        os.mkfifo(word, 0o600)
        rehearse()
        (RUN / "winrm.ready").touch()
        become(json.loads(word.read_bytes()))
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("", PORT))
    listener.listen(128)
    (RUN / "winrm.ready").touch()
    serve(replace(load_config(CONFIGURATION), codepage_environment=utf8), listener, threading.Event())


def rehearse() -> None:
    """Serve one NTLM login over TLS, so that no clone waits for what the first one loads (two seconds of it)."""
    certificate, key = self_signed("rehearsal")
    (RUN / "rehearsal.pem").write_bytes(certificate)
    (RUN / "rehearsal.key").write_bytes(key)
    password = secrets.token_hex(8)
    configuration = ServerConfig(
        users={"rehearsal": password},
        launcher=("/bin/false", "{command}"),
        result_dir=str(RUN),
        tls_cert=str(RUN / "rehearsal.pem"),
        tls_key=str(RUN / "rehearsal.key"),
    )
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    stop = threading.Event()
    server = threading.Thread(target=serve, args=(configuration, listener, stop))
    server.start()
    context = ssl.create_default_context(cafile=str(RUN / "rehearsal.pem"))
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=60)
    login = spnego.client("rehearsal", password, hostname="localhost", service="http", protocol="ntlm")
    token, statuses = login.step(), []
    while token:
        header = "Negotiate " + base64.b64encode(token).decode()
        connection.request("POST", "/wsman", headers={"Authorization": header, "Content-Length": "0"})
        answer = connection.getresponse()
        answer.read()
        statuses.append(answer.status)
        challenge = answer.headers.get("WWW-Authenticate", "").partition(" ")[2]
        token = login.step(base64.b64decode(challenge)) if challenge else None
    connection.close()
    stop.set()
    server.join()
    if statuses[0] != 401 or statuses[-1] == 401:
        raise RuntimeError(f"the rehearsal of a login got {statuses}")


def become(person: dict[str, Any]) -> None:
    """Take clock, name, media drive, registry values, password."""
    os.umask(0o077)
    began = time.monotonic()
    time.clock_settime(time.CLOCK_REALTIME, person["time"])
    (RUN / "identity.in").write_text("".join(f"{line}\n" for line in person["registry"]) + ".\n")
    socket.sethostname(person["hostname"])
    Path("/etc/hostname").write_text(person["hostname"] + "\n")
    Path("/etc/hosts").write_text(f"127.0.0.1 localhost {person['hostname']}\n")
    CONFIGURATION.write_text(json.dumps(person["winrm"]))
    (LIBRARY / "winrm.pem").write_text(person["certificate"])
    (LIBRARY / "winrm.key").write_text(person["key"])
    if person["media"]:
        mount_media()
    answer = (RUN / "identity.out").read_text().strip()
    (RUN / "identity.took").write_text(f"{time.monotonic() - began:.3f}\n")
    if answer != "0":
        said = (RUN / "identity.log").read_text()
        raise RuntimeError(f"identity.exe ended with {answer}: {said}")
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
