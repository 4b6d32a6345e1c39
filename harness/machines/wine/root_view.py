"""What Wine's programs see as their file system: the root image, with the machine's own directories in it.

A small file system in memory, into which the image's directories are bound, read-only, and those of the machine under
the names that they have on the host: so a path means the same to the harness and to its machine. Needs no overlay,
and no place in the image for what is bound. Standard library only, as in `namespaces`.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from harness.machines.wine import namespaces
from harness.machines.wine.namespaces import MS_NODEV, MS_NOEXEC, MS_NOSUID

DEVICES = ("full", "null", "random", "urandom", "zero")
"""What every program may count on. None of the host's other devices is the guest's."""
_OWN = ("dev", "proc", "run", "sys", "tmp")


def assemble(view: Path, image: Path, *, shown: Iterable[Path] = ()) -> None:
    """Make `image` the tree at the empty directory `view`. To be called in a mount namespace of its own.

    `shown`: what of the host is to be seen, read-only and under its own name. Raises `OSError`.
    """
    namespaces.mount("tmpfs", view, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755")
    for entry in sorted(image.iterdir()):
        here = view / entry.name
        if entry.is_symlink():
            here.symlink_to(entry.readlink())
        elif entry.name not in _OWN:
            here.mkdir()
            namespaces.bind(entry, here, read_only=True)
    for name in _OWN:
        (view / name).mkdir(mode=0o755)
    (view / "tmp").chmod(0o1777)
    for name in DEVICES:
        (view / "dev" / name).touch()
        namespaces.bind(Path("/dev", name), view / "dev" / name)
    (view / "dev" / "fd").symlink_to("/proc/self/fd")
    namespaces.mount("proc", view / "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    namespaces.mount("/sys", view / "sys", flags=namespaces.MS_BIND | namespaces.MS_REC)
    namespaces.set_read_only(view / "sys", True, recursive=True)
    for path in shown:
        show(path, view, read_only=True)


def show(path: Path, view: Path, *, read_only: bool = False, source: Path | None = None) -> None:
    """Have `path` (or what is at `source`) seen inside under this name, as it is now. Raises `OSError`."""
    source = source or path
    here = view / path.relative_to("/")
    if source.is_dir():
        here.mkdir(parents=True, exist_ok=True)
    else:
        here.parent.mkdir(parents=True, exist_ok=True)
        here.touch()
    namespaces.bind(source, here, read_only=read_only)


def enter(view: Path, directory: str) -> None:
    """From here on the calling process sees the tree as its root, and is in `directory` of it. Raises `OSError`."""
    os.chroot(view)
    os.chdir(directory)


def spawn(
    view: Path | None,
    directory: Path,
    argv: Sequence[str],
    environment: Mapping[str, str],
    *,
    output: int = -1,
) -> int:
    """Start a program there (or, without a view, on the host itself); its process id. Raises `OSError`.

    `output`: a descriptor for its standard output and error; -1: the caller's.
    """
    import signal

    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reader)
            if view is not None:
                enter(view, str(directory))
            else:
                os.chdir(directory)
            if output >= 0:
                os.dup2(output, 1)
                os.dup2(output, 2)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, ())
            os.execve(argv[0], list(argv), environment)  # noqa: S606 - in the new process
        except OSError as error:
            os.write(writer, str(error.errno or 1).encode())
        finally:
            os._exit(127)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:  # closed by the kernel when the program begins
        said = pipe.read()
    if said:
        os.waitpid(child, 0)
        number = int(said)
        raise OSError(number, f"{argv[0]}: {os.strerror(number)}")
    return child
