"""System calls that give a machine its own view of processes, files, network and host name.

Called by the machine's supervisor through ctypes, because starting `unshare`, `mount` and `ip` costs more
than the whole clone. Standard library only: this module is imported on the way to a machine's first
instruction.
"""

import contextlib
import ctypes
import fcntl
import os
import select
import signal
import socket
import struct
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x00020000, 0x04000000, 0x08000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 32, 4096, 16384, 1 << 18
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
_ADDR_NO_RANDOMIZE, _ASK_PERSONALITY = 0x0040000, 0xFFFFFFFF
_SYS_MOUNT_SETATTR, _AT_FDCWD, _AT_RECURSIVE, _MOUNT_ATTR_RDONLY = 442, -100, 0x8000, 1
_SIOCSIFADDR, _SIOCSIFNETMASK, _SIOCGIFFLAGS, _SIOCSIFFLAGS = 0x8916, 0x891C, 0x8913, 0x8914
_IFF_UP, _IFF_RUNNING = 1, 64

_ATTEMPT_S = 30.0

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def unshare(flags: int) -> None:
    """Leave the shared namespaces. Raises `OSError`."""
    _check(_libc.unshare(flags), "unshare")


def mount(source: str, target: Path, kind: str = "", flags: int = 0, data: str = "") -> None:
    """Attach a file system. Raises `OSError` naming the target."""
    result = _libc.mount(
        source.encode(),
        os.fsencode(target),
        kind.encode() or None,
        ctypes.c_ulong(flags),
        data.encode() or None,
    )
    _check(result, f"mount {kind or 'bind'} on {target}")


def bind(source: Path, target: Path, *, read_only: bool = False) -> None:
    """Show `source` at `target`. Raises `OSError`."""
    mount(str(source), target, flags=MS_BIND)
    if read_only:
        set_read_only(target, True)


def overlay_options(lower: Path, upper: Path, work: Path, *, rootless: bool) -> str:
    """Mount data of an overlay.

    `userxattr` keeps its notes where an ordinary user may write them. `volatile`: nobody mounts a machine's
    overlay twice, and without it the unmount would write the whole host file system's pending data to disk.
    """

    def escaped(path: Path) -> str:
        return str(path).replace("\\", "\\\\").replace(":", "\\:").replace(",", "\\,")

    data = f"lowerdir={escaped(lower)},upperdir={escaped(upper)},workdir={escaped(work)}"
    return data + ",volatile" + (",userxattr" if rootless else "")


def set_read_only(target: Path, wanted: bool, *, recursive: bool = False) -> None:
    """(Un)protect a mount, or a whole tree of mounts (mount_setattr(2), Linux 5.12). Raises `OSError`."""
    attributes = struct.pack(
        "QQQQ", _MOUNT_ATTR_RDONLY if wanted else 0, 0 if wanted else _MOUNT_ATTR_RDONLY, 0, 0
    )
    result = _libc.syscall(
        ctypes.c_long(_SYS_MOUNT_SETATTR),
        ctypes.c_int(_AT_FDCWD),
        ctypes.c_char_p(os.fsencode(target)),
        ctypes.c_uint(_AT_RECURSIVE if recursive else 0),
        attributes,
        ctypes.c_size_t(len(attributes)),
    )
    _check(0 if result == 0 else -1, f"mount_setattr {target}")


def die_with_parent() -> None:
    """SIGKILL for this process when the thread that started it ends."""
    _check(_libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "prctl(PR_SET_PDEATHSIG)")


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends (what a PID 1 is anyway)."""
    _check(_libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl(PR_SET_CHILD_SUBREAPER)")


def fix_addresses() -> None:
    """Lay out every program started from here on at the same addresses (personality(2)). Raises `OSError`.

    Wine's loader needs certain ranges. Where the kernel randomises, about one start in 8000 finds one taken and
    dies without a word, which its parent sees as ERROR_INTERNAL_ERROR.
    """
    present = _libc.personality(ctypes.c_ulong(_ASK_PERSONALITY))
    wanted = ctypes.c_ulong((present if present >= 0 else 0) | _ADDR_NO_RANDOMIZE)
    _check(0 if _libc.personality(wanted) >= 0 else -1, "personality")


def enter(*, with_user: bool) -> None:
    """Own mount, process, network, IPC and host name spaces; the next child is PID 1. Raises `OSError`.

    Without root a user namespace comes first, in which the caller stays who they are but may mount.
    """
    uid, gid = os.getuid(), os.getgid()
    flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS
    unshare(flags | (CLONE_NEWUSER if with_user else 0))
    if with_user:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
        Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")
    mount("none", Path("/"), flags=MS_REC | MS_PRIVATE)


def loopback_up(*addresses: str) -> None:
    """Bring `lo` up in the current network namespace and give it these addresses, too. Raises `OSError`."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(control, _SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | _IFF_UP | _IFF_RUNNING))
        for number, address in enumerate(addresses, 1):
            for code, value in ((_SIOCSIFADDR, address), (_SIOCSIFNETMASK, "255.255.255.255")):
                name = f"lo:{number}".encode()
                place = struct.pack("16sHH4s8x", name, socket.AF_INET, 0, socket.inet_aton(value))
                fcntl.ioctl(control, code, place)


def answer_for_all() -> None:
    """Have the current network namespace answer for every address, as for its own (rtnetlink(7), a local route).

    Then a call to a host that is not there is refused at once, and can be seen. Without, it fails as unreachable. A
    kernel that sets no such route leaves it at that.
    """
    # nlmsghdr: length, RTM_NEWROUTE, NLM_F_REQUEST | CREATE | ACK; rtmsg: AF_INET, no prefix, table local, scope host,
    # type local; then by which interface (RTA_OIF).
    route = struct.pack("BBBBBBBBI", socket.AF_INET, 0, 0, 0, 255, 3, 254, 2, 0)
    route += struct.pack("HHI", 8, 4, socket.if_nametoindex("lo"))
    message = struct.pack("IHHII", 16 + len(route), 24, 0x405, 1, 0) + route
    with (
        contextlib.suppress(OSError),
        socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as netlink,
    ):
        netlink.settimeout(_ATTEMPT_S)
        netlink.send(message)
        netlink.recv(4096)


@cache
def why_no_namespaces() -> str:
    """Empty if machines can have namespaces, proven by making some; else what the kernel said."""

    def attempt() -> None:
        enter(with_user=os.geteuid() != 0)
        loopback_up("10.0.2.100")
        inner = os.fork()
        if inner == 0:
            try:
                mount("proc", Path("/proc"), "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
            except OSError:
                os._exit(1)
            os._exit(0)
        if os.waitstatus_to_exitcode(os.waitpid(inner, 0)[1]) != 0:
            raise PermissionError("mounting /proc is not permitted in a process namespace")

    return tried(attempt)


def tried(attempt: Callable[[], None]) -> str:
    """Run `attempt` in a forked child, so that nothing it changes stays. Empty on success, else why not."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(reader)
            attempt()
            status = 0
        except OSError as error:
            os.write(writer, str(error).encode()[:500])
        finally:
            os._exit(status)
    os.close(writer)
    try:
        said = _said(reader)
    except TimeoutError:
        os.kill(child, signal.SIGKILL)
        said = f"the attempt did not end within {_ATTEMPT_S:g} s"
    finally:
        os.close(reader)
    failed = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0
    return (said or "the attempt ended without a word") if failed else ""


def _said(reader: int) -> str:
    """What is written into the pipe until nobody has its other end any more. Raises `TimeoutError`."""
    until_s, parts = time.monotonic() + _ATTEMPT_S, list[bytes]()
    while not parts or parts[-1]:
        if not select.select([reader], [], [], max(0.0, until_s - time.monotonic()))[0]:
            raise TimeoutError
        parts.append(os.read(reader, 4096))
    return b"".join(parts).decode(errors="replace")
