"""From an installer to the first draft of its profile, which `bvt plan` accepts."""

import re
import tempfile
from pathlib import Path

from harness.candidate.msi import platform
from harness.candidate.msi_contents import MsiContents, read_contents
from harness.candidate.read import installer_kind
from harness.config.load import load_profile
from harness.model.candidate import InstallerKind
from harness.model.errors import ConfigurationError
from harness.profiles.agreement import given_properties, msi_problems
from harness.profiles.draft import draft_of_exe, draft_of_msi, profile_name

SILENT = (
    (b"NullsoftInst", ("/S",)),
    (b"Inno Setup", ("/VERYSILENT", "/SUPPRESSMSGBOXES", "/NORESTART")),
    (b".wixburn", ("/quiet", "/norestart")),
)
"""What tells a set-up program's maker, and what makes such a one silent."""
NAME = re.compile("[a-z][a-z0-9-]*")


def first_profile(candidate: Path, name: str = "") -> tuple[str, str]:
    """The draft's name and text. Raises `ConfigurationError` if the file is no installer, or the name is none."""
    kind = installer_kind(candidate)
    if kind is None:
        raise ConfigurationError("the file is no installer that is known here.", file=str(candidate))
    if kind is InstallerKind.EXE:
        product = _product(candidate.stem)
        chosen = _checked(name or profile_name(product))
        return chosen, draft_of_exe(chosen, candidate.name, product, _silent(candidate))
    msi = read_contents(candidate, platform(candidate), {})
    if not msi.product_name:
        raise ConfigurationError(
            "the MSI has no ProductName, which Windows Installer requires.", file=str(candidate)
        )
    chosen = _checked(name or profile_name(msi.product_name, msi.version))
    text = draft_of_msi(chosen, candidate.name, msi)
    unlike = _unlike(chosen, text, msi)
    return chosen, draft_of_msi(chosen, candidate.name, msi, accepted=unlike) if unlike else text


def _product(stem: str) -> str:
    """`Acme Setup-7.2` is `Acme`: what is left of a file's name without version and the word for a set-up program."""
    bare = re.sub(r"[-_ ]?v?\d+(\.\d+)+.*", "", stem)
    return re.sub(r"[-_ ]?(set-?up|install(er)?)$", "", bare, flags=re.IGNORECASE) or "Agent"


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
    assert not given_properties(profile)
    return (
        [profile.install_dir]
        if any(found.path == ("install_dir",) for found in msi_problems(profile, msi))
        else []
    )


def _silent(candidate: Path) -> tuple[str, ...]:
    content = candidate.read_bytes()
    return next((arguments for mark, arguments in SILENT if mark in content), ("/S",))
