"""The first draft of a profile for an EXE, which says nothing reliable about what it installs. Pure."""

from typing import NamedTuple

from harness.model.candidate import Platform
from harness.profiles.draft_frame import folder, head, later, quoted


class SetUp(NamedTuple):
    """How a set-up program's maker has it called without a word."""

    arguments: tuple[str, ...]
    uninstaller: tuple[str, ...]
    """The uninstaller's usual name, with its arguments; empty where there is none that is usual."""


def draft_of_exe(name: str, file: str, product: str, version: str, how: SetUp) -> str:
    """A skeleton: an EXE says nothing reliable about what it installs. `version`: its resource's, or empty."""
    home = folder(product)
    program, *arguments = how.uninstaller or ("uninstall.exe",)
    uninstall = ", ".join(map(quoted, (f"{home}\\{program}", *arguments)))
    said = "its version resource says this one" if version else "it has no version resource"
    lines = [
        *head(name, file, product, Platform.X64),
        "installer:",
        "  kind: exe",
        f"  # TODO: the version that this installer installs; an EXE does not say it reliably ({said}).",
        f'  declared_version: "{version or "0.0.0"}"',
        "  # TODO: what makes it silent, and by what the agent finds its backend.",
        f"  install_arguments: [{', '.join(map(quoted, how.arguments))}]",
        "  # TODO: what takes the agent away, silently.",
        f"  uninstall_command: [{uninstall}]",
        "  timeout_s: 300",
        "",
        "# TODO: where the agent is installed, and where it keeps its data.",
        f"install_dir: {quoted(home)}",
        "data_dirs: []",
        "",
        "# TODO: services, files and registry values that must be there after the installation.",
        "services: []",
        "files: []",
        "registry: []",
        "registry_roots: []",
        "",
        later(()),
    ]
    return "\n".join(lines)
