"""The host's time stamp counter: what is told to emulated kernels."""

import mmap
import platform
import time

import pytest

from harness.machines.libvirt.host import tsc


@pytest.mark.parametrize("khz", [1_000_000, 2_596_124])
def test_a_counter_is_measured(khz: int) -> None:
    found = tsc.frequency_khz(lambda: time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW) * khz // 1_000_000)
    assert found == pytest.approx(khz, rel=0.01)


@pytest.mark.skipif(platform.machine() != "x86_64", reason="another processor")
def test_this_host_has_one_and_it_is_measured_alike_twice() -> None:
    first = tsc.host_tsc_khz.__wrapped__()
    assert first == pytest.approx(tsc.host_tsc_khz.__wrapped__(), rel=0.01)


def test_a_system_that_lets_no_new_code_run_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr(mmap, "mmap", refuse)
    assert tsc.host_tsc_khz.__wrapped__() == 0


def test_another_processor_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    assert tsc.host_tsc_khz.__wrapped__() == 0
