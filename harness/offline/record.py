"""What a volume knows of a file by its number: an inode of ext4, a record of NTFS' $MFT."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from harness.offline.changed import Ranges


@dataclass(frozen=True)
class RecordFacts:
    """One file or folder as its record describes it, its content apart."""

    kind: str
    """`file`, `folder`, `link`, or what else there is."""
    size: int
    owner: str
    """Who owns it: `uid:gid`, or a SID; empty where that is not told."""
    access: str
    """Who may do what: a mode, or the digest of a security descriptor; compared, and shown."""
    marks: str
    """Digest of all else that is set on it: attributes, extended attributes, names of other streams."""
    modified_s: float | None
    runs: tuple[tuple[int, int], ...]
    """Where its content lies on the volume (start, end); empty where it lies in the record itself."""


class Records(Protocol):
    """One volume at one moment. Methods raise what the C libraries raise: callers stay within `Window.operation`."""

    def facts(self, number: int) -> RecordFacts | None:
        """None: there is no such file."""
        ...

    def content(self, number: int) -> Iterator[bytes]:
        """All that a file says: its bytes, those of its other streams, a link's target."""
        ...

    def names(self, numbers: Iterable[int]) -> Mapping[int, set[str]]:
        """All paths of each, from the volume's root, with `/` between the names."""
        ...

    def below(self, number: int) -> Iterator[int]:
        """What lies directly in a folder."""
        ...


class Volumes(Protocol):
    """Two moments of one volume."""

    @property
    def before(self) -> Records: ...
    @property
    def after(self) -> Records: ...
    @property
    def cautions(self) -> tuple[str, ...]: ...

    def touched(self, changed: Ranges) -> set[int]:
        """Numbers of all records that differ or own a block that does; some may turn out to be the same."""
        ...
