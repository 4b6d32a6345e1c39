"""In which process each service was last seen: another one that nobody asked for is a restart of its own."""

import time


class ServiceProcesses:
    """What the looks at one guest showed. Whoever asks for a stop or a start says so."""

    def __init__(self) -> None:
        self.unasked: list[str] = []
        """Every restart that nobody asked for, as `NAME: process 12, then 34`."""
        self.ended: dict[str, int] = {}
        """Services that were seen down with an error after they had run, though nobody asked: with that error."""
        self.orders: list[float] = []
        """When the harness made a service stop or start, or the product change, in seconds since the epoch."""
        self._known: dict[str, int] = {}
        self._boots = 0

    def saw(self, name: str, pid: int | None) -> None:
        """The service runs in this process now; None or 0: in none."""
        if not pid:
            return
        before = self._known.get(name.lower())
        if before is not None and before != pid:
            self.unasked.append(f"{name}: process {before}, then {pid}")
        self._known[name.lower()] = pid

    def saw_down(self, name: str, code: int) -> None:
        """The service is stopped, and ended with this Windows error; 0: with none."""
        if code and name.lower() in self._known:
            self.ended[name] = code

    def asked(self, name: str) -> None:
        """The next process of this service is another one by right."""
        self.orders.append(time.time())
        self._known.pop(name.lower(), None)

    def at_boot(self, number: int) -> None:
        """After a boot, asked for or not, all of them are others."""
        if number != self._boots:
            self.forget()
            self._boots = number

    def forget(self) -> None:
        """All of them are other ones by right, as when the product is changed."""
        self.orders.append(time.time())
        self._known.clear()
