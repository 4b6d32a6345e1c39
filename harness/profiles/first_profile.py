"""From an installer to the first draft of its profile, which `bvt plan` accepts."""

import re
import tempfile
from pathlib import Path

from harness.candidate.kinds import NSIS
from harness.candidate.msi import platform
from harness.candidate.msi_contents import MsiContents, contents_of
from harness.candidate.msi_permanent import permanent_components
from harness.candidate.msi_tables import Tables, read_tables
from harness.candidate.pe import resource_version
from harness.candidate.read import installer_kind, what_else
from harness.config.load import load_profile
from harness.model.candidate import InstallerKind
from harness.model.errors import ConfigurationError
from harness.model.relocation import of_version
from harness.profiles.agreement import given_properties, msi_problems
from harness.profiles.default_installation import left_out, without
from harness.profiles.draft import LeftOut, draft_of_msi, profile_name
from harness.profiles.draft_of_exe import SetUp, draft_of_exe

SILENT_OF_INNO = ("/VERYSILENT", "/SUPPRESSMSGBOXES", "/NORESTART")
MAKERS = (
    (NSIS, SetUp(("/S",), ("uninstall.exe", "/S"))),
    (b"Inno Setup", SetUp(SILENT_OF_INNO, ("unins000.exe", *SILENT_OF_INNO))),
    (b".wixburn", SetUp(("/quiet", "/norestart"), ())),
)
"""What tells a set-up program's maker, and what makes such a one silent."""
NAME = re.compile("[a-z][a-z0-9-]*")


def first_profile(candidate: Path, name: str = "") -> tuple[str, str]:
    """The draft's name and text. Raises `ConfigurationError` if the file is no installer, or the name is none."""
    kind = installer_kind(candidate)
    if what := what_else(candidate):
        raise ConfigurationError(f"{what}.", file=str(candidate))
    if kind is InstallerKind.EXE:
        product = _product(candidate.stem)
        chosen = _checked(name or profile_name(product))
        version = resource_version(candidate)
        return chosen, draft_of_exe(chosen, candidate.name, product, version, _set_up(candidate))
    tables = read_tables(candidate)
    everything = contents_of(tables, platform(candidate), {})
    if not everything.product_name:
        raise ConfigurationError(
            "the MSI has no ProductName, which Windows Installer requires.", file=str(candidate)
        )
    chosen = _checked(name or profile_name(everything.product_name, everything.version))
    msi, aside = _installed(tables, everything)
    text = draft_of_msi(chosen, candidate.name, msi, aside=aside)
    unlike = _unlike(chosen, text, everything)
    if unlike:
        text = draft_of_msi(chosen, candidate.name, msi, aside=aside, accepted=unlike)
    return chosen, text


def _installed(tables: Tables, everything: MsiContents) -> tuple[MsiContents, LeftOut]:
    """What an installation without any wish installs, and what a person has to know of the rest."""
    optional = left_out(tables)
    installed = contents_of(without(tables, optional), everything.platform, {})
    if not (installed.files or installed.services or installed.registry):
        return everything, LeftOut()  # all of it is for those who ask; a draft of nothing helps nobody
    stays = permanent_components(tables)
    others = {row["Component"]: "" for row in tables.get("Component", ()) if row["Component"] not in stays}
    kept = contents_of(without(tables, others | optional), everything.platform, {})
    reasons = {
        path: why for component, why in optional.items() for path in _names_of(tables, everything, component)
    }
    return installed, LeftOut(optional=reasons, permanent=kept.files, registry=everything.registry)


def _names_of(tables: Tables, everything: MsiContents, component: str) -> list[str]:
    """The files and services of one component."""
    others = {row["Component"]: "" for row in tables.get("Component", ()) if row["Component"] != component}
    part = contents_of(without(tables, others), everything.platform, {})
    return [*part.files, *(f"service {service.name}" for service in part.services)]


def _product(stem: str) -> str:
    """`Acme Setup-7.2` is `Acme`: what is left of a file's name without version and the word for a set-up program."""
    shown = "".join(sign for sign in stem if sign.isprintable() and sign not in "{}")
    bare = re.sub(r"[-_ ]?v?\d+(\.\d+)+.*", "", shown)
    return re.sub(r"[-_ ]?(set-?up|install(er)?)$", "", bare, flags=re.IGNORECASE).strip(" .") or "Agent"


def _checked(name: str) -> str:
    if not NAME.fullmatch(name):
        raise ConfigurationError(
            f"{name!r} cannot be a profile's name.",
            hint="Use lower-case letters, digits and -, such as acme-agent.",
        )
    return name


def _unlike(name: str, text: str, msi: MsiContents) -> list[str]:
    """What the draft names although the tables do not have it: a place for what they do not say."""
    with tempfile.TemporaryDirectory(prefix="bvt-init-") as folder:
        file = Path(folder, f"{name}.yaml")
        file.write_text(text, encoding="utf-8")
        profile, _ = load_profile(str(file))
    profile = of_version(profile, msi.version)
    assert not given_properties(profile)
    return (
        [profile.install_dir]
        if any(found.path == ("install_dir",) for found in msi_problems(profile, msi))
        else []
    )


def _set_up(candidate: Path) -> SetUp:
    content = candidate.read_bytes()
    return next((how for mark, how in MAKERS if mark in content), MAKERS[0][1])
