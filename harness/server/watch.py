"""The halt rule at work: it looks at every roll-out all the time, and halts."""

import threading
import time
from pathlib import Path

from harness.promotion.ledger.store import Ledger
from harness.promotion.service import Promotion
from harness.rollout.decision import State
from harness.rollout.health import Health, assess
from harness.server.desk import Desk
from harness.server.logs import log
from harness.server.released import as_released
from harness.server.store import Order, Store

HALT_RULE = "the halt rule"
"""Who halted, where nobody did."""


class Watch:
    """A thread of the parent process. `begin` it once the settings are in the store."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._ended = threading.Event()
        self._promotions: dict[str, Promotion] = {}
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def begin(self) -> None:
        """Look from now on."""
        self._thread.start()

    def end(self) -> None:
        """Look no more."""
        self._ended.set()
        self._thread.join(10.0)

    def _run(self) -> None:
        wait_s = 0.0
        while not self._ended.wait(wait_s):
            wait_s = 10.0
            try:
                store = Store(self._path)
                try:
                    self._follow(store)
                    wait_s = look(store, time.time())
                finally:
                    store.close()
            except Exception as error:  # noqa: BLE001 - a watch that died in silence would be worse than none
                log("watch failed", reason=str(error))

    def _follow(self, store: Store) -> None:
        """Take over what the ledger says by now."""
        now = Desk.read(store).settings
        if now.ledger:
            promotion = self._promotions.setdefault(now.ledger, Promotion(Ledger(now.ledger)))
            said = as_released(now, promotion)
            if said != now:
                take_settings(store, said.model_dump_json(), time.time())
                log("ledger followed", shares={each.release: each.shares for each in said.rollouts})


def look(store: Store, now: float) -> float:
    """Look once at every running roll-out. Seconds until the next look."""
    desk = Desk.read(store)
    for rollouts in desk.rollouts.values():
        for rollout in rollouts:
            if rollout.state is not State.RUNNING:
                continue
            found = assess(store.watched(rollout.release), desk.settings.rule, now)
            if found.health is Health.HALT and store.order(
                Order(rollout.release, HALT_RULE, found.reason, now)
            ):
                log("halted", release=rollout.release, who=HALT_RULE, reason=found.reason)
    return desk.settings.assess_every_s


def take_settings(store: Store, document: str, now: float) -> None:
    """Make settings the workers' own, and let the control hosts go that a higher percentage reaches."""
    store.publish(document)
    for rollouts in Desk.read(store).rollouts.values():
        for rollout in rollouts:
            store.release_controls(rollout, now)
