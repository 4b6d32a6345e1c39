"""Whether the pauses between requests grow, as of an agent that backs off. Pure."""

import statistics
from collections.abc import Sequence
from itertools import pairwise

GROWS = 1.3
"""Pauses that grow have later ones at least so many times the earlier ones. What is added to a steady pace at random
stays below it up to a quarter. With pauses a quarter shorter or longer, four steady requests seem to grow in one case of
nine, six in one of 27; half shorter or longer, six do in one of five."""
STRETCHED = 2.0
"""A pause that a busy host has stretched is more than so many times the median of the others. Jitter of a quarter, to
either side, makes none."""


def grows(moments: Sequence[float]) -> bool | None:
    """Whether the pauses between these moments grow; None if there are too few to tell. Pure.

    A busy host may have stretched one of the early ones: without one that clearly stands out they may grow, too.
    """
    pauses = [later - earlier for earlier, later in pairwise(moments)]
    half = len(pauses) // 2
    if not half:
        return None
    longest = max(range(half), key=pauses.__getitem__)
    others = pauses[:longest] + pauses[longest + 1 :]
    stretched = half > 1 and pauses[longest] > STRETCHED * statistics.median(others)
    return _grow(pauses) or (stretched and _grow(others))


def _grow(pauses: Sequence[float]) -> bool:
    half = len(pauses) // 2
    return statistics.median(pauses[-half:]) >= GROWS * statistics.median(pauses[:half])
