"""What a profile must declare for a check to have something to look at. Pure; `bvt plan` asks the same."""

from collections.abc import Callable, Iterator, Sequence

from harness.model.profile import AgentProfile
from harness.model.profile.services import ServiceExpectation
from harness.model.release import Downgrade
from harness.model.substrate import Capability

EMBEDDED = "embedded"
"""The name of the harness's own backend."""
Declared = Callable[[AgentProfile], str]
"""Why a profile gives a check nothing to look at, in words; empty if it does."""


def always(_: AgentProfile) -> str:
    """Of a check that needs nothing beyond what every profile says."""
    return ""


def declares(what: str, found: Callable[[AgentProfile], object]) -> Declared:
    """A check that looks at `what`, which `found` takes from the profile."""
    return lambda profile: "" if found(profile) else f"the profile declares no {what}"


def given_texts(profile: AgentProfile) -> Iterator[str]:
    """Every template by which the agent is told anything: properties, arguments, files."""
    installer = profile.installer
    yield from installer.properties.values()
    for properties in installer.scenario_properties.values():
        yield from properties.values()
    yield from installer.install_arguments
    yield from (file.content for file in profile.guest_files)


def why_unheard(profile: AgentProfile) -> str:
    """What in the profile may keep an agent from its backend, as a hint; empty if nothing does."""
    if any("{backend_" in text for text in given_texts(profile)):
        return ""
    return (
        "The profile tells the agent no backend: {backend_host} and {backend_port}, or {backend_url}, stand neither in"
        " installer.properties or install_arguments nor in guest_files."
    )


def never_introduced(profile: AgentProfile, backend: str) -> str:
    """Why the agent cannot enrol at this backend, whatever it does; empty if it can.

    The harness's own lets in only who knows the secret of this run, and no installer can bring that along. An address
    of a team's own backend may be built in.
    """
    if backend != EMBEDDED or any(
        "{enrol_secret}" in text or "{backend_" in text for text in given_texts(profile)
    ):
        return ""
    return "the profile tells the agent neither the backend's address ({backend_host}, {backend_url}) nor {enrol_secret}"


def blocked_downgrade(profile: AgentProfile) -> str:
    """A check of the candidate after an older installer ran, which it must have withstood."""
    if profile.upgrade.downgrade is Downgrade.BLOCKED:
        return ""
    return "the profile does not declare that the candidate withstands an older installer (upgrade.downgrade: blocked)"


def clean_downgrade(profile: AgentProfile) -> str:
    """A check of the earlier release once it took the candidate's place again."""
    if profile.upgrade.downgrade is Downgrade.CLEAN:
        return ""
    return "the profile does not declare that an older installer takes the candidate's place (upgrade.downgrade: clean)"


def service_attribute(attribute: str) -> Declared:
    """A check of one attribute of services and drivers, which the profile may leave out."""

    def found(profile: AgentProfile) -> bool:
        return any(getattr(service, attribute) is not None for service in services_and_drivers(profile))

    return declares(f"{attribute.replace('_', ' ')} for its services", found)


def telemetry(stimulus: str) -> Declared:
    """A check of the event that one stimulus must lead to."""

    def missing(profile: AgentProfile) -> str:
        if stimulus in profile.telemetry:
            return ""
        return f"the profile declares no telemetry{f' for {stimulus}' if profile.telemetry else ''}"

    return missing


def telemetry_of_one(stimuli: Sequence[str]) -> Declared:
    """A check of the event that one of several stimuli must lead to."""

    def missing(profile: AgentProfile) -> str:
        if set(stimuli) & set(profile.telemetry):
            return ""
        return f"the profile declares no telemetry for {' or '.join(stimuli)}"

    return missing


def response_actions(*names: str) -> Declared:
    """A check that asks for these actions."""

    def missing(profile: AgentProfile) -> str:
        absent = [name for name in names if name not in profile.response_actions]
        if not absent:
            return ""
        known = bool(profile.response_actions)
        return f"the profile declares no response action{f' {absent[0]!r}' if known else 's'}"

    return missing


def pushed(what: str, found: Callable[[AgentProfile], object]) -> Declared:
    """A check of `what` in the configuration that the backend pushes."""

    def missing(profile: AgentProfile) -> str:
        if profile.configuration is None:
            return "the profile declares no configuration"
        return declares(what, found)(profile)

    return missing


def services_and_drivers(profile: AgentProfile) -> Iterator[ServiceExpectation]:
    """All of them, services first."""
    yield from profile.services
    yield from profile.drivers


def any_function(profile: AgentProfile) -> str:
    """Of a check that watches what the backend and the agent say to each other while functions are tried."""
    pushes = profile.configuration is not None and (
        profile.configuration.changed is not None or profile.configuration.invalid
    )
    asks = pushes or profile.telemetry or profile.live_query or profile.response_actions
    return "" if asks else "the profile declares no functions"


def isolates_below_wine(profile: AgentProfile) -> frozenset[Capability]:
    """What the profile says that its isolation shows on Wine, too: there it filters the packets of the system below."""
    action = profile.response_actions.get("isolate")
    shown = action is not None and action.below_wine
    return frozenset({Capability.ISOLATION_ENFORCED} if shown else ())
