"""What agents get of the backend and give to it: who may check in, with which secret and key, what waits for whom."""

import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from harness.backend.embedded.admission import DOWN_S, DROPPED, SILENT_S, Admission, Key, PendingFault
from harness.backend.embedded.bodies import Answer, EnrolRequest
from harness.backend.embedded.journal import Journal
from harness.backend.embedded.records import Record, unpacked
from harness.backend.embedded.store import Kind
from harness.backend.embedded.wire import Malformed
from harness.backend.interface import Endpoint, FaultKind

AT_ONCE_S = 0.3
"""Two enrolments within so little time were made by one process."""
ERRORS = (FaultKind.BAD_GATEWAY, FaultKind.ERROR_500)
"""What requests of an outage are answered with, in turns."""
MOST_ADDRESSES = 100
"""Of one cell that are kept: an agent may put the time into each."""


class AgentsDoor(Journal):
    """The server's side of the journal, for requests of agents. Thread-safe."""

    def fault_for(self, *, secret: str = "", node_key: str = "") -> PendingFault | None:
        """Take the fault that this request must suffer. Enrolment never suffers `node-invalid`."""
        with self._changed:
            key = self._by_key.get(node_key)
            admission = key.admission if key else self._by_secret.get(secret)
            if admission is not None and admission.outage is not None:
                admission.outage.append(time.time())
                down = admission.outage[-1] - admission.outage[0] < DOWN_S
                dropped = down or len(admission.outage) % DROPPED == 0
                kind = FaultKind.DROP if dropped else ERRORS[admission.errors % len(ERRORS)]
                admission.errors += not dropped
                self._record(admission.cell, Kind.FAULT, [{"fault": kind.value, "seconds": 0.0}])
                return PendingFault(kind)
            if admission is not None and secret and admission.trial and admission.trial.fails(time.time()):
                kind = admission.trial.kind
                self._record(admission.cell, Kind.FAULT, [{"fault": kind.value, "seconds": 0.0}])
                return PendingFault(kind)
            if admission is not None and secret and admission.turned_away is not None:
                admission.turned_away.append(time.time())
                kind = FaultKind.ERROR_500
                self._record(admission.cell, Kind.FAULT, [{"fault": kind.value, "seconds": 0.0}])
                return PendingFault(kind)
            if admission is None or not admission.faults:
                return None
            if secret and admission.faults[0].kind is FaultKind.NODE_INVALID:
                return None
            fault = admission.faults.popleft()
            self._record(admission.cell, Kind.FAULT, [{"fault": fault.kind.value, "seconds": fault.seconds}])
            return fault

    def enrol(self, request: EnrolRequest, path: str) -> str | None:
        """Enrol the host; its node key, or None if the secret is wrong. A host's earlier key ends with it."""
        with self._changed:
            admission = self._by_secret.get(request.secret)
            if admission is None:
                old = request.secret in self._retired
                reason = "enrolment secret of an earlier admission" if old else "wrong enrolment secret"
                self._refuse(self._retired.get(request.secret, ""), path, reason)
                return None
            self._end_keys(
                lambda key: key.admission is admission and key.host_identifier == request.host_identifier
            )
            node_key, now, before = secrets.token_urlsafe(24), time.time(), admission.endpoint
            # Nothing that was stopped and started anew comes again so soon.
            admission.abandoned += not admission.key_used and (
                before is None or now - before.enrolled_at > AT_ONCE_S
            )
            admission.key_used = False
            self._by_key[node_key] = Key(admission, request.host_identifier)
            self._keep_silence(admission, now)
            admission.endpoint = Endpoint(
                cell=admission.cell,
                host_identifier=request.host_identifier,
                version=request.version,
                hostname=request.hostname,
                uuid=request.uuid,
                os_version=request.os_version,
                enrolled_at=now,
                last_seen=now,
                enrolments=before.enrolments + 1 if before else 1,
            )
            admission.requests[path] += 1
            body = {"host_identifier": request.host_identifier, "host_details": request.details}
            if request.note:
                body["note"] = request.note
            self._record(admission.cell, Kind.ENROLMENT, [body], at=now)
            return node_key

    def cell_of(self, node_key: str, path: str) -> str | None:
        """The cell that the key belongs to; None (and a refusal on record) if it is not valid."""
        with self._changed:
            key = self._by_key.get(node_key)
            if key is not None:
                return key.admission.cell
            old = node_key in self._retired
            self._refuse(
                self._retired.get(node_key, ""), path, "node key has ended" if old else "unknown node key"
            )
            return None

    def configuration(self, cell: str, path: str) -> bytes:
        """The configuration in force, as it goes out."""
        with self._changed:
            return self._seen(cell, path).configuration

    def questions(self, cell: str, path: str) -> Mapping[str, str]:
        """The distributed queries not answered yet, by id."""
        with self._changed:
            return dict(self._seen(cell, path).questions)

    def holder(self, node_key: str) -> str:
        """The cell that the key belongs to, or did; empty for a key never given."""
        with self._changed:
            key = self._by_key.get(node_key)
            return key.admission.cell if key is not None else self._retired.get(node_key, "")

    def log(self, node_key: str, path: str, kind: Kind, records: Sequence[Record]) -> bool:
        """Store a part of a log. False (and a refusal on record) if the key has ended since the request began."""
        with self._changed:
            cell = self.cell_of(node_key, path)
            if cell is not None:
                self._store_records(cell, kind, time.time(), records)
            return cell is not None

    def served(self, cell: str, path: str) -> None:
        """A request was served to its end: a sign of life."""
        with self._changed:
            self._seen(cell, path)

    def asked(self, cell: str, ids: Sequence[str]) -> None:
        """Make ready for answers to these distributed queries. Raises `Malformed` for one never asked."""
        with self._changed:
            admission = self._of(cell)
            for query_id in ids:
                if query_id not in admission.asked:
                    raise Malformed("answers a query that was never asked")
                admission.arriving.pop(query_id, None)

    def answer(self, node_key: str, path: str, records: Sequence[Record]) -> bool:
        """Take a part of the answers to distributed queries, late ones too. False as of `log`."""
        parts = [part for record in records for part in unpacked(record.body)]
        with self._changed:
            if not self.log(node_key, path, Kind.ANSWER, records):
                return False
            admission = self._by_key[node_key].admission
            for part in parts:
                answer = Answer(part["id"], part["status"], part["message"], [], part["note"])
                admission.arriving.setdefault(part["id"], answer).rows.extend(part["rows"])
            return True

    def answered(self, cell: str, path: str, ids: Sequence[str]) -> None:
        """The answers are complete."""
        with self._changed:
            admission = self._of(cell)
            for query_id in ids:
                answer = admission.arriving.pop(query_id, None)
                if query_id in admission.answers:
                    admission.answered_again.append(admission.asked[query_id])
                if admission.questions.pop(query_id, None) is not None and answer is not None:
                    admission.answers[query_id] = answer
            self._seen(cell, path)

    def carried(self, cell: str, size: int) -> None:
        """The body of a request of the cell had so many bytes."""
        with self._changed:
            admission = self._of(cell)
            admission.sent_bytes += size
            if admission.heard_at is None:
                admission.heard_at = time.time()

    @contextmanager
    def body_awaited(self, *, denied: bool) -> Iterator[None]:
        """While the body of a request comes. `denied`: its head had said that there is none.

        Whose it is only the body tells: as long as it does not come, and if it never does, it counts for every cell.
        """
        began = time.time()
        if not denied:
            yield
            return
        with self._changed:
            self._awaited.append(began)
        try:
            yield
        except BaseException:
            with self._changed:
                for admission in self._current.values():
                    if admission.admitted_at <= began:
                        admission.body_awaited_s = max(admission.body_awaited_s, time.time() - began)
            raise
        finally:
            with self._changed:
                self._awaited.remove(began)

    def waited(self, began: float, *, secret: str, node_key: str) -> None:
        """The body of a request came, so long after its head, which had said that there is none."""
        with self._changed:
            key = self._by_key.get(node_key)
            admission = key.admission if key else self._by_secret.get(secret)
            if admission is not None and admission.admitted_at <= began:
                admission.body_held_s = max(admission.body_held_s, time.time() - began)

    def addressed(self, cell: str, address: str) -> None:
        """Put the address of a request on record that holds more than a path; each once."""
        with self._changed:
            admission = self._of(cell)
            if address not in admission.addresses and len(admission.addresses) < MOST_ADDRESSES:
                admission.addresses.add(address)
                self._record(cell, Kind.ADDRESS, [{"address": address}])

    def malformed(self, cell: str, method: str, path: str, message: str) -> None:
        """Put a request that is not of the API on record."""
        with self._changed:
            self._record(cell, Kind.PROTOCOL_ERROR, [{"method": method, "path": path, "message": message}])

    # -- inside the lock

    def _seen(self, cell: str, path: str) -> Admission:
        admission = self._of(cell)
        admission.requests[path] += 1
        admission.recovered = not admission.faults and admission.outage is None
        admission.key_used = True
        if admission.endpoint is not None:
            self._keep_silence(admission, now := time.time())
            admission.endpoint = admission.endpoint.model_copy(update={"last_seen": now})
        self._notify()
        return admission

    @staticmethod
    def _keep_silence(admission: Admission, now: float) -> None:
        last = admission.endpoint.last_seen if admission.endpoint is not None else now
        if now - last > SILENT_S:
            admission.silences.append((last, now))

    def _refuse(self, cell: str, path: str, reason: str) -> None:
        self._record(cell, Kind.REFUSAL, [{"path": path, "reason": reason}])
