"""The halt rule at work: it looks at every roll-out all the time, and halts."""

import threading
import time
from pathlib import Path

from harness.rollout.decision import State
from harness.rollout.health import Health, assess
from harness.server.clerk import Clerk
from harness.server.desk import Desk
from harness.server.health_reports import report_health
from harness.server.logs import log
from harness.server.recorded_halts import record_halts
from harness.server.released import as_released
from harness.server.settings import Settings
from harness.server.store import Order, Store

HALT_RULE = "the halt rule"
"""Who halted, where nobody did."""


NEWS_S = 0.5
"""How often the ledger is asked whether it has grown."""
RETRY_S = 10.0
"""When something failed."""


class Watch:
    """A thread of the parent process. `begin` it once the settings are in the store."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._ended = threading.Event()
        self._settings = Settings(tokens=())
        self._clerk = Clerk(lambda: self._settings)
        self._seen = -1
        """Entries of the ledger that were followed."""
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def begin(self) -> None:
        """Look from now on."""
        self._thread.start()

    def end(self) -> None:
        """Look no more."""
        self._ended.set()
        self._thread.join(10.0)

    def _run(self) -> None:
        due = 0.0
        while not self._ended.wait(NEWS_S):
            try:
                store = Store(self._path)
                try:
                    now, news = time.monotonic(), self._news(store)
                    if news or now >= due:
                        due = now + RETRY_S
                        self._follow(store)
                        due = now + look(store, time.time())
                        self._record(store)
                finally:
                    store.close()
            except Exception as error:  # noqa: BLE001 - a watch that died in silence would be worse than none
                log("watch failed", reason=str(error))

    def _news(self, store: Store) -> bool:
        """Whether the ledger has grown."""
        self._settings = Desk.read(store).settings
        if not self._settings.ledger:
            return False
        size = self._clerk.promotion.size()
        grown, self._seen = size != self._seen, size
        return grown

    def _follow(self, store: Store) -> None:
        """Take over what the ledger says by now."""
        now = self._settings
        if now.ledger:
            said = as_released(now, self._clerk.promotion)
            if said != now:
                take_settings(store, said.model_dump_json(), time.time())
                log("ledger followed", shares={each.release: each.shares for each in said.rollouts})

    def _record(self, store: Store) -> None:
        """Write into the ledger what the halt rule or somebody without a person has halted, and how hosts fare."""
        if self._settings.ledger_key:
            for words in record_halts(store, self._settings, self._clerk.promotion, self._clerk.signer):
                log("halt recorded", reason=words)
            for words in report_health(store, self._settings, self._clerk.promotion, self._clerk.signer):
                log("health reported", reason=words)


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
