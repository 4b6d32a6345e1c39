"""One failure is one reason: a check that meets the very failure that an earlier one met has no result of its own."""


class SameFailure:
    """The failures of one cell, each with the check that met it first.

    An action of the timeline happens once (`harness.lifecycle.once`), and what it raised is raised again for every
    check that looks at it: the same exception, not one like it. An uninstall that hangs is so found by one check.
    """

    def __init__(self) -> None:
        # The exceptions are held here, so that no other one can come to have the id of one of them.
        self._met: dict[int, tuple[BaseException, str]] = {}

    def met_in(self, error: BaseException, check: str) -> str | None:
        """Id of another check that met this failure before; None (and noted) if `check` is the first one."""
        _, first = self._met.setdefault(id(error), (error, check))
        return None if first == check else first
