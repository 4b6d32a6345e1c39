"""What whoever verifies a bundle asks of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from harness.model.base import DAY_S
from harness.model.gate import Gate
from harness.model.matrix import FULL
from harness.signing.keys import TrustedKey
from harness.signing.policy_file import LoadedPolicy
from harness.signing.summaries import OWN_TIER

DEFAULT_MAX_AGE_S = 7 * DAY_S


@dataclass(frozen=True)
class Demand:
    """What whoever verifies asks of a bundle. Times are in UTC, ages in seconds.

    `beside`: SHA-256 by name of what lies beside the candidate, for an MSI that installs from more than itself.
    `not_before`: the newest summary known for this candidate, so that an older bundle is no way back.
    `policy`: with a `tier`, decides instead of `suite` and `max_age_s`, and says whose waivers count.
    `baseline`: the gate of the last release, which the policy may bound regressions against.
    `gate_sha256`: of the gate.json beside the bundle. `profile_sha256`, `matrix_sha256`: of today's files.
    """

    candidate_sha256: str
    keys: Sequence[TrustedKey]
    now: datetime
    threshold: int = 1
    suite: str = FULL
    tier: str = OWN_TIER
    policy: LoadedPolicy | None = None
    max_age_s: float = DEFAULT_MAX_AGE_S
    not_before: datetime | None = None
    beside: Mapping[str, str] = field(default_factory=dict)
    gate_sha256: str | None = None
    profile_sha256: str | None = None
    matrix_sha256: str | None = None
    baseline: Gate | None = None
