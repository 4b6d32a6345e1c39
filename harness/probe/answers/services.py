"""What the probe says of services and drivers."""

from harness.probe.answers.answer import Answer


class FailureAction(Answer):
    """One step of a service's recovery. Kind: 0 none, 1 restart, 2 reboot, 3 run command."""

    kind: int
    delay_ms: int


class FailureActions(Answer):
    """A service's recovery ("SERVICE_FAILURE_ACTIONSW structure")."""

    reset_period_s: int
    reboot_message: str | None
    command: str | None
    actions: tuple[FailureAction, ...]


class ServiceByManager(Answer):
    """What the service control manager says of a service. Numbers are those of the API."""

    service_type: int
    state: int
    controls_accepted: int
    win32_exit_code: int
    service_exit_code: int
    pid: int
    pid_alive: bool | None
    start: int | None
    error_control: int | None
    image_path: str | None
    load_order_group: str | None
    dependencies: tuple[str, ...] | None
    account: str | None
    display_name: str | None
    description: str | None
    delayed_start: bool | None
    failure_actions: FailureActions | None
    failure_flag: bool | None
    sid_type: int | None
    sddl: str | None


class ServiceByRegistry(Answer):
    r"""What is stored under `Services\NAME`, unchanged. A REG_BINARY value is hexadecimal text."""

    service_type: int | None
    start: int | None
    error_control: int | None
    image_path: str | None
    group: str | None
    object_name: str | None
    display_name: str | None
    description: str | None
    depend_on_service: tuple[str, ...] | None
    delayed_autostart: int | None
    failure_actions: str | None
    failure_actions_on_non_crash: int | None
    service_sid_type: int | None
    delete_flag: int | None


class Service(Answer):
    """A service or driver, by the manager and by the registry: either can know it alone."""

    name: str
    manager: ServiceByManager | None
    registry: ServiceByRegistry | None
