"""What became of the product itself since its installation: services set otherwise, files gone or exchanged. Pure."""

from collections.abc import Iterator

from harness.lifecycle.inspection import Inspection
from harness.model.profile import AgentProfile
from harness.probe.answers.services import Service

ATTRIBUTES = {
    "start": "start type",
    "image_path": "program",
    "object_name": "account",
    "display_name": "display name",
    "description": "description",
    "depend_on_service": "dependencies",
    "error_control": "error control",
    "delayed_autostart": "delayed start",
    "failure_actions": "failure actions",
    "service_sid_type": "SID type",
}
"""Of a service, as the registry has it → how it is called."""


def altered(before: Inspection, now: Inspection, profile: AgentProfile) -> list[str]:
    """Each difference in words. What was wrong right after the installation is not named once more."""
    return [*_services(before, now, profile), *_files(before, now, profile)]


def _services(before: Inspection, now: Inspection, profile: AgentProfile) -> Iterator[str]:
    for expected in (*profile.services, *profile.drivers):
        was, is_now = before.service(expected.name), now.service(expected.name)
        if was is None:
            continue
        if is_now is None:
            yield f"service {expected.name} is gone"
            continue
        for name, called in ATTRIBUTES.items():
            old, new = _attribute(was, name), _attribute(is_now, name)
            if old != new:
                yield f"the {called} of service {expected.name} is {new!r}, it was {old!r}"


def _attribute(service: Service, name: str) -> object:
    return getattr(service.registry, name) if service.registry else None


def _files(before: Inspection, now: Inspection, profile: AgentProfile) -> Iterator[str]:
    """Programs are to be the same; of other declared files only that they are there: an agent may write into them."""
    for file in profile.files:
        was, is_now = before.file(file.path), now.file(file.path)
        if was is None or not was.exists:
            continue
        if is_now is None or not is_now.exists:
            yield f"{file.path} is gone"
        elif (file.version or file.signed) and is_now.sha256 != was.sha256:
            version = f", version {is_now.file_version or 'none'}" if file.version else ""
            yield f"{file.path} is another program{version}"
