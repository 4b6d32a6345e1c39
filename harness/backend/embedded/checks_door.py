"""What checks do with a cell at the backend: admit it, configure it, ask it, trouble it, and read what came of it."""

import secrets
import time
from collections import deque
from collections.abc import Sequence

from harness.backend.embedded.admission import Admission, Key, PendingFault
from harness.backend.embedded.bodies import Answer
from harness.backend.embedded.enrolment_trial import EnrolmentTrial
from harness.backend.embedded.handover import Handover
from harness.backend.embedded.journal import Journal
from harness.backend.embedded.store import Kind
from harness.backend.interface import Endpoint, FaultKind
from harness.backend.traffic import Traffic
from harness.backend.trouble import Enrolments
from harness.model.deadline import Deadline


class ChecksDoor(Journal):
    """The checks' side of the journal. Thread-safe."""

    def admit(self, cell: str, configuration: bytes) -> str:
        """Start the cell afresh: everything it had is retired. Returns its new secret."""
        with self._changed:
            self._retire(cell)
            number = self._record(cell, Kind.ADMISSION, [{}])
            admission = Admission(cell, secrets.token_urlsafe(24), number, configuration)
            self._current[cell] = self._by_secret[admission.secret] = admission
            return admission.secret

    def hand_over(self, cell: str, host: str, port: int) -> Handover:
        """The cell's place, for another process. Nothing changes here."""
        with self._changed:
            admission = self._of(cell)
            keys = {
                name: key.host_identifier for name, key in self._by_key.items() if key.admission is admission
            }
            return Handover(
                cell=cell,
                host=host,
                port=port,
                secret=admission.secret,
                node_keys=keys,
                configuration=admission.configuration.decode("latin-1"),
                endpoint=admission.endpoint,
            )

    def take_over(self, handover: Handover) -> None:
        """Go on with a cell that another process served."""
        with self._changed:
            number = self._record(handover.cell, Kind.ADMISSION, [{}])
            configuration = handover.configuration.encode("latin-1")
            admission = Admission(handover.cell, handover.secret, number, configuration, handover.endpoint)
            self._current[handover.cell] = self._by_secret[handover.secret] = admission
            self._by_key |= {name: Key(admission, host) for name, host in handover.node_keys.items()}

    def configure(self, cell: str, configuration: bytes) -> float:
        """Serve this configuration from now on; returns the time."""
        with self._changed:
            self._of(cell).configuration = configuration
            now = time.time()
            text = configuration.decode(errors="backslashreplace")
            self._record(cell, Kind.CONFIGURATION, [{"text": text}], at=now)
            return now

    def misbehave(self, cell: str, fault: PendingFault, times: int) -> None:
        """The cell's next `times` requests are answered wrongly."""
        with self._changed:
            admission = self._of(cell)
            admission.faults.extend([fault] * times)
            admission.recovered = False

    def fail_enrolments(self, cell: str, per_s: float) -> None:
        """The cell's enrolments fail from now on, until the agent has kept the pace or has shown that it does not."""
        with self._changed:
            self._of(cell).trial = EnrolmentTrial(per_s)

    def failed_enrolments(self, cell: str) -> tuple[float, ...]:
        """When they failed."""
        with self._changed:
            trial = self._of(cell).trial
            return tuple(trial.failed) if trial is not None else ()

    def turn_away(self, cell: str) -> None:
        """The cell's next request is told that its node is unknown; every enrolment fails from now on."""
        with self._changed:
            admission = self._of(cell)
            admission.turned_away = []
            admission.faults.append(PendingFault(FaultKind.NODE_INVALID))

    def turned_away(self, cell: str) -> int:
        """Enrolments that failed so."""
        with self._changed:
            return len(self._of(cell).turned_away or ())

    def let_in(self, cell: str) -> bool:
        """Enrolments succeed again; whether anybody was told that its node is unknown. If not nobody is any more."""
        with self._changed:
            admission = self._of(cell)
            admission.turned_away = None
            others = [each for each in admission.faults if each.kind is not FaultKind.NODE_INVALID]
            told = len(others) == len(admission.faults)
            admission.faults = deque(others)
            return told

    def silences(self, cell: str) -> tuple[tuple[float, float], ...]:
        """From one sign of life to the next, where that was long; the last one goes on."""
        with self._changed:
            admission = self._of(cell)
            last = admission.endpoint.last_seen if admission.endpoint is not None else None
            open_now = () if last is None else ((last, time.time()),)
            return (*admission.silences, *open_now)

    def body_held_s(self, cell: str) -> float:
        """The longest wait for a body that its head had denied, in seconds."""
        with self._changed:
            return self._of(cell).body_held_s

    def body_awaited_s(self, cell: str) -> float:
        """The same of a body that has not come so far, or never came."""
        with self._changed:
            admission, now = self._of(cell), time.time()
            going_on = [now - began for began in self._awaited if began >= admission.admitted_at]
            return max((admission.body_awaited_s, *going_on))

    def begin_outage(self, cell: str) -> None:
        """Every request of the cell fails from now on."""
        with self._changed:
            admission = self._of(cell)
            admission.outage, admission.recovered = [], False

    def end_outage(self, cell: str) -> tuple[float, ...]:
        """Serve the cell again; returns when its requests failed."""
        with self._changed:
            admission = self._of(cell)
            failed, admission.outage = tuple(admission.outage or ()), None
            return failed

    def failures(self, cell: str) -> int:
        """Requests that failed so far in the outage that goes on."""
        with self._changed:
            return len(self._of(cell).outage or ())

    def enrolled(self, cell: str) -> Enrolments:
        """How often the cell's agents enrolled since it was admitted, and what gave them reason to."""
        provoked = (FaultKind.NODE_INVALID.value, FaultKind.DELAY.value)
        faults = [item.body["fault"] for item in self.items(cell, Kind.FAULT)]
        hosts = [item.body["host_identifier"] for item in self.items(cell, Kind.ENROLMENT)]
        with self._changed:
            abandoned = self._of(cell).abandoned
        return Enrolments(tuple(hosts), sum(fault in provoked for fault in faults), abandoned)

    def taken_away(self, cell: str) -> None:
        """Whoever held the cell's newest node key is gone: it counts as abandoned, unless it is shown once more."""
        with self._changed:
            admission = self._of(cell)
            admission.key_used &= admission.endpoint is None

    def ask(self, cell: str, sql: str, deadline: Deadline) -> Answer | None:
        """Hand the query out until it is answered; None (and the query withdrawn) on deadline."""
        found = self.ask_together(cell, [sql], deadline)
        return found[0] if found is not None else None

    def ask_together(self, cell: str, queries: Sequence[str], deadline: Deadline) -> list[Answer] | None:
        """Hand several queries out at once until all are answered; None (and the queries withdrawn) on deadline."""
        asked = {secrets.token_hex(8): sql for sql in queries}
        with self._changed:
            admission = self._of(cell)
            admission.questions |= asked
            admission.asked |= asked
            self._record(
                cell, Kind.QUESTION, [{"id": query_id, "sql": sql} for query_id, sql in asked.items()]
            )

            def answers() -> list[Answer] | None:
                found = [admission.answers[query_id] for query_id in asked if query_id in admission.answers]
                return found if len(found) == len(asked) else None

            try:
                return self.wait(answers, deadline)
            finally:
                for query_id in asked:
                    admission.questions.pop(query_id, None)

    def answered_again(self, cell: str) -> tuple[str, ...]:
        """The queries that were answered once more after their answer had come."""
        with self._changed:
            return tuple(self._of(cell).answered_again)

    def endpoint(self, cell: str) -> Endpoint | None:
        """The cell's endpoint, if it has enrolled since it was admitted."""
        with self._changed:
            return self._of(cell).endpoint

    def recovered(self, cell: str) -> Endpoint | None:
        """The endpoint, if it was served after the last fault that was asked for."""
        with self._changed:
            admission = self._of(cell)
            return admission.endpoint if admission.recovered else None

    def heard(self, cell: str) -> tuple[int, float, float | None]:
        """Requests served since the cell was admitted, when that was, and when its endpoint was last seen."""
        with self._changed:
            admission = self._of(cell)
            last = admission.endpoint.last_seen if admission.endpoint is not None else None
            return sum(admission.requests.values()), admission.admitted_at, last

    def traffic(self, cell: str) -> Traffic:
        """What was served since the first request of all."""
        with self._changed:
            admission = self._of(cell)
            lasted_s = time.time() - admission.heard_at if admission.heard_at is not None else 0.0
            requests = sum(admission.requests.values())
            return Traffic(requests=requests, sent_bytes=admission.sent_bytes, lasted_s=lasted_s)

    def credentials(self, cell: str) -> frozenset[str]:
        """Every node key that an agent of the cell got, and what has ended: earlier node keys and secrets."""
        with self._changed:
            current = [node_key for node_key, key in self._by_key.items() if key.admission.cell == cell]
            return frozenset([*current, *(key for key, owner in self._retired.items() if owner == cell)])

    # -- inside the lock

    def _retire(self, cell: str) -> None:
        admission = self._current.pop(cell, None)
        if admission is not None:
            self._retired[self._by_secret.pop(admission.secret).secret] = cell
            self._end_keys(lambda key: key.admission is admission)
