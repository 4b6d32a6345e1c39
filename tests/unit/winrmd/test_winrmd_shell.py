"""Lives and limits of shells, on a clock that the test turns."""

import threading

import pytest

from harness.winrmd import faults, shell_faults
from harness.winrmd.config import Limits, ServerConfig
from harness.winrmd.fault import Fault
from harness.winrmd.launcher import Launchers, Surroundings
from harness.winrmd.shell import Shell, ShellSettings, ShellTable

LIMITS = Limits(max_shells_per_user=2, max_operations_per_user=3)


class Clock:
    """Seconds, as the test wants them."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def settings(owner: str = "bvt", idle_s: float = 60.0, lifetime_s: float = 600.0) -> ShellSettings:
    return ShellSettings(owner=owner, client_ip="", idle_timeout_s=idle_s, lifetime_s=lifetime_s)


CONFIG = ServerConfig(users={"bvt": "x"}, launcher=("{command}",), result_dir="/r")


def create(table: ShellTable, given: ShellSettings) -> Shell:
    return table.create(given, Launchers(CONFIG, lambda: Surroundings({}, None)))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def table(clock: Clock) -> ShellTable:
    return ShellTable(LIMITS, clock)


def gone(table: ShellTable, shell_id: str) -> bool:
    try:
        with table.use(shell_id, "bvt"):
            return False
    except Fault as fault:
        return fault.number == shell_faults.UNEXPECTED_SELECTORS


def test_an_idle_shell_ends_at_its_time_and_not_before(table: ShellTable, clock: Clock) -> None:
    shell = create(table, settings())
    clock.now += 59
    assert table.expire() == 1
    clock.now += 1
    assert table.expire() is None
    assert gone(table, shell.shell_id)


def test_using_a_shell_puts_off_its_end(table: ShellTable, clock: Clock) -> None:
    shell = create(table, settings())
    clock.now += 59
    assert not gone(table, shell.shell_id)
    clock.now += 59
    assert table.expire() == 1


def test_a_shell_in_use_is_not_idle(table: ShellTable, clock: Clock) -> None:
    shell = create(table, settings())
    with table.use(shell.shell_id, "bvt"):
        clock.now += 300
        assert table.expire() == 60, (
            "or the reaper would sleep through the end of a shell that nobody uses again"
        )
    assert table.expire() == 60


def test_a_lifetime_ends_even_a_busy_shell(table: ShellTable, clock: Clock) -> None:
    shell = create(table, settings())
    with table.use(shell.shell_id, "bvt"):
        clock.now += 600
        assert table.expire() is None
    assert gone(table, shell.shell_id)


def test_every_user_has_the_limit_of_shells_to_himself(table: ShellTable) -> None:
    first = create(table, settings())
    create(table, settings())
    with pytest.raises(Fault) as refused:
        create(table, settings())
    assert refused.value.number == shell_faults.QUOTA_SHELLS
    create(table, settings(owner="other"))
    table.close(first)
    create(table, settings())


def test_operations_under_way_and_commands_of_open_shells_count_together(table: ShellTable) -> None:
    shell = create(table, settings())
    shell.started = 2
    table.begin_operation("bvt", limited=True)
    with pytest.raises(Fault) as refused:
        table.begin_operation("bvt", limited=True)
    assert refused.value.number == faults.QUOTA_OPERATIONS
    table.begin_operation("bvt", limited=False)
    table.end_operation("bvt")
    table.close(shell)
    table.begin_operation("bvt", limited=True)


def test_the_reaper_sleeps_until_a_shell_ends_and_stops_when_told() -> None:
    table = ShellTable(Limits())
    reaper = threading.Thread(target=table.reap, daemon=True)
    reaper.start()
    shell = create(table, settings(idle_s=0.05))
    ended = threading.Event()
    for _ in range(100):
        if gone_without_use(table, shell.shell_id):
            break
        ended.wait(0.02)
    assert gone(table, shell.shell_id)
    table.close_all()
    reaper.join(30)
    assert not reaper.is_alive()


def test_the_reaper_misses_no_shell_that_opens_while_it_looks() -> None:
    opened, closed = threading.Event(), threading.Event()

    class Looked(ShellTable):
        def expire(self) -> float | None:
            wait_s = super().expire()
            if not opened.is_set():
                create(self, settings(idle_s=0.05))
                opened.set()
            return wait_s

        def close(self, shell: Shell) -> None:
            super().close(shell)
            closed.set()

    table = Looked(Limits())
    reaper = threading.Thread(target=table.reap, daemon=True)
    reaper.start()
    over = closed.wait(30)
    table.close_all()
    reaper.join(30)
    assert over


def test_a_server_that_ends_opens_no_shell(table: ShellTable) -> None:
    """A request that came just before would leave a shell, and its launcher, that nobody closes."""
    table.close_all()
    with pytest.raises(Fault) as raised:
        create(table, settings())
    assert raised.value.number == shell_faults.aborted().number


def gone_without_use(table: ShellTable, shell_id: str) -> bool:
    """Ask as a stranger would not: without renewing the shell's life."""
    try:
        table.enter(shell_id, "nobody")
    except Fault:
        return table.expire() is None
    return False
