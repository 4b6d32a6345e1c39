"""The host-side process of one machine: `python -m harness.machines.wine.supervisor ROOT LISTENER LEASH`.

It starts the machine's init in namespaces of its own, tells it when the owner has laid out a machine, relays the
guest's backend connections, plays another host in its network, and ends the machine when its owner ends (the leash, a
socket pair, breaks) unless the owner said `keep`. Killing it ends the machine, because every process below it dies
with its parent. A berth in which no machine was ordered it removes with itself.

    owner ──leash──> supervisor ──> guard (enters the namespaces) ──> init (PID 1 in the machine)
"""

import contextlib
import os
import signal
import socket
import sys
from pathlib import Path

from harness.machines.dispositions import begin_anew
from harness.machines.wine import namespaces
from harness.machines.wine.init import run_init
from harness.machines.wine.order import CUT, GO, KEEP, Berth, Order, Status

_OWNER_ENDED = "its owner ended"


def main() -> None:
    """Start the guard and watch it. Arguments: machine directory, WinRM listener, leash (descriptors)."""
    begin_anew()
    root, listener_fd, leash_fd = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    listener = socket.socket(fileno=listener_fd)
    leash = socket.socket(fileno=leash_fd)
    listener.set_inheritable(False)  # the WinRM server is forked; Wine's programs have no use for it
    berth = Berth.read(root)
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    here = os.getpid()
    guard = os.fork()
    if guard == 0:
        namespaces.die_with_parent()
        if os.getppid() != here:
            os._exit(1)
        leash.close()
        near.close()
        _guard(berth, listener, far)
    listener.close()
    far.close()

    import asyncio

    needless = asyncio.run(_watch(berth, guard, near, leash))
    if needless:
        from harness.machines.wine.clone import remove_tree

        remove_tree(root)
        Path(berth.intent).unlink(missing_ok=True)


def _guard(berth: Berth, listener: socket.socket, wire: socket.socket) -> None:
    """Enter the namespaces, fork init, wait for it; never returns."""
    try:
        if berth.namespaces:
            namespaces.enter(with_user=berth.rootless)
    except OSError as error:
        _say_failed(wire, f"the machine's namespaces could not be made: {error}")
        os._exit(1)
    here = os.getpid()
    init = os.fork()
    if init == 0:
        try:
            namespaces.die_with_parent()
            if not berth.namespaces and os.getppid() != here:
                os._exit(1)
            run_init(berth, listener, wire)
        except OSError as error:
            _say_failed(wire, f"the machine could not be set up: {error}")
        finally:
            os._exit(1)
    wire.close()
    listener.close()
    status = os.waitpid(init, 0)[1]
    os._exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))


def _say_failed(wire: socket.socket, reason: str) -> None:
    with contextlib.suppress(OSError):
        wire.sendall(f"failed {reason}\n".encode())


async def _watch(berth: Berth, guard: int, wire: socket.socket, leash: socket.socket) -> bool:
    """Watch until owner or init end, and end the rest. True if the owner ended before it ordered a machine."""
    import asyncio

    from harness.machines.wine.calls import note_calls
    from harness.machines.wine.neighbour import start_neighbour
    from harness.machines.wine.relay import start_relay

    loop = asyncio.get_running_loop()
    over: asyncio.Future[str] = loop.create_future()
    ordered = kept = False
    serving: list[asyncio.Server] = []
    pending: set[asyncio.Task[None]] = set()

    async def serve(
        backend: socket.socket, neighbour: socket.socket, heard: socket.socket | None = None
    ) -> None:
        order = Order.read(berth.places)
        assert order.backend is not None
        serving.append(await start_relay(backend, order.backend))
        serving.append(await start_neighbour(neighbour, berth.places.contacts))
        if heard is not None:
            note_calls(heard, berth.places.calls)

    def from_init() -> None:
        try:
            data, descriptors, _, _ = socket.recv_fds(wire, 65536, 4)
        except ConnectionError:  # it was killed before it read its order
            data, descriptors = b"", []
        if descriptors:
            task = loop.create_task(serve(*(socket.socket(fileno=each) for each in descriptors)))
            pending.add(task)
            task.add_done_callback(pending.discard)
        if not data:
            loop.remove_reader(wire)
            return
        with contextlib.suppress(OSError):  # the owner of a kept machine is gone
            leash.sendall(data)

    def from_owner() -> None:
        nonlocal kept, ordered
        try:
            said = leash.recv(4096)
        except ConnectionError:
            said = b""
        kept = kept or KEEP in said
        if GO in said:
            ordered = True
            with contextlib.suppress(OSError):  # init is gone, which is noticed below
                wire.sendall(GO)
        if CUT in said:
            with contextlib.suppress(OSError):
                wire.sendall(CUT)
        if not said:
            loop.remove_reader(leash)
            if not kept and not over.done():
                over.set_result(_OWNER_ENDED)

    def guard_ended() -> None:
        if not over.done():
            over.set_result("its init was killed")

    ended = os.pidfd_open(guard)
    loop.add_reader(ended, guard_ended)
    loop.add_reader(wire, from_init)
    loop.add_reader(leash, from_owner)
    reason = await over
    with contextlib.suppress(ProcessLookupError):
        os.kill(guard, signal.SIGKILL)
    os.waitpid(guard, 0)
    if reason == _OWNER_ENDED and not ordered:
        return True
    with contextlib.suppress(OSError):
        leash.sendall(f"failed {reason}\n".encode())
    leash.close()  # first: who reads that the machine is gone must not be able to have it kept any more
    status = Status.read(berth.places) or Status(state="gone")
    if status.state != "gone":
        Status(state="gone", fault="host", reason=reason, boots=status.boots).write(berth.places)
    if not berth.namespaces:
        from harness.machines.wine.processes import holders

        for pid in holders(berth.places.prefix).keys() - {os.getpid()}:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    return False


if __name__ == "__main__":
    main()
