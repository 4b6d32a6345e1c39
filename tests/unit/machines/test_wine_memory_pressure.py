"""Where the kernel says how many processes it killed for want of memory."""

from pathlib import Path

import pytest

from harness.machines.wine.memory_pressure import oom_kills

V1 = "9:name=systemd:/\n4:cpu,memory:/job/7\n0::/\n"
V2 = "0::/user.slice/job\n"


@pytest.fixture
def host(tmp_path: Path) -> tuple[Path, Path]:
    """Its /proc and /sys/fs/cgroup."""
    proc, cgroups = tmp_path / "proc", tmp_path / "cgroup"
    write(proc / "vmstat", "nr_free_pages 1\noom_kill 9\n")
    return proc, cgroups


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_this_host_tells() -> None:
    assert oom_kills() >= 0
    assert "oom_kill" in Path("/proc/vmstat").read_text()


def test_the_own_cgroup_counts_and_not_the_whole_host(host: tuple[Path, Path]) -> None:
    proc, cgroups = host
    write(proc / "self" / "cgroup", V2)
    write(cgroups / "user.slice" / "job" / "memory.events", "low 0\noom 3\noom_kill 2\n")
    assert oom_kills(proc, cgroups) == 2


def test_the_older_cgroups_tell_it_too(host: tuple[Path, Path]) -> None:
    proc, cgroups = host
    write(proc / "self" / "cgroup", V1)
    write(cgroups / "memory" / "job" / "7" / "memory.oom_control", "under_oom 0\noom_kill 4\n")
    assert oom_kills(proc, cgroups) == 4


@pytest.mark.parametrize("text", [V1, V2, "damaged", ""])
def test_without_a_word_of_the_cgroup_the_host_counts(host: tuple[Path, Path], text: str) -> None:
    proc, cgroups = host
    write(proc / "self" / "cgroup", text)
    assert oom_kills(proc, cgroups) == 9


@pytest.mark.parametrize("text", ["oom_kill many\n", "nothing of the kind\n", ""])
def test_a_host_that_does_not_tell_has_killed_nobody(host: tuple[Path, Path], text: str) -> None:
    proc, cgroups = host
    write(proc / "vmstat", text)
    assert oom_kills(proc, cgroups) == 0
