"""What a cell changed on its machine, as a tree of folders and keys, for people. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape

from harness.model.plural import plural
from harness.reports.words import megabytes

STYLE = """\
body { font:14px/1.5 system-ui,"DejaVu Sans",sans-serif; margin:20px auto; max-width:1200px; padding:0 16px;
  color-scheme:light dark; }
details > :not(summary) { margin-left:20px; } summary { cursor:pointer; }
code { font-family:ui-monospace,"DejaVu Sans Mono",monospace; font-size:.92em; overflow-wrap:anywhere; }
.row { display:grid; grid-template-columns:minmax(0,5fr) minmax(0,3fr) minmax(0,3fr); gap:0 12px; margin-left:20px;
  border-bottom:1px solid #8883; }
.bad > code { color:#b3211b; font-weight:600; } .soft { opacity:.7; }
@media (prefers-color-scheme:dark) { .bad > code { color:#ff8a80; } }
@media (max-width:700px) { .row { grid-template-columns:1fr; } }"""
CSP = "default-src 'none'; style-src 'unsafe-inline'"


@dataclass(frozen=True)
class Row:
    r"""One change. `path` is split at `\`, its last part is the name that is shown."""

    path: tuple[str, ...]
    what: str
    """Added, changed or removed, and how."""
    whose: str
    since: str
    """Since which step it is there, or when it was there."""
    is_bad: bool = False
    """Whether a check holds it against the candidate."""
    size: int | None = None
    owner: str = ""
    modified_s: float | None = None


@dataclass
class Branch:
    """A folder or key with what lies below it, by the lower case of its name."""

    name: str = ""
    branches: dict[str, "Branch"] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)

    @property
    def count(self) -> int:
        """Changes in it and below it."""
        return len(self.rows) + sum(branch.count for branch in self.branches.values())

    @property
    def is_bad(self) -> bool:
        """Whether anything in it is held against the candidate."""
        return any(row.is_bad for row in self.rows) or any(each.is_bad for each in self.branches.values())


def branch_of(rows: Iterable[Row]) -> Branch:
    """The rows as a tree. Names that differ in upper and lower case alone are one."""
    root = Branch()
    for row in sorted(rows, key=lambda row: [part.lower() for part in row.path]):
        branch = root
        for part in row.path[:-1]:
            branch = branch.branches.setdefault(part.lower(), Branch(part))
        branch.rows.append(row)
    return root


def machine_tree_page(cell: str, rows: Iterable[Row], moment: str) -> str:
    """One self-contained page. Every value is escaped; what is held against the candidate is open and marked."""
    root = branch_of(rows)
    name = escape(cell)
    body = "".join(_shown(root, opened=True)) or "<p>Nothing.</p>"
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>What {name} changed</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{CSP}"><style>{STYLE}</style></head>'
        f"<body><main><h1>What <code>{name}</code> changed on its machine</h1>"
        f'<p class="soft">{plural(root.count, "difference")} {escape(moment)}, against before the installation.'
        f" What counts against the candidate is red and open.</p>{body}</main></body></html>\n"
    )


def _shown(branch: Branch, *, opened: bool = False) -> Iterator[str]:
    for below in branch.branches.values():
        label, inner = below.name, below
        while not inner.rows and len(inner.branches) == 1:  # folders that hold one folder are one line
            (inner,) = inner.branches.values()
            label += f"\\{inner.name}"
        count = f'<span class="soft">{inner.count}</span>'
        yield f"<details{' open' if opened or inner.is_bad else ''}>"
        yield f"<summary><code>{escape(label)}</code> {count}</summary>"
        yield from _shown(inner)
        yield "</details>"
    for row in branch.rows:
        yield (
            f'<div class="row{" bad" if row.is_bad else ""}"><code>{escape(row.path[-1])}</code>'
            f"<span>{escape(_what(row))}</span><span>{escape(row.whose)}; {escape(row.since)}</span></div>"
        )


def _what(row: Row) -> str:
    parts = [row.what]
    if row.size is not None:
        parts.append(megabytes(row.size))
    if row.owner:
        parts.append(f"owner {row.owner}")
    if row.modified_s is not None:
        parts.append(f"written {datetime.fromtimestamp(row.modified_s, UTC):%H:%M:%S} UTC")
    return ", ".join(parts)
