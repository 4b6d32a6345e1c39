"""Kinds of text in an agent profile: templates, guest paths, registry keys."""

import ntpath
import re
import string
from typing import Annotated

from pydantic import AfterValidator, Field

from harness.model.image_path import VARIABLE, expanded
from harness.model.version_text import pattern_problem

TEMPLATE_NAMES = frozenset(
    {
        "backend_host",
        "backend_port",
        "backend_url",
        "enrol_secret",
        "server_cert_sha256",
        "ca_file",
        "media",
        "nonce",
        "product_code",
        "version",
    }
)
"""What a template in a profile may name. `ca_file` is the CA's PEM file on the media drive."""


DOUBLED = "a brace that is meant as such, as in JSON or in a GUID, is written twice"
LONGEST_SHOWN = 60
"""Characters of a wrong text that a message quotes."""


def placeholders(text: str) -> tuple[str, ...]:
    """The names in braces in their order. Raises `ValueError` for a brace that is not doubled and closes nothing."""
    found = []
    try:
        parts = list(string.Formatter().parse(text))
    except ValueError:
        shown = text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
        raise ValueError(
            f"{shown!r} has a brace without its partner; write placeholders as {{name}}; {DOUBLED}"
        ) from None
    for _, name, form, conversion in parts:
        if form or conversion:
            raise ValueError(f"the placeholder {{{name}}} has more in its braces than a name; {DOUBLED}")
        if name is not None:
            found.append(name)
    return tuple(found)


def _template(text: str) -> str:
    for name in placeholders(text):
        if name not in TEMPLATE_NAMES:
            if not name.isidentifier():
                raise ValueError(f"{{{name}}} names no placeholder; {DOUBLED}: {{{{{name}}}}}")
            known = ", ".join(sorted(TEMPLATE_NAMES))
            raise ValueError(f"unknown placeholder {{{name}}}; known are {known}")
    return text


def _pattern(text: str) -> str:
    placeholders(text)
    return text


def _version_pattern(text: str) -> str:
    if problem := pattern_problem(text):
        raise ValueError(problem)
    return text


Template = Annotated[str, AfterValidator(_template)]
"""Text with `{placeholders}` of `TEMPLATE_NAMES`; a literal brace is doubled."""
Pattern = Annotated[str, AfterValidator(_pattern)]
"""Text with `{placeholders}` of a stimulus's facts."""
VersionPattern = Annotated[str, AfterValidator(_version_pattern)]
"""A regular expression that finds a version in a text."""
Reason = Annotated[str, Field(min_length=10)]
"""Why the profile excuses something, in words that a release manager understands."""


DRIVE_PATH = re.compile(r"[A-Za-z]:[\\/]+[^\\/]")
NOT_IN_PATHS = re.compile(r'[<>:"|?*\x00-\x1f]')


def whole_place(text: str) -> str:
    """The text, if no environment variable stands in it. Raises `ValueError` with the path that a service sees."""
    found = VARIABLE.search(text)
    if found is None:
        return text
    shown = text.replace("\\\\", "\\")
    known = expanded(shown)
    if VARIABLE.search(known):
        why = f"what %{found[1]}% is differs from user to user: write the whole path, beginning with a drive"
    else:
        why = f"write the whole path; for a 64-bit service it is {known}"
    raise ValueError(f"'{shown}' holds an environment variable; {why}")


def _whole_program(command: tuple[str, ...]) -> tuple[str, ...]:
    """The same of a command's program; a command processor may expand what comes behind it."""
    if command:
        whole_place(command[0])
    return command


def _guest_path(text: str) -> str:
    shown = repr(text).replace("\\\\", "\\")
    whole_place(text)
    if not DRIVE_PATH.match(text):
        raise ValueError(f"{shown} is not an absolute path below a drive, such as C:\\Program Files\\Agent")
    if NOT_IN_PATHS.search(text[2:]):
        raise ValueError(f"{shown} holds a character that Windows does not allow in paths")
    path = ntpath.normpath(text)
    if len(path) <= len("C:\\"):
        raise ValueError(f"{shown} is a whole drive")
    return path


GuestPath = Annotated[str, AfterValidator(_guest_path)]
"""An absolute path below a drive, as Windows writes it: backslashes, none doubled, none at the end."""
GuestPattern = Annotated[str, AfterValidator(whole_place)]
"""The path of a file in the guest, or a pattern, without environment variables."""
WHOLE_PROGRAM = AfterValidator(_whole_program)
"""Of a command: its program is named without environment variables."""


def _registry_key(text: str) -> str:
    shown = repr(text).replace("\\\\", "\\")
    if not REGISTRY_KEY.fullmatch(text):
        raise ValueError(
            f"{shown} is not a key below a hive ({', '.join(HIVES)}), such as HKLM\\Software\\Vendor"
        )
    if '"' in text or "%" in text:
        raise ValueError(f"{shown} holds a quote or a percent sign, which a guest cannot be asked for")
    return text


HIVES = ("HKLM", "HKCU", "HKU", "HKCR")
REGISTRY_KEY = re.compile(rf"({'|'.join(HIVES)})(\\[^\\]+)+")
RegistryKey = Annotated[str, AfterValidator(_registry_key)]
"""A key below a hive, which is written by its short name."""


def is_below(path: str, folder: str) -> bool:
    """Whether `path` lies below `folder`, without regard to case."""
    return path.lower().startswith(folder.lower() + "\\")
