"""The processes of `bvt serve`: a parent that holds the socket and the halt rule, and workers that answer.

SIGHUP reads the settings file anew: no worker restarts and no connection closes, so no request is lost. A file with a
mistake changes nothing. SIGTERM and SIGINT let every request finish first.
"""

import functools
import os
import shutil
import socket
import time
from collections.abc import Callable
from pathlib import Path

import uvicorn
from uvicorn.supervisors.multiprocess import Multiprocess

from harness.model.errors import HarnessError, InfrastructureError
from harness.promotion.ledger.store import Ledger
from harness.promotion.service import Promotion
from harness.server.entrance import application
from harness.server.logs import log
from harness.server.mail import Mail
from harness.server.own_key import own_signer
from harness.server.released import as_released
from harness.server.settings import Settings
from harness.server.settings_file import load_settings
from harness.server.store import Store
from harness.server.watch import Watch, take_settings

DRAIN_S = 20
"""How long a request may take that is being answered when the server is told to end."""
PATIENCE_S = 60
"""How long a worker may not answer its parent, as on a busy machine, before another one takes its place."""


class Supervisor(Multiprocess):
    """uvicorn's, with SIGHUP as news for the workers rather than their end."""

    def __init__(self, config: uvicorn.Config, listening: socket.socket, reload: Callable[[], None]) -> None:
        super().__init__(config, [listening])
        self._reload = reload

    def handle_hup(self) -> None:
        self._reload()


def serve(path: Path, settings: Settings, state: Path) -> int:
    """Serve until a signal ends it. `path` is the settings file, `state` the folder of the store.

    Raises `ConfigurationError` and `InfrastructureError` for what keeps it from that, before anything is written.
    """
    store_path = state / "rollout.sqlite"
    if settings.ledger_key:
        own_signer(settings)  # a mistake in it is said at once
    in_force = _in_force(settings)
    Mail.check(settings)
    listening = _listen(settings)
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    _metrics_folder(state / "metrics")
    store = Store(store_path)
    take_settings(store, in_force.model_dump_json(), time.time())
    mail = Mail(state)
    mail.begin(settings)

    def reload() -> None:
        try:
            new = _in_force(load_settings(path))
            mail.begin(new)
        except HarnessError as error:
            log("settings refused", reason=str(error))
            return
        take_settings(store, new.model_dump_json(), time.time())
        fixed = [
            name for name in ("listen", "workers", "tls") if getattr(new, name) != getattr(settings, name)
        ]
        log("settings read", needs_restart=fixed)

    watch = Watch(store_path)
    watch.begin()
    host, port = listening.getsockname()[:2]
    log(
        "listening",
        url=f"{'https' if settings.tls else 'http'}://{host}:{port}",
        workers=settings.workers,
        store=str(store_path),
    )
    try:
        supervisor = Supervisor(_config(settings, store_path), listening, reload)
        supervisor.run()
    finally:
        watch.end()
        mail.end()
        store.close()
        listening.close()
    log("ended")
    return 0


def _in_force(settings: Settings) -> Settings:
    return as_released(settings, Promotion(Ledger(settings.ledger))) if settings.ledger else settings


def _config(settings: Settings, store: Path) -> uvicorn.Config:
    return uvicorn.Config(
        functools.partial(application, store),
        factory=True,
        workers=settings.workers,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=DRAIN_S,
        timeout_worker_healthcheck=PATIENCE_S,
        ssl_certfile=settings.tls.certificate if settings.tls else None,
        ssl_keyfile=settings.tls.key if settings.tls else None,
    )


def _listen(settings: Settings) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        listening = socket.create_server((settings.host, settings.port), family=family, backlog=2048)
    except OSError as error:
        raise InfrastructureError(
            f"The server cannot listen on {settings.listen}: {error.strerror or error}."
        ) from error
    listening.set_inheritable(True)
    return listening


def _metrics_folder(folder: Path) -> None:
    """Workers count into files of their own; those of an earlier start would be counted again."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
