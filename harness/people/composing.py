"""What a message says, and the links in it."""

import time

from harness.people.destinations import Destination, EventKind
from harness.people.events import Event
from harness.people.links import Action, Link, Links
from harness.people.sending import Message

OFFERED = {
    EventKind.APPROVAL: {Action.APPROVE: "Approve", Action.REJECT: "Reject"},
    EventKind.DONE: {Action.HALT: "Halt it"},
}
"""What a person can answer to what."""
ANSWER = "/answer/"


class Composer:
    """`url`: of the server, as people reach it; without one there are no links."""

    def __init__(self, url: str, links: Links, hours: float) -> None:
        self._url, self._links, self._hours = url.rstrip("/"), links, hours

    def __call__(self, event: Event, destination: Destination) -> Message:
        """For a person with links that answer in their name; for a channel with the request's id."""
        lines = [*event.lines]
        if event.candidate:
            lines.append(f"SHA-256 {event.candidate.sha256}")
        if self._url and destination.person in event.answerers & event.linked:
            until = int(time.time() + self._hours * 3600)
            for action, words in OFFERED.get(event.kind, {}).items():
                lines.append(f"{words}: {self.link(event, destination.person, action, until)}")
            lines.append(
                f"Each link works once, for {self._hours:g} hours, and for you alone: do not pass it on."
            )
        elif event.request:
            lines.append(f"To answer: bvt approve {event.request[:12]}, or bvt reject {event.request[:12]}")
        return Message(event.title, "\n".join(lines))

    def link(self, event: Event, person: str, action: Action, until: int) -> str:
        """The address of an answer."""
        sha256 = event.candidate.sha256 if event.candidate else ""
        link = Link(action, person, sha256, event.tier, event.request or event.entry, until)
        return f"{self._url}{ANSWER}{self._links.token(link)}"
