"""Which of many alike the default tests run: a part of them, another one each day. `./dev power` runs all.

The part is chosen once, by the process that starts the tests, and handed to the others in `PART`: a run over midnight
has one part as well.
"""

import os
import time
from collections.abc import Iterable
from typing import TypeVar

PART = "BVT_KNOWN_BAD"
"""`2/3`: the second of three parts; `1/1`: all."""
PARTS = 12
"""Of the known-bad candidates, and of the scenarios in which something goes wrong."""
PARTS_OF_GOOD = 6
"""Of the unusual good candidates."""
DAY_S = 86400
T = TypeVar("T")


def choose() -> str:
    """The part of this run: the caller's, or today's."""
    return os.environ.setdefault(PART, f"{int(time.time() // DAY_S) % PARTS + 1}/{PARTS}")


def choose_good() -> str:
    """The part of the unusual good candidates that goes with this run's part."""
    return coarser(choose(), PARTS_OF_GOOD)


def coarser(part: str, most: int) -> str:
    """At most so many parts: each of them goes with some of the given ones. Raises `ValueError` for no such part."""
    number, parts = _read(part)
    return f"{(number - 1) % min(parts, most) + 1}/{min(parts, most)}"


def chosen(names: Iterable[T], part: str = "", *, after: int = 0) -> tuple[T, ...]:
    """Those of the names that belong to this run's part, in their order. Raises `ValueError` for no such part.

    `after`: how many others were dealt out before, so that all days have the same to do.
    """
    number, parts = _read(part or choose())
    return tuple(name for place, name in enumerate(names, after) if place % parts == number - 1)


def _read(part: str) -> tuple[int, int]:
    number, _, parts = part.partition("/")
    if not (number.isdecimal() and parts.isdecimal() and 0 < int(number) <= int(parts)):
        raise ValueError(f"{PART} is a part like 2/{PARTS}, not {part!r}")
    return int(number), int(parts)
