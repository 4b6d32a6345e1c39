"""The caller's shells, told one after the other (WS-Enumeration; DSP0226 section 8)."""

from itertools import count

from . import faults, responses
from . import namespaces as ns
from .caller import Caller
from .envelope import Request
from .shell import ShellTable
from .shell_settings import fields_of


class ShellListing:
    """Answers Enumerate, Pull and Release. Thread-safe. `most`: bytes of an answer, where the client names no less."""

    def __init__(self, shells: ShellTable, most: int) -> None:
        self._shells, self._most = shells, most

    def enumerate(self, request: Request, caller: Caller) -> str:
        """The caller's shells (DSP0226 8.2): at once if the client asks for that, else by Pull."""
        optimized = request.body.find(f".//{{{ns.WSMAN}}}OptimizeEnumeration") is not None
        if not optimized:
            return f"<n:EnumerateResponse>{responses.context(0)}</n:EnumerateResponse>"
        items, following = self._some_shells(request, caller, 0)
        return (
            f"<n:EnumerateResponse>{responses.context(following)}<w:Items>{items}</w:Items>"
            f"{'' if following is not None else '<w:EndOfSequence></w:EndOfSequence>'}</n:EnumerateResponse>"
        )

    def pull(self, request: Request, caller: Caller) -> str:
        """The next of them. Raises `Fault` for a context that no answer has given."""
        context = request.body.find(f".//{{{ns.ENUMERATION}}}EnumerationContext")
        text = (context.text or "").strip() if context is not None else ""
        if not (text.isascii() and text.isdigit() and len(text) < 9):
            raise faults.context_invalid()
        items, following = self._some_shells(request, caller, int(text))
        return (
            f"<n:PullResponse>{responses.context(following)}<n:Items>{items}</n:Items>"
            f"{'' if following is not None else '<n:EndOfSequence></n:EndOfSequence>'}</n:PullResponse>"
        )

    def release(self, _request: Request, _caller: Caller) -> str:
        """Nothing to do: a context is a number, and nothing is kept for it."""
        return ""

    def _some_shells(self, request: Request, caller: Caller, first: int) -> tuple[str, int | None]:
        """Shells from number `first` on, as many as fit into an answer; the number of the next, None at the end."""
        most = request.max_envelope_size or self._most
        room, items = most - responses.ENVELOPE_OVERHEAD, ""
        for number, shell in zip(count(), self._shells.owned(caller.user), strict=False):
            if number < first:
                continue
            item = responses.shell_properties(fields_of(shell, self._shells.now()))
            if items and len((items + item).encode()) > room:
                return items, number
            items += item
        return items, None
