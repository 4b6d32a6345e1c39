"""What the probe says of users and groups."""

from harness.probe.answers.answer import Answer


class User(Answer):
    """A local account. `flags` are those of "USER_INFO_1 structure"; 2 is disabled."""

    name: str
    comment: str | None
    flags: int
    privilege: int
    sid: str | None


class Group(Answer):
    """A local group; `members` is None where the system does not say."""

    name: str
    comment: str | None
    members: tuple[str, ...] | None
