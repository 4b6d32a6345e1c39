"""How a machine comes about on the host that was chosen for it."""

import shutil
from pathlib import Path

import libvirt

from harness.machines.directories import note
from harness.machines.intent import IntentFile
from harness.machines.libvirt.clone.start import Parts, prepare_machine
from harness.machines.libvirt.clone.stored_template import Template
from harness.machines.libvirt.facts import Facts
from harness.machines.libvirt.host.host import CONNECTION_ERRORS, Host, HostRestarted
from harness.machines.libvirt.host.removal import remove_machine
from harness.machines.libvirt.machine import LibvirtMachine
from harness.machines.libvirt.options import CloneMethod
from harness.machines.libvirt.preparation import Preparation, Prepared
from harness.model.deadline import Deadline
from harness.model.errors import InfrastructureError
from harness.model.machine import MachineSpec
from harness.model.substrate import Substrate
from harness.state import StateDirectory

PROVIDER = "libvirt"


class MachineMaker:
    """Makes machines of one pool, each a clone by the method that its image was prepared for."""

    def __init__(self, preparation: Preparation, state: StateDirectory) -> None:
        self._preparation, self._state = preparation, state

    def make(
        self,
        host: Host,
        prepared: Prepared,
        spec: MachineSpec,
        intent: IntentFile,
        deadline: Deadline | None,
    ) -> LibvirtMachine:
        """Make the machine that the intent stands for, with what it takes on record there.

        `deadline`: until when its WinRM is to answer; None: it waits until somebody wakes it. Raises
        `InfrastructureError`, with nothing left of it; `HostUnreachable` and `HostRestarted` say that it is the host.
        """
        machine_id = intent.intent.machine_id
        directory = self._preparation.storage / "machines" / machine_id
        intent.add(directory=str(directory), image=prepared.image.manifest.digest)
        done = False
        try:
            template = self._template(host, prepared, spec)
            directory.mkdir(parents=True, mode=0o700)
            note(directory, PROVIDER, intent.path)
            shape = self._preparation.shape(host, prepared.image, spec.memory_mb, spec.cpus)
            parts = Parts(host, prepared.image, template, directory)
            waiting = prepare_machine(parts, shape, spec, machine_id)
            if deadline is not None:
                waiting.go_on(deadline)
            intent.add(ready=True)
            done = True
        except libvirt.libvirtError as error:
            host.connection()  # raises `HostUnreachable` if that is why
            kind = HostRestarted if error.get_error_code() in CONNECTION_ERRORS else InfrastructureError
            raise kind(
                f"Machine {machine_id} for {spec.cell_id} could not be started on {host.uri}: {error}."
            ) from error
        except OSError as error:
            raise InfrastructureError(
                f"Machine {machine_id} for {spec.cell_id} could not be started: {error}."
            ) from error
        finally:
            if not done:  # also on Ctrl-C
                self._undo(host, intent, directory)
        started = waiting.started
        facts = Facts(
            image=prepared.info(),
            substrate=Substrate.KVM if started.kvm else Substrate.TCG,
            winrm=waiting.access,
            media_root=prepared.image.manifest.media_root,
            relayed=spec.backend is not None,
            directory=directory,
            definition=started.xml,
            stored=prepared.image,
            spec=started.spec,
            memory_dump=self._preparation.options.dumps(prepared.image.manifest.guest_system),
        )
        return LibvirtMachine(self._state, host, intent, facts, waiting.go_on if deadline is None else None)

    def _template(self, host: Host, prepared: Prepared, spec: MachineSpec) -> Template | None:
        if prepared.method is CloneMethod.BOOT:
            return None
        maker = self._preparation.maker(host, prepared.image, prepared.method, spec.memory_mb, spec.cpus)
        return maker.ensure(lambda _: None)

    def _undo(self, host: Host, intent: IntentFile, directory: Path) -> None:
        """Remove what a failed start made; what a vanished host still holds stays in the intent."""
        try:
            remove_machine(host, intent.intent)
        except InfrastructureError:
            shutil.rmtree(directory, ignore_errors=True)
            return
        host.events.forget(intent.intent.machine_id)
        intent.done()
