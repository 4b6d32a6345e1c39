"""Reads `backend.yaml`; every error names the file, the line and the key."""

import os
from pathlib import Path

from harness.backend.external.model import CommandDescription, EnvironmentValue, HttpDescription
from harness.backend.external.placeholder_rules import placeholder_problems
from harness.documents.problem import Problem, nearest
from harness.documents.yaml_document import load_document
from harness.model.errors import ConfigurationError

_KINDS: dict[str, type[HttpDescription] | type[CommandDescription]] = {
    "http": HttpDescription,
    "command": CommandDescription,
}


def load_description(path: Path) -> HttpDescription | CommandDescription:
    """The file's content. Raises `ConfigurationError`."""
    document = load_document(path, described_in="docs/backend.md")
    kind, known = document.data.get("kind"), tuple(_KINDS)
    if kind not in known:
        hint = nearest(str(kind), known, label="Kinds")
        if "kind" in document.data:
            raise document.error([Problem(("kind",), f"there is no kind of backend called {kind!r}.", hint)])
        raise document.error([Problem((), "the key 'kind' is missing.", f"Write one of {', '.join(known)}.")])
    description = document.read_as(_KINDS[kind])
    if problems := placeholder_problems(description):
        raise document.error(problems)
    return description


def from_environment(value: EnvironmentValue, key: str, file: Path) -> str:
    """The value, without its prefix. Raises `ConfigurationError` if the variable is not set or empty."""
    found = os.environ.get(value.env, "")
    if not found:
        raise ConfigurationError(
            f"environment variable {value.env} is not set.",
            file=str(file),
            key=key,
            hint="Set it where bvt is started.",
        )
    return found
