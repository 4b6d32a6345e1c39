"""Shares of a fleet: exact percentages, and a host's fixed place among all hosts."""

import re
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256

from harness.model.errors import ConfigurationError

WIDTH = 8
"""Bytes of a place that are compared: 2^64 places, so that a share is exact to 5e-18 per cent."""

PLACES = 1 << (8 * WIDTH)
EXPONENT = re.compile(r"e([-+]?[\d_]+)$", re.IGNORECASE)
LARGEST_EXPONENT = 400
"""Beyond what any floating-point number is written with."""
ALL = b"\xff" * 33
"""Above every digest: SHA-256 has 32 bytes."""


@dataclass(frozen=True, order=True)
class Share:
    """A part of a fleet, 0 to 1, exact."""

    part: Fraction

    def __post_init__(self) -> None:
        if not 0 <= self.part <= 1:
            raise ConfigurationError(
                f"a share of {float(self.part) * 100:g} % is not possible: expected 0 % to 100 %."
            )

    @classmethod
    def parse(cls, percent: str | float) -> "Share":
        """The share of a number of per cent: `1`, `0.5`, `"0.5"`, `"5 %"`. Raises `ConfigurationError`."""
        text = str(percent).strip().removesuffix("%").strip()
        try:
            # A short text may stand for a number that no memory holds: 1e999999999.
            if (written := EXPONENT.search(text)) and abs(int(written[1])) > LARGEST_EXPONENT:
                raise ValueError(text)
            return cls(Fraction(text) / 100)
        except (ValueError, ZeroDivisionError, OverflowError):
            raise ConfigurationError(
                f"{percent!r} is no percentage: expected a number from 0 to 100, such as 1 or 0.5 %."
            ) from None

    def bound(self) -> bytes:
        """Digests below this are within the share. Rises with the share, so a larger one holds every smaller one."""
        return ALL if self.part == 1 else int(self.part * PLACES).to_bytes(WIDTH)

    def __str__(self) -> str:
        return f"{float(self.part) * 100:g} %"


def salt(release: str) -> bytes:
    """What goes before a host's id. A release's name ends at its first NUL byte, so no two salts are alike."""
    if not release or "\0" in release:
        raise ConfigurationError("a release needs an id: text without a NUL character.")
    return release.encode() + b"\0"


def place(salted: bytes, endpoint: str) -> bytes:
    """Where a host stands in a release's order: SHA-256 of `release NUL endpoint`.

    Uniform, fixed for ever, and independent between releases: no host is always among the first.
    """
    return sha256(salted + endpoint.encode("utf-8", "surrogatepass")).digest()
