"""Builds the agent's parsers natively, with sanitizers, as one long-running process."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from examples.reference_agent.compile import SOURCES
from tests.programs import bounded

Parse = Callable[[str, bytes], str]
PURE = ("text.c", "json.c", "schema.c", "query.c", "config.c", "rows.c")


@pytest.fixture(scope="session")
def parse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parse]:
    """Give a mode of `parsers.c` and bytes; its one-line answer. A sanitizer's finding ends the process."""
    program = tmp_path_factory.mktemp("parsers") / "parsers"
    sources = [str(SOURCES / name) for name in PURE]
    driver = str(Path(__file__).with_name("parsers.c"))
    flags = "-std=gnu17 -g -O1 -Wall -Wextra -Werror -fsanitize=address,undefined -fno-sanitize-recover=all"
    command = ["gcc", *flags.split(), "-I", str(SOURCES), "-o", str(program), driver, *sources, "-lm"]
    subprocess.run(command, check=True, timeout=300)
    # The leak checker needs ptrace, which a sandbox may forbid; overflows are what matters here.
    environment = {"ASAN_OPTIONS": "detect_leaks=0", "LC_ALL": "C"}
    with bounded(
        subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        entry, answers = process.stdin, process.stdout

        def ask(mode: str, content: bytes) -> str:
            entry.write(f"{mode} {len(content)}\n".encode() + content)
            entry.flush()
            answer = answers.readline()
            assert answer, f"the {mode} parser died on {content!r}"
            return answer.decode("utf-8", "replace").rstrip("\n")

        yield ask
        entry.close()
        assert process.wait(60) == 0
