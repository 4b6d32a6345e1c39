"""One message to one destination, by apprise."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from harness.people.destinations import Destination

LONGEST_REASON = 300


class NotSent(Exception):
    """It was not delivered; the message says why, without secrets."""


@dataclass(frozen=True)
class Message:
    """What is read."""

    title: str
    body: str


Send = Callable[[Destination, Message], None]


class _Heard(logging.Handler):
    """What apprise says in this thread of a failure."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._thread = threading.get_ident()
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:
            self.said.append(record.getMessage())


def send(destination: Destination, message: Message) -> None:
    """Deliver it. Raises `NotSent`."""
    from apprise import Apprise, NotifyFormat, logger

    heard = _Heard()
    logger.addHandler(heard)
    try:
        apprise = Apprise()
        apprise.add(destination.address())
        sent = apprise.notify(title=message.title, body=message.body, body_format=NotifyFormat.TEXT)
    except (KeyError, TypeError) as error:
        raise NotSent(masked(f"{type(error).__name__}: {error}", destination)) from None
    finally:
        logger.removeHandler(heard)
    if not sent:
        raise NotSent(masked(" ".join(heard.said) or "it was not taken, without a reason", destination))


def masked(text: str, destination: Destination) -> str:
    """The text without the destination's secrets."""
    for secret in destination.secrets:
        text = text.replace(secret, "…")
    return " ".join(text.split())[:LONGEST_REASON]
