"""A cell's transcript for people: what was asked of the guest, when, and what came of it. Pure.

Format of the file: docs/guest.md, "Transcript".
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Any

from harness.reports.words import one_line, seconds

FOLDED = 6
"""Lines of an output that are shown before the rest is only counted."""
WIDTH = 160
"""Characters of a folded line."""

STYLE = """\
body { font:14px/1.5 system-ui,"DejaVu Sans",sans-serif; margin:20px auto; max-width:1200px; padding:0 16px;
  color-scheme:light dark; }
section { border-left:4px solid #8888; padding:2px 0 2px 12px; margin:10px 0; }
section.bad { border-color:#b3211b; }
section:target { border-color:#1553b6; background:#1553b61a; }
code,pre { font-family:ui-monospace,"DejaVu Sans Mono",monospace; font-size:.88em; overflow-wrap:anywhere;
  white-space:pre-wrap; }
.soft { opacity:.7; } pre { margin:4px 0; }"""


@dataclass(frozen=True)
class Entry:
    """One line of the file. `number` counts from 1; `fields` are what the line holds."""

    number: int
    fields: dict[str, Any]

    @property
    def time(self) -> str:
        """Time of day, UTC."""
        return f"{datetime.fromtimestamp(float(self.fields.get('t', 0)), UTC):%H:%M:%S}"

    @property
    def ended(self) -> str:
        """How a command ended, in words; empty for a note."""
        if "command" not in self.fields:
            return ""
        took = seconds(float(self.fields.get("duration_s", 0)))
        code = self.fields.get("exit_code")
        return f"no result after {took}" if code is None else f"exit code {code} after {took}"

    @property
    def is_bad(self) -> bool:
        """A command without a result, or one that says that it failed."""
        return "command" in self.fields and self.fields.get("exit_code") != 0

    @property
    def title(self) -> str:
        """The command, or the note."""
        return str(self.fields.get("command") or self.fields.get("note", ""))

    @property
    def output(self) -> str:
        """What it printed, and why it has no result."""
        parts = (self.fields.get("stdout"), self.fields.get("stderr"), self.fields.get("error"))
        return "\n".join(str(part).rstrip() for part in parts if part)


def read_entries(text: str) -> tuple[Entry, ...]:
    """The entries of a file. A line that is none (a run was killed while it wrote it) is kept as a note."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        try:
            fields = json.loads(line)
        except ValueError:
            fields = None
        is_entry = isinstance(fields, dict) and isinstance(fields.get("t", 0), int | float)
        found.append(Entry(number, fields if is_entry else {"note": f"not an entry: {line[:WIDTH]}"}))
    return tuple(found)


def part(entries: Sequence[Entry], lines: tuple[int, int]) -> tuple[Entry, ...]:
    """The entries of these lines, both ends included."""
    first, last = lines
    return tuple(entry for entry in entries if first <= entry.number <= last)


def transcript_text(entries: Iterable[Entry], *, full: bool = False) -> str:
    """For a terminal; outputs are folded unless they are asked for in full."""
    lines: list[str] = []
    for entry in entries:
        sign = "✗" if entry.is_bad else " "
        lines.append(f"{entry.time} {sign} {one_line(entry.title)}")
        if entry.ended:
            lines.append(f"           {entry.ended}")
        output = [one_line(line) for line in entry.output.splitlines()]
        shown = output if full else [_cut(line) for line in output[:FOLDED]]
        lines += [f"           │ {line}" for line in shown]
        if len(output) > len(shown):
            lines.append(f"           │ … {len(output) - len(shown)} more lines")
    return "".join(f"{line}\n" for line in lines)


def transcript_page(cell: str, entries: Iterable[Entry]) -> str:
    """One self-contained page; line N of the file is at `#LN`. Every value is escaped."""
    body = "".join(_section(entry) for entry in entries)
    csp = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>Transcript of {escape(cell)}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{csp}"><style>{STYLE}</style></head>'
        f"<body><h1>Transcript of <code>{escape(cell)}</code></h1>"
        f'<p class="soft">Every command that was given to the guest, in UTC.</p>{body}</body></html>\n'
    )


def _section(entry: Entry) -> str:
    bad = ' class="bad"' if entry.is_bad else ""
    output = escape(entry.output)
    shown = f"<pre>{output}</pre>" if output else ""
    if output.count("\n") >= FOLDED:
        shown = f"<details><summary>{output.count(chr(10)) + 1} lines of output</summary>{shown}</details>"
    return (
        f'<section id="L{entry.number}"{bad}><span class="soft">{entry.time}</span> <code>{escape(entry.title)}</code>'
        f' <span class="soft">{escape(entry.ended)}</span>{shown}</section>\n'
    )


def _cut(line: str) -> str:
    return line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…"
