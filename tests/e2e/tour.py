"""A document of commands, run as a reader runs them: one shell, one command after the other, each output compared."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from tests.programs import bounded

MARK = "\x1ecommand "
LEFT_OUT = "…"
VERSIONS = re.compile(r"\b(?:0\.9\.0|1\.0\.[01])\b")
"""Numbers that must be those of the document."""
DIGEST = re.compile(r"\b[0-9a-f]{12,}\b")
NUMBER = re.compile(r"\d+(?:[.:,-]\d+)*")


@dataclass(frozen=True)
class Step:
    """One command of the document, and what it says there."""

    line: int
    command: str
    output: tuple[str, ...]


def steps_of(document: str) -> list[Step]:
    """Every command of the blocks of kind `console`, in their order; `> ` begins what goes on with it."""
    steps: list[tuple[int, list[str], list[str]]] = []
    inside = False
    for number, line in enumerate(document.splitlines(), 1):
        if line.startswith("```"):
            inside = line == "```console"
        elif not inside:
            continue
        elif line.startswith("$ "):
            steps.append((number, [line[2:]], []))
        elif line.startswith("> ") and not steps[-1][2]:
            steps[-1][1].append(line[2:])
        else:
            steps[-1][2].append(line)
    return [Step(number, "\n".join(command), tuple(output)) for number, command, output in steps]


def run(steps: Sequence[Step], folder: Path, environment: Mapping[str, str], within_s: float) -> list[str]:
    """What each command said, in one bash. All that it has started is gone afterwards.

    Raises `subprocess.TimeoutExpired`.
    """
    script = "".join(f"{_mark(number)}\n{step.command}\n" for number, step in enumerate(steps))
    log = folder / "said.log"
    with log.open("wb") as said:
        shell = subprocess.Popen(
            ["bash", "--norc", "-c", script],
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        with bounded(shell):
            try:
                shell.wait(within_s)
            finally:
                _end_group(shell.pid)
    parts = log.read_text(errors="replace").split(MARK)[1:]
    return [part.partition("\n")[2] for part in parts]


def _mark(number: int) -> str:
    """Says where an output begins, and leaves `$?` as it was."""
    return f"_was=$?; printf '{MARK}{number}\\n'; (exit $_was)"


def _end_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return


def differences(steps: Sequence[Step], said: Sequence[str]) -> Iterator[str]:
    """Where the document says something else than the command did, one text for each."""
    for step, text in zip_longest(steps, said, fillvalue=None):
        if step is None or text is None:
            yield f"{len(said)} of {len(steps)} commands were reached."
            return
        exact = step.command == "echo $?"
        wanted = [line if exact else masked(line) for line in step.output]
        got = [line if exact else masked(line) for line in text.splitlines()]
        if not fits(wanted, got):
            there = "\n".join(step.output)
            yield f"docs/tour.md:{step.line}: $ {step.command}\n--- it says there\n{there}\n--- it said\n{text}"


def masked(line: str) -> str:
    """The line without what differs from run to run: digests, and numbers but for the releases' versions."""
    line = DIGEST.sub("#", line)
    kept = VERSIONS.findall(line)
    parts = [NUMBER.sub("#", part) for part in VERSIONS.split(line)]
    return "".join(part + version for part, version in zip_longest(parts, kept, fillvalue="")).rstrip()


def fits(wanted: Sequence[str], got: Sequence[str]) -> bool:
    """Whether the lines are those. A line `…` stands for any lines, `…` in a line for any text."""
    if not wanted:
        return not got
    if wanted[0] == LEFT_OUT:
        return any(fits(wanted[1:], got[at:]) for at in range(len(got) + 1))
    return bool(got) and _same(wanted[0], got[0]) and fits(wanted[1:], got[1:])


def _same(wanted: str, got: str) -> bool:
    pattern = ".*".join(re.escape(part) for part in wanted.split(LEFT_OUT))
    return re.fullmatch(pattern, got) is not None
