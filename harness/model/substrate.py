"""What a machine really is, and what each kind of guest can and cannot show.

Limits are data with a reason, so that a check which cannot run is shown as *not applicable*
instead of being passed. Source: a survey of each Wine that the tests run (`SHOWN_BY_WINE`; docs/wine.md).
"""

from enum import StrEnum


class Substrate(StrEnum):
    """What executes the guest. Never inferred from what was asked for, only from what was proven."""

    KVM = "kvm"
    TCG = "tcg"
    WINE = "wine"  # no virtual machine at all: a Wine prefix in its own namespaces


_SLOWNESS = {Substrate.TCG: 4.0}


def slowness(substrate: Substrate) -> float:
    """How many times longer an agent may take here than on a real processor: where QEMU translates every instruction.

    Measured with the reference agent: 10 to 20 times slower in what the processor does, while the waits are as long. A
    profile's deadlines are meant for real processors; a result says how long it really took.
    """
    return _SLOWNESS.get(substrate, 1.0)


class GuestSystem(StrEnum):
    """What answers the Windows API inside the machine."""

    WINDOWS = "windows"
    WINE = "wine"


ON_WINDOWS = "Gate it in a pool of Windows machines"
"""How the hint of an error begins that shows nothing but what Wine lacks: the same machine shows the same again."""


class Capability(StrEnum):
    """Something a check needs from the guest system. Absent ones make the check not applicable."""

    FIREWALL = "firewall"
    LOCAL_USERS = "local-users"
    FILE_ACLS = "file-acls"
    FILE_PERMISSION_EVENTS = "file-permission-events"
    REGISTRY_ACLS = "registry-acls"
    EVENT_LOG = "event-log"
    SERVICE_DACL = "service-dacl"
    SERVICE_RECOVERY = "service-recovery"
    SERVICE_SID = "service-sid"
    SERVICE_DELAYED_START = "service-delayed-start"
    SERVICE_ACCOUNT = "service-account"
    QUOTED_IMAGE_PATH = "quoted-image-path"
    TASK_EXECUTION = "task-execution"
    MSI_ROLLBACK_RESTORES = "msi-rollback-restores"
    ISOLATION_ENFORCED = "isolation-enforced"
    CRASH_DUMPS = "crash-dumps"
    PROCESS_TIMES = "process-times"
    HANDLE_COUNTS = "handle-counts"
    FULL_DISK = "full-disk"
    OWN_CLOCK = "own-clock"
    ROLLBACK_ACTIONS = "rollback-actions"
    HANGING_SERVICE = "hanging-service"
    ONE_INSTALLATION_AT_A_TIME = "one-installation-at-a-time"


LIMITS: dict[GuestSystem, dict[Capability, str]] = {
    GuestSystem.WINDOWS: {},
    GuestSystem.WINE: {
        Capability.FIREWALL: "Wine has no packet filter; the firewall registry key is storage only",
        Capability.LOCAL_USERS: "Wine keeps users and groups in one process only",
        Capability.FILE_ACLS: "Wine stores mode bits, not access control lists",
        Capability.FILE_PERMISSION_EVENTS: "Wine stores mode bits, not access control lists",
        Capability.REGISTRY_ACLS: "Wine does not keep registry security across a restart",
        Capability.EVENT_LOG: "Wine cannot read the Event Log back",
        Capability.SERVICE_DACL: "Wine does not apply service security descriptors",
        Capability.SERVICE_RECOVERY: "Wine does not store service failure actions",
        Capability.SERVICE_SID: "Wine gives services no SID of their own",
        Capability.SERVICE_DELAYED_START: "Wine's installer sets no delayed-start flag, and Wine before 10 stores none",
        Capability.SERVICE_ACCOUNT: "Wine runs every service as one user",
        Capability.QUOTED_IMAGE_PATH: "Wine's MSI engine writes service image paths unquoted",
        Capability.TASK_EXECUTION: "Wine registers scheduled tasks but never runs them",
        Capability.MSI_ROLLBACK_RESTORES: "Wine's MSI rollback removes but never restores",
        Capability.ISOLATION_ENFORCED: "Wine has no packet filter, so isolation is reported, not enforced",
        Capability.CRASH_DUMPS: "Wine writes no system crash dumps",
        Capability.PROCESS_TIMES: "Wine tells the times of the asking process for those of any other",
        Capability.FULL_DISK: "a Wine machine's drive C: is on its host's disk, which is not there to be filled",
        Capability.OWN_CLOCK: "a Wine machine has its host's clock",
        Capability.ROLLBACK_ACTIONS: "Wine's installer runs no rollback action, so nobody undoes what a service did",
        Capability.HANGING_SERVICE: "Wine's service manager hangs with a service that hangs",
        Capability.ONE_INSTALLATION_AT_A_TIME: "Wine's installer runs beside another one and never waits",
    },
}


SHOWN_BY_WINE: dict[str, frozenset[Capability]] = {
    "8.0": frozenset(),
    "10.0": frozenset({Capability.SERVICE_DELAYED_START}),
}
"""What a version of Wine shows all the same, as tests/integration/wine/test_survey.py measures it on each run.

A check can rely on what all versions in use show: only that may leave `LIMITS`.
"""


def why_not(system: GuestSystem, needs: frozenset[Capability]) -> str | None:
    """The reason why a check with these needs cannot run on `system`, or None if it can."""
    limits = LIMITS[system]
    reasons = [limits[need] for need in sorted(needs) if need in limits]
    return "; ".join(dict.fromkeys(reasons)) or None
