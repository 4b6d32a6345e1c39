"""Which errors in an agent's log are its own, and which the harness provoked."""

import base64
from collections.abc import Sequence
from typing import Any

import pytest

from harness.lifecycle.agent_log import Provoked, errors, others, plain_logs, read_logs, shape
from harness.model.profile.health import HealthBudget
from tests.unit.cell.stand_ins import PROFILE

LOG = "C:\\Agent\\agent.log"
DATA = "C:\\Agent"
OTHER = "C:\\Agent\\worker.log"
LOGGING = PROFILE.model_copy(
    update={"logs": (LOG, "C:\\Agent\\agent.log.1", "C:\\Agent\\old-*.log"), "data_dirs": (DATA,)}
)
REFUSED = "2026-11-29 10:00:07 ERROR post to /config failed: 12030"
DAMAGED = "2026-11-29 10:00:01 ERROR the store is damaged"


class Logs:
    """A guest whose log holds these lines, and another one that nobody named; the second one is not there."""

    def __init__(self, *lines: str, encoding: str = "utf-8") -> None:
        self.lines, self.encoding = list(lines), encoding
        self.others: list[str] = []
        self.asked = 0

    def batch(self, *commands: Sequence[str], repeatable: bool) -> list[Any]:
        assert repeatable
        self.asked += 1
        return [self.tree() if command[0] == "tree" else self.read(command[-1]) for command in commands]

    def read(self, path: str) -> dict[str, Any]:
        lines = {LOG: self.lines, OTHER: self.others}.get(path)
        if not lines and path != LOG:
            return {"error": {"what": "gone", "code": 2}}
        content = base64.b64encode("\r\n".join(lines or ()).encode(self.encoding)).decode()
        return {"path": path, "size": 1, "base64": content}

    def tree(self) -> dict[str, Any]:
        names = ["agent.log", *(["worker.log"] if self.others else [])]
        entries = [
            {"path": name, "directory": False, "size": 1, "attributes": 0, "modified": None} for name in names
        ]
        return {"root": DATA, "exists": True, "entries": entries}


def test_lines_of_the_logs_that_are_there_in_either_encoding() -> None:
    assert plain_logs(LOGGING) == list(LOGGING.logs[:2])
    for encoding in ("utf-8", "utf-16"):
        guest: Any = Logs("a", "Ünter b", encoding=encoding)
        assert read_logs(guest, LOGGING) == {LOG: ["a", "Ünter b"]}
        assert guest.asked == 1
    assert read_logs(guest, PROFILE.model_copy(update={"logs": (), "data_dirs": ()})) == {}


def test_logs_that_nobody_named_are_read_too_and_cost_a_question_only_where_they_are() -> None:
    guest: Any = Logs("a")
    guest.others = ["b"]
    assert read_logs(guest, LOGGING) == {LOG: ["a"], OTHER: ["b"]}
    assert guest.asked == 2
    assert read_logs(guest, LOGGING, [LOG, OTHER]) == {LOG: ["a"], OTHER: ["b"]}
    assert guest.asked == 3


def test_what_another_log_says_of_a_backend_that_was_made_to_fail_is_provoked_as_well() -> None:
    guest: Any = Logs()
    provoked = Provoked()
    with provoked.during(guest, LOGGING):
        guest.others.append(REFUSED)
    assert provoked.holds(REFUSED)
    assert not provoked.holds(DAMAGED)


def test_a_log_that_the_profile_does_not_name_in_full_is_another_one() -> None:
    files = [
        "C:\\Agent\\Agent.log",
        "C:\\Agent\\OLD-1.log",
        "C:\\Agent\\logs\\worker.LOG",
        "C:\\Agent\\state.db",
    ]
    assert others(files, LOGGING) == ["C:\\Agent\\OLD-1.log", "C:\\Agent\\logs\\worker.LOG"]


def test_what_an_agent_says_of_a_backend_that_was_made_to_fail_is_not_its_error_then_or_later() -> None:
    guest: Any = Logs("INFO starts")
    provoked = Provoked()
    with provoked.during(guest, LOGGING):
        guest.lines.append(REFUSED)
    later = REFUSED.replace("10:00:07", "10:01:00").replace("12030", "12002")
    assert provoked.holds(REFUSED)
    assert provoked.holds(later)
    assert not provoked.holds(DAMAGED)


def test_what_its_log_said_before_anything_was_provoked_stays_its_own() -> None:
    guest: Any = Logs(DAMAGED)
    provoked = Provoked()
    for _ in range(2):
        with provoked.during(guest, LOGGING):
            guest.lines = [DAMAGED.replace("01", "09"), REFUSED]  # the log was turned meanwhile
    assert not provoked.holds(DAMAGED)
    assert provoked.holds(REFUSED)


def test_an_error_between_two_of_these_blocks_is_its_own() -> None:
    guest: Any = Logs()
    provoked = Provoked()
    with provoked.during(guest, LOGGING):
        guest.lines.append(REFUSED)
    guest.lines.append(DAMAGED)
    with provoked.during(guest, LOGGING):
        guest.lines.append(DAMAGED)
    assert [provoked.holds(line) for line in errors(guest.lines, LOGGING)] == [True, False, False]


def test_a_shape_has_no_times_and_numbers() -> None:
    assert shape("2026-11-29T10:00 ERROR code 7 at 0x1f") == shape("2027-01-01T23:59 ERROR code 19 at 0xab2")
    assert shape("ERROR disk") != shape("ERROR memory")


@pytest.mark.parametrize(
    "line",
    [
        "2026-01-01T00:00:00Z INFO log level is ERROR",
        "2026-01-01 00:00:00,123 INFO  [main] c.a.Agent - ERROR appender configured",
        "2026/01/01 00:00:00 [INFO] ERROR lines so far: 0",
        '{"time": "2026-01-01", "msg": "ERROR level set", "level": "debug"}',
        'time="2026-01-01" level=warning msg="the last run ended with ERROR"',
        "[2026-01-01T00:00:00Z DEBUG agent] [error] counter reset",
        "I0101 00:00:00.1 main.go:3] handler for ERROR installed",
        "Thu Jan  1 00:00:00 2026 NOTICE PANIC button is off",
        "[2026-01-01][main][INFO] PANIC button is off",
        "00:00:00.123 [main] DEBUG c.a.Agent - level ERROR is set for netty",
        "Set log level to ERROR",
        "log level: error",
    ],
)
def test_a_line_that_calls_itself_a_lesser_thing_is_no_error(line: str) -> None:
    assert errors([line], PROFILE) == []
    own = PROFILE.model_copy(update={"health": HealthBudget(error_pattern="ERROR|PANIC|error")})
    assert errors([line], own) == [line], "whoever states a pattern means it"


@pytest.mark.parametrize(
    "line",
    [
        "2026-01-01T00:00:00Z ERROR cannot open the queue",
        "2026-01-01 00:00:00,123 ERROR [main] info not found",
        '{"level":"error","msg":"info"}',
        'time=x level=fatal msg="of level info"',
        "01:02:03 FATAL debug",
        "agent.exe: ERROR info",
        "E0101 00:00:00.1 main.go:3] info",
        "[ERROR] [info-thread] broken",
        "00:00:00 [worker-1] [FATAL] debug",
        "[main] ERROR Information missing",
    ],
)
def test_an_error_that_speaks_of_lesser_things_is_one(line: str) -> None:
    assert errors([line], PROFILE) == [line]
