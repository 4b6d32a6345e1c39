"""A fault: why a request is not served, as the client is told it."""

from . import namespaces as ns

LONGEST_MESSAGE = 500
"""Characters. A client's own text is repeated in some, and an answer has a size to keep."""


class Fault(Exception):
    """A request that cannot be served, as the client will be told.

    `by_plugin`: laid out as what the plug-in of the command shell says; `why`: for the log alone.
    """

    def __init__(
        self,
        subcode: str,
        number: int,
        message: str,
        *,
        sender: bool = True,
        detail: str | None = None,
        by_plugin: bool = False,
        why: str = "",
    ) -> None:
        super().__init__(message)
        self.subcode = subcode
        self.number = number
        self.message = message if len(message) <= LONGEST_MESSAGE else f"{message[:LONGEST_MESSAGE]}…"
        self.sender = sender
        self.by_plugin = by_plugin
        self.why = why
        self.detail = f"{ns.FAULT_DETAIL}/{detail}" if detail else None

    def without_words(self) -> "Fault":
        """The same fault with its number alone."""
        told = Fault(self.subcode, self.number, f"Error {self.number}.", sender=self.sender)
        told.detail = self.detail
        return told
