"""Who is heard already: a server may stand before it is known whose it is, and answer before its machine is ready."""

import threading


class Door:
    """Shut at first. What waits in front of it is kept, not refused."""

    def __init__(self) -> None:
        self.known = threading.Event()
        """It is known whose server this is: whoever connects is answered."""
        self.open = threading.Event()
        """The machine is ready: credentials are heard. Set by whoever makes it ready."""
        self.answered = threading.Event()
        """An answer was sent."""

    @classmethod
    def opened(cls) -> "Door":
        """One that was never shut."""
        door = cls()
        door.known.set()
        door.open.set()
        return door
