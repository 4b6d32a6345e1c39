"""The part of a verbose MSI log that says why an installation failed. Pure.

What Windows Installer says to people is in their language, and an MSI may word it anew in its Error table (row 1 words
`Error 1920.`, rows 14 and 15 the beginning and the end of an action). So nothing here looks for words: an action's end
is a line with a time, the action's name, and its return value as the last number; an error has a number of four digits
near the beginning, and the engine repeats it behind ` -- `. What the engine writes for developers (`MSI (s) (A0:B0)
[10:00:00:000]: …`) is English everywhere. Sources: Microsoft, "Error table", "Windows Installer Error Messages",
"Logging of action return values", "Wilogutl.exe".
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

FAILED = 3
"""The return value of an action that failed (Microsoft, "Logging of action return values")."""

ENGINE = re.compile(r"^MSI \(\w\)")
DOING = re.compile(r"^MSI \(\w\).*?\]: Doing action: (\S+)")
TIME = re.compile(r"\d{1,2}[:.]\d{2}[:.]\d{2}(?:[:.,]\d+)?")
BEHIND_TIME = re.compile(r"\s*(?:[AP]\.?M\.?)?\s*[:：]\s*([A-Za-z_][\w.]*?)(?=[^\w.]|\.?$|\.\W)")
NAME = re.compile(r"[A-Za-z_][\w.]*\w|[A-Za-z_]")
NUMBER = re.compile(r"(?<![\w.])-?\d+(?!\w)")

ACTUAL_CODE = re.compile(r"returned actual error code (?!0\b)-?\d+", re.IGNORECASE)
"""The engine's own word on a custom action."""
MESSAGE = re.compile(r"^MSI \(\w\).*?\]: [^\r\n]{1,200}? -- (?=\S)")
"""The engine repeats what it showed to the user: `Product: NAME -- Error 1920. …`, the first word in any language."""
NUMBERED = re.compile(r"^(?!MSI \(|Property\()[^\d\r\n]{1,40}(?<![\w.])([1-3]\d{3}|2[5-9]\d{3})[.:。：．、]")
"""An error's own line: `Error 1920. …`, `错误 1920。…`."""
WORDS = re.compile(
    r"MainEngineThread is returning (?!0\b)\d+|:err:|\bfailed\b|\berror\b",
    re.IGNORECASE,
)
"""Last, for engines that end no action with 3 (Wine)."""

BEFORE, AFTER, MAX_LINES, MAX_CAUSES = 12, 4, 60, 8
GAP = "[…]"


@dataclass(frozen=True)
class Failure:
    """The first action that failed, and what the engine said of it before it ended. Lines as they stand in the log."""

    action: str
    line: str
    causes: tuple[str, ...]


def decode_log(data: bytes) -> str:
    """A log's text, or that of its tail: UTF-16 as Windows writes it, else UTF-8 (Wine writes ASCII).

    A tail has no byte-order mark, and may begin in the middle of a character. UTF-16 shows by its zeros: whatever the
    language, the engine's own lines are English.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    for offset in (0, 1):
        if _is_utf16(data, offset):
            return data[offset:].decode("utf-16-le", errors="replace")
    return data.decode("utf-8-sig", errors="replace")


def _is_utf16(data: bytes, offset: int) -> bool:
    """Whether the upper bytes are those that begin at `offset + 1`: a tenth of them zero, hardly any of the others."""
    upper, lower = data[offset + 1 :: 2].count(0), data[offset::2].count(0)
    return upper > len(data) // 20 and upper > 20 * lower


def failure(log: str) -> Failure | None:
    """Why the installation failed; None if no action ended with `FAILED`."""
    lines = log.splitlines()
    ends = _failed_ends(lines)
    if not ends:
        return None
    at, action = ends[0]
    causes = tuple(lines[number].strip() for number in _causes(lines, at, action))
    return Failure(action=action, line=lines[at].strip(), causes=causes)


def excerpt(log: str) -> str:
    """What the engine said of the first failed action, then the neighbourhood of every failed action.

    Without one: the neighbourhood of error lines; without those: the log's end.
    """
    lines = log.splitlines()
    ends = _failed_ends(lines)
    codes = [number for number, line in enumerate(lines) if ACTUAL_CODE.search(line)]
    hits = sorted({*(number for number, _ in ends), *codes})
    hits = hits or [number for number, line in enumerate(lines) if _is_message(line)]
    hits = hits or [number for number, line in enumerate(lines) if WORDS.search(line)]
    if not hits:
        return "\n".join(lines[-(BEFORE + AFTER) :])
    far = [number for number in _causes(lines, *ends[0]) if number < hits[0] - BEFORE] if ends else []
    kept = [lines[number] for number in far]
    last = far[-1] if far else -1
    for hit in hits:
        first = max(hit - BEFORE, last + 1)
        if kept and first > last + 1:
            kept.append(GAP)
        last = max(last, min(hit + AFTER, len(lines) - 1))
        kept.extend(lines[first : last + 1])
        if len(kept) >= MAX_LINES:
            break
    return "\n".join(kept[:MAX_LINES])


def _failed_ends(lines: Sequence[str]) -> list[tuple[int, str]]:
    """Where actions end with `FAILED`, each with the action's name.

    Names are those that the engine says it is doing. Wine says nothing of that kind, and of a long log only the tail is
    read: then a name is what stands behind a time.
    """
    names = {found[1].rstrip(".") for line in lines if (found := DOING.match(line))}
    ends = [
        (number, line)
        for number, line in enumerate(lines)
        if str(FAILED) in line and not ENGINE.match(line) and _value(line) == FAILED
    ]
    known = [(number, name) for number, line in ends if (name := _known_action(line, names))]
    return known or [(number, name) for number, line in ends if (name := _action_behind_time(line))]


def _value(line: str) -> int | None:
    """The last number of a line, the time left out; it may stand before the name where people write from the right."""
    numbers: list[str] = NUMBER.findall(TIME.sub("", line))
    return int(numbers[-1]) if numbers and len(numbers[-1]) < 6 else None


def _known_action(line: str, names: set[str]) -> str:
    found = (token[0].rstrip(".") for token in NAME.finditer(line))
    return next((name for name in found if name in names), "")


def _action_behind_time(line: str) -> str:
    time = TIME.search(line)
    behind = BEHIND_TIME.match(line, time.end()) if time else None
    return behind[1].rstrip(".") if behind else ""


def _causes(lines: Sequence[str], end: int, action: str) -> list[int]:
    """Numbers of the lines that say what went wrong in the action that ends there; the last ones if there are many."""
    begin = 0
    for number in range(end - 1, -1, -1):
        found = DOING.match(lines[number])
        if found is not None and found[1].rstrip(".") == action:
            begin = number
            break
    found_lines = [number for number in range(begin, end) if _is_message(lines[number])]
    return found_lines[-MAX_CAUSES:]


def _is_message(line: str) -> bool:
    """Whether the engine told the user of an error here."""
    return bool(MESSAGE.match(line) or NUMBERED.match(line) or ACTUAL_CODE.search(line))
