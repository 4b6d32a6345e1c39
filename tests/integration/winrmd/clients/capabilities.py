"""What a client may be able to do with a server: one function each, which fails where it does not come about."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from harness.model.deadline import Deadline
from harness.winrmd import faults
from harness.winrmd.fault import Fault
from tests.integration.winrmd.clients.asking import Answer, Ask, Auth, ForeignClient, Refused
from tests.integration.winrmd.servers import Running, ended

SHORT = "printf '%s' 'over there'"


@dataclass(frozen=True)
class Place:
    """A client, a server over HTTP and one over HTTPS, and a directory of the test's own."""

    client: ForeignClient
    plain: Running
    secure: Running
    directory: Path
    monkeypatch: pytest.MonkeyPatch

    def ask(self, line: str, *, auth: Auth | None = None, **given: object) -> Answer:
        """Let the client run a line over HTTPS."""
        ask = Ask(self.secure.port, line, self.secure.config.tls_cert, auth=auth or self.client.auth)
        return self.client.run(dataclasses.replace(ask, **given))  # type: ignore[arg-type]


def output(place: Place) -> None:
    assert place.ask("printf out").stdout == b"out"


def stderr(place: Place) -> None:
    assert place.ask("printf out; printf err >&2").stderr == b"err"


def exit_code(place: Place) -> None:
    assert place.ask("printf out; exit 7").exit_code == 7


def five_megabytes(place: Place) -> None:
    numbers = place.ask("seq 1 735000").stdout
    assert len(numbers) > 5_000_000
    assert numbers.split() == [b"%d" % number for number in range(1, 735_001)]


def stdin(place: Place) -> None:
    """More than fits into one message of a client that keeps to MaxEnvelopeSize."""
    given = b"0123456789abcde\n" * 13_000
    assert place.ask("cat; printf end", stdin=given).stdout == given + b"end"


def unicode(place: Place) -> None:
    assert place.ask("printf '%s' 'äöü日本🙂'").stdout.decode() == "äöü日本🙂"


def time_out(place: Place) -> None:
    """The command goes on once the server has said that it had nothing to say in time; the client comes back for it."""
    said, go = faults.timed_out, place.directory / "go"

    def timed_out() -> Fault:
        go.touch()
        return said()

    with place.monkeypatch.context() as patch:
        patch.setattr(faults, "timed_out", timed_out)
        line = f"until test -e '{go}'; do sleep 0.05; done; printf late"
        assert place.ask(line, operation_timeout_s=1).stdout == b"late"


def termination(place: Place) -> None:
    runs = place.directory / "runs"
    place.ask(f"echo $$ >'{runs}.part' && mv '{runs}.part' '{runs}'; exec sleep 60", terminate_at=runs)
    pid = int(runs.read_text())
    if psutil.pid_exists(pid):
        process_of = psutil.Process(pid)
        Deadline.after(20).poll(lambda: ended(process_of), "the end of the terminated command")


def sealed_over_http(place: Place) -> None:
    """The server takes nothing over plain HTTP that is not sealed."""
    assert not place.plain.config.allow_unencrypted
    assert place.client.run(Ask(place.plain.port, SHORT)).stdout == b"over there"


def ntlm_over_https(place: Place) -> None:
    assert place.ask(SHORT, auth="ntlm").stdout == b"over there"


def basic_over_https(place: Place) -> None:
    assert place.ask(SHORT, auth="basic").stdout == b"over there"


def wrong_password(place: Place) -> None:
    mark = place.directory / "ran"
    with pytest.raises(Refused):
        place.ask(f"touch '{mark}'", password="wrong")
    assert not mark.exists()


CAPABILITIES: dict[str, Callable[[Place], None]] = {
    "output": output,
    "stderr": stderr,
    "exit code": exit_code,
    "5 MB": five_megabytes,
    "stdin": stdin,
    "Unicode": unicode,
    "time-out": time_out,
    "termination": termination,
    "NTLM sealed, HTTP": sealed_over_http,
    "NTLM, HTTPS": ntlm_over_https,
    "Basic, HTTPS": basic_over_https,
    "wrong password": wrong_password,
}
"""By the head of the column in the document's table."""
