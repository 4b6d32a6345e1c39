"""Reads `backend.yaml`; every error names the file, the line and the key."""

import os
from pathlib import Path

import yaml
from pydantic import ValidationError

from harness.backend.external_model import DESCRIPTION, CommandDescription, EnvironmentValue, HttpDescription
from harness.model.errors import ConfigurationError

_KINDS = ("http", "command")


def load_description(path: Path) -> HttpDescription | CommandDescription:
    """The file's content. Raises `ConfigurationError`."""
    try:
        text = path.read_text(encoding="utf-8")
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
        document = yaml.safe_load(text)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"cannot be read: {error}.", file=str(path)) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "wrong syntax"
        raise ConfigurationError(
            f"not YAML: {problem}.", file=str(path), line=mark.line + 1 if mark else None
        ) from error
    try:
        return DESCRIPTION.validate_python(document)
    except ValidationError as error:
        first = error.errors()[0]
        place = tuple(part for part in first["loc"] if part not in _KINDS)
        raise ConfigurationError(
            f"{first['msg'].removeprefix('Value error, ')}.",
            file=str(path),
            line=_line_of(tree, place),
            key=".".join(map(str, place)),
            hint="docs/backend.md describes every key.",
        ) from error


def from_environment(value: EnvironmentValue, key: str, file: Path) -> str:
    """The value, without its prefix. Raises `ConfigurationError` if the variable is not set or empty."""
    found = os.environ.get(value.env, "")
    if not found:
        raise ConfigurationError(f"environment variable {value.env} is not set.", file=str(file), key=key)
    return found


def _line_of(node: yaml.Node | None, place: tuple[int | str, ...]) -> int | None:
    """The line of the deepest part of `place` that is in the file; for a missing key, of what lacks it."""
    if node is None:
        return None
    line = node.start_mark.line + 1
    if place and isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(place[0]):
                deeper = _line_of(value, place[1:]) if place[1:] else None
                return max(deeper or 0, int(key.start_mark.line) + 1)
    if place and isinstance(node, yaml.SequenceNode) and place[0] in range(len(node.value)):
        return _line_of(node.value[int(place[0])], place[1:])
    return int(line)
