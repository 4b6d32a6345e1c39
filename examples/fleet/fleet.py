"""What the hosts of a fleet run, and what becomes of them. Pure: who asks whom is `polling`'s."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Silent:
    """The part of the hosts (0 to 1) that a version silences: always the same ones."""

    share: float

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise ValueError

    def befalls(self, host: str) -> bool:
        """Whether this host is one of them."""
        drawn = hashlib.sha256(b"silent\0" + host.encode()).digest()
        return int.from_bytes(drawn[:8]) < self.share * 2**64


@dataclass
class Fleet:
    """Hosts by number. `silent`: by version, what it does to hosts that install it."""

    product: str
    ring: str
    size: int
    version: str
    silent: Mapping[str, Silent] = field(default_factory=dict)
    _runs: dict[str, str] = field(init=False)
    _gone: set[str] = field(init=False, default_factory=set)

    def __post_init__(self) -> None:
        self._runs = {f"host-{number}": self.version for number in range(self.size)}

    @property
    def awake(self) -> list[str]:
        """Hosts that still ask."""
        return [host for host in self._runs if host not in self._gone]

    def question(self, host: str) -> str:
        """What a host asks, as path and query."""
        return (
            f"/v1/decision?product={self.product}&endpoint={host}"
            f"&version={self._runs[host]}&ring={self.ring}&opted_in=true"
        )

    def told(self, host: str, version: str) -> None:
        """A host is told which version to have. It installs it, and may be silent from then on."""
        if self._runs[host] == version:
            return
        self._runs[host] = version
        if version in self.silent and self.silent[version].befalls(host):
            self._gone.add(host)

    def said(self) -> str:
        """How many hosts run what."""
        runs = Counter(self._runs.values())
        parts = [
            f"{count} run {version} ({count / self.size:.1%})" for version, count in sorted(runs.items())
        ]
        return f"{self.size} hosts: {', '.join(parts)}; {len(self._gone)} silent"
