"""Which known-bad candidates the default tests run: a part of them, another one each day. `./dev power` runs all.

The part is chosen once, by the process that starts the tests, and handed to the others in `PART`: a run over midnight
has one part as well.
"""

import os
import time
from collections.abc import Iterable

PART = "BVT_KNOWN_BAD"
"""`2/3`: the second of three parts; `1/1`: all."""
PARTS = 9
DAY_S = 86400


def choose() -> str:
    """The part of this run: the caller's, or today's."""
    return os.environ.setdefault(PART, f"{int(time.time() // DAY_S) % PARTS + 1}/{PARTS}")


def chosen(names: Iterable[str], part: str = "") -> tuple[str, ...]:
    """Those of the names that belong to this run's part, in their order. Raises `ValueError` for no such part."""
    number, _, parts = (part or choose()).partition("/")
    if not (number.isdecimal() and parts.isdecimal() and 0 < int(number) <= int(parts)):
        raise ValueError(f"{PART} is a part like 2/{PARTS}, not {part or choose()!r}")
    return tuple(name for place, name in enumerate(names) if place % int(parts) == int(number) - 1)
