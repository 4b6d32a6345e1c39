"""Lines from a terminal, and the signals that come meanwhile."""

import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from harness.cli.prompt import Prompt
from tests.programs import bounded

STRUCK = """
import signal, sys, threading
from harness.cli.prompt import Prompt

signal.signal(signal.SIGINT, signal.default_int_handler)
threading.Timer(0.3, lambda: signal.pthread_kill(threading.get_ident(), signal.SIGINT)).start()
with Prompt() as prompt:
    for _ in range(2):
        try:
            print(prompt.line(""))
        except KeyboardInterrupt:
            print("interrupted", flush=True)
"""
"""A signal that another thread took ends no system call of the main one: it is on record and no more, as one that
comes right before the call."""


@pytest.fixture
def pipe() -> Iterator[tuple[Prompt, int]]:
    """A prompt, and where its lines come from; a test closes that itself."""
    source, writer = os.pipe()
    with Prompt(source) as prompt:
        yield prompt, writer
    os.close(source)


def test_a_signal_that_ended_no_system_call_ends_the_wait() -> None:
    reader, writer = os.pipe()
    program = subprocess.Popen(
        [sys.executable, "-c", STRUCK], stdin=reader, stdout=subprocess.PIPE, text=True
    )
    os.close(reader)
    with bounded(program) as struck, os.fdopen(writer, "w") as person:
        assert struck.stdout is not None
        said = struck.stdout.readline() if ready(struck.stdout.fileno()) else "nothing"
        assert said == "interrupted\n"
        person.write("ver\n")
        person.flush()
        assert struck.communicate(timeout=60)[0] == "ver\n"


def ready(descriptor: int) -> bool:
    """Whether something comes within half a minute."""
    return bool(select.select([descriptor], [], [], 30)[0])


def test_lines_that_came_together_are_given_one_by_one(pipe: tuple[Prompt, int]) -> None:
    prompt, writer = pipe
    os.write(writer, "dir\n\nécho\r\nno end".encode())
    os.close(writer)
    assert [prompt.line("") for _ in range(4)] == ["dir", "", "écho\r", "no end"]
    with pytest.raises(EOFError):
        prompt.line("")


def test_a_line_that_comes_in_pieces_is_one(pipe: tuple[Prompt, int]) -> None:
    prompt, writer = pipe
    os.write(writer, "half é".encode()[:-1])
    rest = threading.Timer(0.05, lambda: os.write(writer, "é".encode()[1:] + b"\xff\n"))
    rest.start()
    assert prompt.line("") == "half é\N{REPLACEMENT CHARACTER}"
    rest.join(30)
    os.close(writer)


def test_a_terminal_that_is_gone_is_the_end() -> None:
    person, source = os.openpty()
    os.close(person)
    with Prompt(source) as prompt, pytest.raises(EOFError):
        prompt.line("")
    os.close(source)


def test_what_it_took_it_gives_back() -> None:
    before = signal.set_wakeup_fd(-1)
    with Prompt():
        pass
    assert signal.set_wakeup_fd(before) == -1
