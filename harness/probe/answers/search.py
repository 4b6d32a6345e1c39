"""Where the probe found texts that it looked for."""

from harness.probe.answers.answer import Answer


class SecretFound(Answer):
    """One text that `search` found. `name` is the registry value's; None for a file, or where a name itself holds it.

    `needle` is the number of the text's line in the input, from 0.
    """

    place: str
    name: str | None
    needle: int
    offset: int


class Searched(Answer):
    """What `search` found, in how many files and keys, and how many files it could not open."""

    found: tuple[SecretFound, ...]
    searched: int
    unreadable: int
