"""What an installer brings along, by kind, and what of that no earlier release brought. Pure."""

from collections.abc import Mapping
from enum import StrEnum

from pydantic import Field

from harness.model.base import Frozen, NotEmpty


class Kind(StrEnum):
    """Of what a release brings: each may do harm that no earlier release could."""

    DRIVER = "driver"
    SERVICE = "service"
    PRIVILEGE = "privilege"
    CERTIFICATE = "certificate"
    CONTENT_FIELD = "content-field"


class Brought(Frozen):
    """Everything of one kind. A kind that could not be read has no such entry at all."""

    kind: Kind
    names: tuple[NotEmpty, ...] = ()


class Inventory(Frozen):
    """What the installer's tables and signature, and the configuration that it is gated with, say that it brings."""

    brought: tuple[Brought, ...] = ()

    @classmethod
    def of(cls, names: Mapping[Kind, set[str]]) -> "Inventory":
        """With everything in order, so that the same things are the same inventory."""
        return cls(
            brought=tuple(
                Brought(kind=kind, names=tuple(sorted(filter(None, names[kind]))))
                for kind in Kind
                if kind in names
            )
        )

    def names(self, kind: Kind) -> tuple[str, ...] | None:
        """Everything of this kind; None if that is not known."""
        return next((each.names for each in self.brought if each.kind is kind), None)


class Novel(Frozen):
    """Something that the earlier release did not bring."""

    kind: Kind
    name: NotEmpty

    def __str__(self) -> str:
        return f"{self.kind.value.replace('-', ' ')} {self.name}"


class Novelty(Frozen):
    """What is first used in a release."""

    since: str | None = Field(
        default=None, description="the earlier release, for people; null: there is none"
    )
    first_used: tuple[Novel, ...] = ()
    unknown: tuple[Kind, ...] = Field(
        default=(), description="kinds of which one of the two inventories says nothing: they may be new"
    )

    def concerns(self, kinds: tuple[Kind, ...]) -> bool:
        """Whether anything of these kinds is new, or may be."""
        return not set(kinds).isdisjoint({each.kind for each in self.first_used} | set(self.unknown))


def novelty(old: Inventory | None, new: Inventory | None, since: str | None = None) -> Novelty:
    """What `new` brings and `old` did not, in the order of `Kind`. Case makes no other name, as on Windows.

    Without an earlier release (`since` is None) everything is first used.
    """
    first_used: list[Novel] = []
    unknown: list[Kind] = []
    for kind in Kind:
        names = new.names(kind) if new else None
        before = () if since is None else old.names(kind) if old else None
        if names is None or before is None:
            unknown.append(kind)
            continue
        known = {name.casefold() for name in before}
        first_used += [Novel(kind=kind, name=name) for name in names if name.casefold() not in known]
    return Novelty(since=since, first_used=tuple(first_used), unknown=tuple(unknown))


SHOWN = 6


def novelty_words(found: Novelty) -> str:
    """`New since 7.1.0: driver bvtflt, service BvtUpdate. Not known whether new: certificates.`; empty if nothing is."""
    parts = []
    if found.first_used:
        names = [str(each) for each in found.first_used]
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        begin = (
            "First used, as there was no release before"
            if found.since is None
            else f"New since {found.since}"
        )
        parts.append(f"{begin}: {', '.join(names[:SHOWN])}{more}.")
    if found.unknown:
        kinds = ", ".join(f"{each.value.replace('-', ' ')}s" for each in found.unknown)
        parts.append(f"Not known whether new: {kinds}.")
    return " ".join(parts)
