"""Private libvirt daemons: `private:NAME` as a pool's URI starts or uses one.

A private daemon keeps everything of its own (configuration, sockets, state, logs, cache), so that the
harness works on a machine without systemd, beside a system libvirtd that it never touches, and several
times on one machine as if on several hosts. As root it lives in a mount namespace with its own directories
over libvirt's; for an ordinary user it is a session daemon with its own XDG directories. It ends by itself
when nobody is connected and no guest runs.
"""

import hashlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from harness.file_lock import held
from harness.machines.libvirt.host import supervisor
from harness.machines.libvirt.host.programs import program
from harness.model.deadline import Deadline
from harness.model.errors import ConfigurationError, InfrastructureError
from harness.state import StateDirectory

SCHEME = "private:"
IDLE_EXIT_S = 120
START_DEADLINE_S = 30.0
LOCK_S = 4 * START_DEADLINE_S
"""Several may wait for a daemon that does not start, and try it one after the other."""
SCREEN_PORTS = 10000
"""The first VNC port; each daemon has 100 of 20000."""

# Every line here is a measured saving per domain (docs/lab.md) or is needed for a feature: seccomp would
# forbid the `cmd:` relay to the backend; ownership changes and namespaces serve many users on one daemon,
# and this one has one.
QEMU_CONF = """\
namespaces = []
cgroup_controllers = []
remember_owner = 0
dynamic_ownership = 0
security_driver = "none"
seccomp_sandbox = 0
stdio_handler = "file"
max_core = 0
"""
OWNED = {"etc": "/etc", "run": "/run", "lib": "/var/lib", "log": "/var/log", "cache": "/var/cache"}


@dataclass(frozen=True)
class PrivateDaemon:
    """Where one private daemon keeps its things."""

    name: str
    root: Path
    runtime: Path

    @classmethod
    def named(cls, uri: str, state: StateDirectory) -> "PrivateDaemon":
        """The daemon that a `private:NAME` URI means. Raises `ConfigurationError` for a bad name."""
        name = uri.removeprefix(SCHEME)
        if not name or not name.replace("-", "").isalnum() or not name.isascii():
            raise ConfigurationError(
                f"'{uri}' is not a private daemon's URI.", key="hosts.uri", hint="Write private:NAME."
            )
        root = state.part("daemons", name)
        # A Unix socket's path holds 107 characters, so sockets live in a short directory that a reboot
        # empties.
        digest = hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:10]
        base = Path("/run/bvt") if os.geteuid() == 0 else Path(tempfile.gettempdir(), f"bvt-{os.getuid()}")
        return cls(name, root, base / digest)

    @property
    def privileged(self) -> bool:
        """True if this is a system daemon in a mount namespace, not a session daemon."""
        return os.geteuid() == 0

    @property
    def socket_path(self) -> Path:
        """The daemon's socket as seen from outside."""
        return self.runtime / ("libvirt-sock" if self.privileged else "libvirt/libvirt-sock")

    @property
    def uri(self) -> str:
        """What to give to `libvirt.open`."""
        return f"qemu+unix:///{'system' if self.privileged else 'session'}?socket={self.socket_path}"

    @property
    def log(self) -> Path:
        """Warnings and errors of libvirtd."""
        return self.root / "libvirtd.log"

    @property
    def supervisor_pid_file(self) -> Path:
        return self.runtime / "supervisor.pid"

    @property
    def pid_file(self) -> Path:
        """Of libvirtd itself."""
        return self.runtime / "bvt-libvirtd.pid"

    def supervisor(self) -> psutil.Process | None:
        """The running supervisor, if there is one."""
        with suppress(OSError, ValueError, psutil.NoSuchProcess):
            process = psutil.Process(int(self.supervisor_pid_file.read_text()))
            if supervisor.__name__ in " ".join(process.cmdline()):
                return process
        return None

    def ensure(self) -> str:
        """Start the daemon unless it answers; the URI to open. Raises `InfrastructureError`."""
        if self._answers():
            return self.uri
        with self._locked():
            if not self._answers():
                self._start()
        return self.uri

    def stop(self, deadline_s: float = 10.0) -> None:
        """End supervisor and daemon. Guests go on running; another daemon of this name finds them again."""
        running = self.supervisor()
        if running is None:
            return
        # QEMU processes are its children too (it is their reaper), and they are to live on.
        children = [child for child in running.children() if child.name() == "libvirtd"]
        running.terminate()
        _, alive = psutil.wait_procs([running, *children], timeout=deadline_s)
        for process in alive:
            process.send_signal(signal.SIGKILL)

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(2.0)
            try:
                probe.connect(str(self.socket_path))
            except OSError:
                return False
        return True

    def _start(self) -> None:
        starting: subprocess.Popen[bytes] | None = None
        if self.supervisor() is None:
            self._write_configuration()
            with self.log.open("ab") as log:
                starting = subprocess.Popen(
                    self._command(),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env=self._environment(),
                    cwd="/",
                    start_new_session=True,
                )
        deadline = Deadline.after(START_DEADLINE_S)
        while not self._answers():
            ended = starting is not None and starting.poll() is not None
            if ended or deadline.passed:
                how = "ended at once" if ended else f"did not start within {START_DEADLINE_S:g} s"
                raise InfrastructureError(
                    f"The private libvirt daemon '{self.name}' {how}: {_last_line(self.log)}",
                    hint=f"Its log is {self.log}.",
                )
            deadline.pause(0.02)

    def _write_configuration(self) -> None:
        for part in OWNED:
            self._own(part).mkdir(parents=True, exist_ok=True, mode=0o700)
        configuration = self.root / "etc" if self.privileged else self.root / "etc" / "libvirt"
        configuration.mkdir(parents=True, exist_ok=True)
        # swtpm too: its default user may not enter this daemon's directories.
        users = 'user = "root"\ngroup = "root"\nswtpm_user = "root"\nswtpm_group = "root"\n'
        user = users if self.privileged else ""
        # Two daemons do not know of each other's screens, so each has ports of its own.
        first = SCREEN_PORTS + 100 * (int(self.runtime.name, 16) % 200)
        screens = f"remote_display_port_min = {first}\nremote_display_port_max = {first + 99}\n"
        (configuration / "qemu.conf").write_text(QEMU_CONF + user + screens)
        host_uuid = uuid.uuid5(uuid.NAMESPACE_URL, str(self.root.resolve()))
        (configuration / "libvirtd.conf").write_text(
            f'host_uuid = "{host_uuid}"\nauth_unix_rw = "none"\nauth_unix_ro = "none"\n'
            f'max_clients = 200\nlog_outputs = "3:stderr"\n'
        )

    def _command(self) -> list[str]:
        configuration = "/etc/libvirt" if self.privileged else str(self.root / "etc" / "libvirt")
        command = [sys.executable, "-m", supervisor.__name__, str(self.supervisor_pid_file)]
        command += [program("libvirtd", "libvirt-daemon"), "--timeout", str(IDLE_EXIT_S)]
        command += ["--config", f"{configuration}/libvirtd.conf", "--pid-file", str(self.pid_file)]
        if not self.privileged:
            return command
        targets = [f"{parent}/libvirt" for parent in OWNED.values()]
        sources = [str(self._own(part)) for part in OWNED]
        script = "".join(f'mkdir -p {at} && mount --bind "$1" {at} && shift && ' for at in targets)
        unshare = [program("unshare", "util-linux"), "--mount", "--propagation", "slave"]
        return [*unshare, "sh", "-c", script + 'exec "$@"', "sh", *sources, *command]

    def _own(self, part: str) -> Path:
        return self.runtime if part == "run" else self.root / part

    def _environment(self) -> dict[str, str]:
        environment = dict(os.environ, PYTHONPATH=os.pathsep.join(path for path in sys.path if path))
        if not self.privileged:
            environment |= {
                "XDG_RUNTIME_DIR": str(self.runtime),
                "XDG_CONFIG_HOME": str(self.root / "etc"),
                "XDG_CACHE_HOME": str(self.root / "cache"),
                "XDG_DATA_HOME": str(self.root / "lib"),
            }
        return environment

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.runtime.mkdir(parents=True, exist_ok=True, mode=0o700)
        with held(self.root / "lock", f"starts the libvirt daemon '{self.name}'", Deadline.after(LOCK_S)):
            yield


def running_daemons(state: StateDirectory) -> list[str]:
    """The `private:` URIs of the state directory's daemons that run."""
    uris = (f"{SCHEME}{path.name}" for path in sorted((state.root / "daemons").glob("*/")))
    return [uri for uri in uris if PrivateDaemon.named(uri, state).supervisor() is not None]


def ensure_daemon(uri: str, state: StateDirectory) -> str:
    """The URI to open for a pool's host URI; a `private:` daemon is started if it does not run.

    Any other URI is somebody else's daemon and is returned as it is: starting it is their service manager's
    job.
    """
    return PrivateDaemon.named(uri, state).ensure() if uri.startswith(SCHEME) else uri


def _last_line(path: Path) -> str:
    with suppress(OSError):
        lines = path.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it wrote no log"
    return "it wrote no log"
