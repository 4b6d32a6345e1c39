"""What a lab keeps beside machines, or has left behind: how it is found, and how it goes.

Templates and images are `prune`'s. Here are directories of machines whose intents are gone: somebody deleted them, or
the state directory they lay in. In the state directory's own `machines/` Wine's provider takes whatever says nothing of
its maker; a pool's storage may be shared with other state directories, and there a directory goes only if its note says
that it was made on this host, and by whom.
"""

import re
import shutil
from collections.abc import Collection, Iterable
from pathlib import Path

from harness.machines.directories import MACHINE_DIRECTORY, NO_INTENT, noted, users
from harness.machines.disused import Disused
from harness.machines.libvirt.host.daemon import running_daemons
from harness.machines.libvirt.host.host import Host
from harness.machines.libvirt.host.removal import end_users
from harness.machines.libvirt.preparation import Preparation
from harness.model.errors import InfrastructureError
from harness.state import StateDirectory

PROVIDER = "libvirt"
NAMED = re.compile(r"bvt-[0-9a-f]{10}")


class Leftovers:
    """Of one pool. `hosts`: the pool's."""

    def __init__(self, preparation: Preparation, hosts: Iterable[Host], state: StateDirectory) -> None:
        self._preparation, self._state = preparation, state
        self._pool_hosts = {host.uri: host for host in hosts}

    def found(self, gone: Collection[str]) -> list[Disused]:
        """What nothing needs any more, were the machines `gone` gone. Raises `InfrastructureError`."""
        storage = self._preparation.storage
        found = self._preparation.disused(gone)
        try:
            found += [
                Disused(path=path, kind=MACHINE_DIRECTORY, reason=NO_INTENT + _used(path))
                for path in sorted((storage / "machines").glob("bvt-*"))
                if self._forgotten(path)
            ]
        except OSError as error:
            raise InfrastructureError(f"{storage} cannot be looked through: {error}.") from error
        return found

    def remove(self, leftover: Disused) -> bool:
        """End what runs from it, and remove it; False if something needs it. Raises `InfrastructureError`."""
        if leftover.kind != MACHINE_DIRECTORY:
            return self._preparation.remove(leftover, self._end)
        path = leftover.path
        if not self._forgotten(path) or not self._end(path):
            return not path.exists()
        try:
            shutil.rmtree(path)
        except FileNotFoundError:  # another process is at it too
            return not path.exists()
        except OSError as error:
            raise InfrastructureError(f"{path} cannot be removed: {error}.") from error
        return True

    def _forgotten(self, path: Path) -> bool:
        if not NAMED.fullmatch(path.name) or (self._state.intents / f"{path.name}.json").exists():
            return False
        said = noted(path)
        return said is not None and said.provider == PROVIDER and said.forgotten

    def _end(self, directory: Path) -> bool:
        return end_users(self._local_hosts(), directory)

    def _local_hosts(self) -> list[Host]:
        """The pool's, and every private daemon of the state directory that runs."""
        others = (
            Host(uri, self._state) for uri in running_daemons(self._state) if uri not in self._pool_hosts
        )
        return [*(host for host in self._pool_hosts.values() if host.local_socket), *others]


def _used(path: Path) -> str:
    """Which processes use it, to follow a reason; empty if none does."""
    found = users(path)
    return f"; process {', '.join(map(str, found))} uses it" if found else ""
