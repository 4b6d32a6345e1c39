"""Whether a profile agrees with the tables of the MSI that it is used for. Pure.

A difference is refused where it can only be a mistake in the profile: nothing in the MSI could make what the profile
names, or a name of the tables is so near that it was meant. All else is left to the checks, for a program of the MSI
may make a service or a file that no table holds, and a candidate that lost one has failed.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches

from harness.candidate.msi_contents import MsiContents
from harness.documents.problem import Path, Problem
from harness.model.candidate import Platform
from harness.model.profile import AgentProfile
from harness.model.profile.text import is_below
from harness.profiles.resemblance import elsewhere, like, like_key, like_path

SHOWN = 4
"""Names of the MSI that a hint lists."""
ACCEPT = "If it is right, say why under not_in_msi."
BOTH_PROGRAM_FILES = ("c:\\program files\\", "c:\\program files (x86)\\")


def msi_problems(profile: AgentProfile, msi: MsiContents) -> Sequence[Problem]:
    """Every mistake of the profile that the MSI's tables show; none if it may be right."""
    found = (
        *_product(profile, msi),
        *_services(profile, msi),
        *_folders(profile, msi),
        *_files(profile, msi),
        *_registry(profile, msi),
        *_properties(profile, msi),
        *_unsigned(profile, msi),
        *_accepted(profile),
    )
    accepted = {name.lower() for name in profile.not_in_msi}
    return [problem for name, problem in found if name.lower() not in accepted]


Found = Iterator[tuple[str, Problem]]
"""Problems, each with the name that `not_in_msi` may accept."""


def given_properties(profile: AgentProfile) -> dict[str, str]:
    """Properties that every scenario installs with, as far as their values are known before a run."""
    return {name.upper(): text for name, text in profile.installer.properties.items() if "{" not in text}


def _product(profile: AgentProfile, msi: MsiContents) -> Found:
    names = (msi.product_name, *msi.entry_names)
    if not msi.product_name_known or profile.product_name in names or any("[" in name for name in names):
        return
    whose = f" by {msi.manufacturer!r}" if msi.manufacturer else ""
    message = f"the MSI is {msi.product_name!r}{whose}, the profile is for {profile.product_name!r}."
    hint = "Write its name as the MSI does, or name the profile of this product."
    yield profile.product_name, Problem(("product_name",), message, hint)


def _services(profile: AgentProfile, msi: MsiContents) -> Found:
    known = {service.name.lower() for service in msi.services}
    declared = {service.name.lower() for service in (*profile.services, *profile.drivers)}
    names = [service.name for service in msi.services if service.name.lower() not in declared]
    nothing_could = not msi.code and not (msi.starts_something and known & declared)
    for kind, services in (("services", profile.services), ("drivers", profile.drivers)):
        for index, service in enumerate(services):
            near = like(service.name, names)
            if service.name.lower() in known or not (near or nothing_could):
                continue
            why = "" if msi.starts_something else _nor_could(near)
            message = f"the MSI installs no {kind[:-1]} {service.name!r}{why}."
            path: Path = (kind, index, "name")
            yield service.name, Problem(path, message, _instead(near, names, "Its services are"))


def _folders(profile: AgentProfile, msi: MsiContents) -> Found:
    folders = _with_parents(msi.folders)
    declared = {path.lower() for path in (profile.install_dir, *profile.data_dirs)}
    free = [folder for folder in folders if folder.lower() not in declared]
    for path, folder in _declared_folders(profile):
        is_home = path == ("install_dir",)
        if _holds(folder, msi):
            continue
        near = like_path(folder, free) or (
            elsewhere(folder, free) if is_home and msi.every_file_known else ""
        )
        nothing_could = is_home and not msi.code and msi.every_file_known and bool(msi.files)
        if near or nothing_could:
            message = f"the MSI puts nothing into {_shown(folder)}{_nor_could(near)}."
            yield folder, Problem(path, message, _instead(near, msi.folders, "Its folders are"))


def _declared_folders(profile: AgentProfile) -> Iterator[tuple[Path, str]]:
    yield ("install_dir",), profile.install_dir
    for index, folder in enumerate(profile.data_dirs):
        yield ("data_dirs", index), folder


def _files(profile: AgentProfile, msi: MsiContents) -> Found:
    known = {alias for path in msi.files for alias in _aliases(path, msi.platform)}
    declared = {file.path.lower() for file in profile.files}
    free = [path for path in msi.files if path.lower() not in declared]
    for index, file in enumerate(profile.files):
        if file.path.lower() in known:
            continue
        near = like_path(file.path, free) or elsewhere(file.path, free)
        if near:
            message = f"the MSI installs no file {_shown(file.path)}."
            yield file.path, Problem(("files", index, "path"), message, _instead(near, (), ""))


def _registry(profile: AgentProfile, msi: MsiContents) -> Found:
    known = {(value.key.lower(), value.name.lower()) for value in msi.registry}
    keys = _with_parents(msi.keys)
    for index, expected in enumerate(profile.registry):
        if (expected.key.lower(), expected.name.lower()) in known:
            continue
        name, place = f"{expected.key}\\{expected.name}", ("registry", index)
        if expected.key.lower() in {key.lower() for key in msi.keys}:
            declared = {
                each.name.lower() for each in profile.registry if each.key.lower() == expected.key.lower()
            }
            names = [value.name for value in msi.registry if value.key.lower() == expected.key.lower()]
            near = like(expected.name, [each for each in names if each and each.lower() not in declared])
            message = f"the MSI writes no value {expected.name!r} into {_shown(expected.key)}."
            path: Path = (*place, "name")
        else:
            near = like_key(expected.key, msi.keys)
            message = f"the MSI writes nothing into the key {_shown(expected.key)}."
            path = (*place, "key")
        if near:
            yield name, Problem(path, message, _instead(near, (), ""))
    for index, root in enumerate(profile.registry_roots):
        if any(key.lower() == root.lower() or is_below(root, key) for key in keys):
            continue
        near = like_key(root, keys)
        if near:
            message = f"the MSI makes no key {_shown(root)}, so it would never be found left."
            yield root, Problem(("registry_roots", index), message, _instead(near, (), ""))


def _properties(profile: AgentProfile, msi: MsiContents) -> Found:
    installer = profile.installer
    places: list[tuple[Path, Mapping[str, str]]] = [
        (("installer", "properties"), installer.properties),
        (("installer", "uninstall_properties"), installer.uninstall_properties),
    ]
    places += [
        (("installer", "scenario_properties", scenario), given)
        for scenario, given in installer.scenario_properties.items()
    ]
    declared = {name.upper() for _, given in places for name in given}
    names = [name for name in msi.own_properties if name not in declared]
    for place, given in places:
        for name in given:
            near = like(name.upper(), names)
            # On the command line Windows Installer takes every name for upper case ("Command-Line Options").
            if name.upper() in msi.known_properties or (msi.property_readers and not near):
                continue
            message = f"the MSI knows no property {name!r}, so nobody would read it."
            shown = [f"{each} (default {msi.own_properties[each]!r})" for each in msi.own_properties]
            hint = f"Did you mean {near!r}? {ACCEPT}" if near else _instead("", shown, "It takes")
            yield name, Problem((*place, name), message, hint, at_key=True)


def _unsigned(profile: AgentProfile, msi: MsiContents) -> Found:
    known = {name.lower() for name in msi.file_names}
    for name in profile.unsigned_programs:
        near = "" if set(name) & set("*?[") else like(name, msi.file_names)
        if name.lower() not in known and near:
            message = f"the MSI holds no program {name!r}, so nothing would be excused."
            yield name, Problem(("unsigned_programs", name), message, _instead(near, (), ""), at_key=True)


def _accepted(profile: AgentProfile) -> Found:
    """A difference that is accepted must be one of this profile's names, or a mistype would accept nothing."""
    names = {
        profile.product_name,
        *(service.name for service in (*profile.services, *profile.drivers)),
        *(folder for _, folder in _declared_folders(profile)),
        *(file.path for file in profile.files),
        *(f"{each.key}\\{each.name}" for each in profile.registry),
        *profile.registry_roots,
        *profile.installer.properties,
        *profile.installer.uninstall_properties,
        *(name for given in profile.installer.scenario_properties.values() for name in given),
        *profile.unsigned_programs,
    }
    for name in profile.not_in_msi:
        if name.lower() not in {each.lower() for each in names}:
            near = next(iter(get_close_matches(name, sorted(names), n=1)), "")
            hint = f"Did you mean {_shown(near)}?" if near else "Write it as the profile does."
            path: Path = ("not_in_msi", name)
            yield "", Problem(path, f"this profile names no {_shown(name)}.", hint, at_key=True)


def _holds(folder: str, msi: MsiContents) -> bool:
    return any(
        alias == folder.lower() or is_below(alias, folder)
        for known in msi.folders
        for alias in _aliases(known, msi.platform)
    )


def _aliases(path: str, platform: Platform) -> tuple[str, ...]:
    """In lower case. A 32-bit package goes to another Program Files where Windows itself has 32 bits."""
    lower, (wide, narrow) = path.lower(), BOTH_PROGRAM_FILES
    if platform is Platform.X86 and lower.startswith(narrow):
        return lower, wide + lower[len(narrow) :]
    return (lower,)


def _with_parents(paths: Iterable[str]) -> tuple[str, ...]:
    """The paths and what lies above them, but for the first two parts: a drive and what all share below it."""
    found: dict[str, None] = {}
    for path in paths:
        parts = path.split("\\")
        for end in range(len(parts), 2, -1):
            found["\\".join(parts[:end])] = None
    return tuple(found)


def _nor_could(near: str) -> str:
    return "" if near else ", and nothing in it runs that could make it"


def _instead(near: str, names: Sequence[str], label: str) -> str:
    if near:
        return f"Did you mean {_shown(near)}? {ACCEPT}"
    shown = ", ".join(_shown(name) for name in names[:SHOWN])
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{label} {shown}{more}. {ACCEPT}" if names else ACCEPT


def _shown(text: str) -> str:
    return repr(text).replace("\\\\", "\\")
