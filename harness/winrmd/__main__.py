"""`python -m harness.winrmd --config FILE (--listen HOST:PORT | --listen-fd N) [--ready-fd N]`."""

import argparse
import logging
import os
import signal
import socket
import sys
import threading
from pathlib import Path

from .config import ConfigurationRejected, load_config
from .log_lines import OneLine
from .server import serve


def main() -> int:
    """Run until SIGTERM or SIGINT; 2 for a configuration that cannot be."""
    parser = argparse.ArgumentParser(prog="winrmd", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="JSON file, see docs/winrm-server.md")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--listen", metavar="HOST:PORT", help="port 0 takes a free one")
    where.add_argument("--listen-fd", type=int, metavar="N", help="a listening socket that is inherited")
    parser.add_argument(
        "--ready-fd", type=int, metavar="N", help="told HOST:PORT and a line feed when listening"
    )
    arguments = parser.parse_args()
    try:
        config = load_config(arguments.config)
        _log_to(config.log_path)
        listener = _listener(arguments.listen, arguments.listen_fd)
    except (ConfigurationRejected, OSError) as error:
        sys.stderr.write(f"winrmd: {error}\n")
        return 2
    stop = _told_to_stop()
    if arguments.ready_fd is not None:
        host, port = listener.getsockname()[:2]
        os.write(arguments.ready_fd, f"{host}:{port}\n".encode())
        os.close(arguments.ready_fd)
    serve(config, listener, stop)
    return 0


def _log_to(path: str | None) -> None:
    """The log goes to a file, or to standard error. Raises `OSError` for a file that cannot be opened."""
    handler = logging.FileHandler(path) if path else logging.StreamHandler()
    handler.setFormatter(OneLine())
    logging.basicConfig(level=logging.INFO, handlers=[handler])


def _told_to_stop() -> threading.Event:
    """Set once SIGTERM or SIGINT has come.

    A handler runs when the main thread gets to it, and that may wait already, by a lock that the signal came too early
    to end. The interpreter's byte for the signal (`set_wakeup_fd`) is read by a thread, which nothing of this concerns.
    """
    stop = threading.Event()
    heard, rings = os.pipe2(os.O_CLOEXEC)
    os.set_blocking(rings, False)
    signal.set_wakeup_fd(rings, warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)

    def listen() -> None:
        os.read(heard, 1)
        stop.set()

    threading.Thread(target=listen, name="signals", daemon=True).start()
    return stop


def _listener(listen: str | None, descriptor: int | None) -> socket.socket:
    if descriptor is not None:
        return socket.socket(fileno=descriptor)
    host, _, port = (listen or "").rpartition(":")
    if not (port.isascii() and port.isdigit() and len(port) <= 5 and int(port) <= 65535):
        raise ConfigurationRejected(f"--listen {listen}: expected HOST:PORT.")
    return socket.create_server((host.strip("[]"), int(port)), backlog=64)


if __name__ == "__main__":
    sys.exit(main())
