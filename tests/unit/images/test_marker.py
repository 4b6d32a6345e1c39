from hypothesis import given
from hypothesis import strategies as st

from harness.images.marker import read_marker

DONE = b"BVT-DONE b1 build=19045 ubr=3803 edition=Professional last_update=2023-12-04 updates=4 noted="


def test_steps_are_progress() -> None:
    said = read_marker(b"noise\r\nBVT-STEP b1 1/40 01-command\r\nBVT-STEP b1 2/40 02-registry\r\n", "b1")
    assert said.progress == "first boot, step 2 of 40 (02-registry)"
    assert not said.done


def test_before_the_first_step_setup_runs() -> None:
    assert read_marker(b"", "b1").progress == "Setup"


def test_the_last_line_tells_what_was_installed() -> None:
    said = read_marker(b"\x1b[0m" + DONE + b"\r\n", "b1")
    assert said.done
    assert said.facts["build"] == "19045"
    assert said.facts["last_update"] == "2023-12-04"
    assert said.facts["noted"] == ""


def test_another_builds_marker_does_not_count() -> None:
    assert not read_marker(DONE, "b2").done


def test_a_failed_step_is_named() -> None:
    said = read_marker(b"BVT-FAILED b1 05-guest-agent msiexec.exe_ended_with_1603\r\n", "b1")
    assert said.failure == "step 05-guest-agent: msiexec.exe ended with 1603"


@given(st.binary(max_size=400))
def test_any_noise_on_the_serial_port_is_read(noise: bytes) -> None:
    assert not read_marker(noise, "b1").done


@given(st.binary(max_size=100), st.binary(max_size=100))
def test_the_marker_is_found_among_noise(before: bytes, after: bytes) -> None:
    assert read_marker(before + b"\r\n" + DONE + b"\r\n" + after, "b1").done
