"""What the parser has against a command line, as one sentence like every other mistake."""

from typing import Any

import typer
from pydantic import ValidationError

from harness.documents.translate import first_mistake


def usage_sentence(error: typer.TyperException) -> str:
    """What is wrong and where to read on; empty where the parser has shown the help itself."""
    context = getattr(error, "ctx", None)
    said = _message(error).strip()
    if not said:
        return ""
    return f"{said} See: {context.command_path} --help" if context else said


def _message(error: typer.TyperException) -> str:
    cause, parameter = error.__cause__, getattr(error, "param", None)
    if isinstance(cause, ValidationError) and parameter is not None:
        mistake = first_mistake(cause, None)
        return f"{_name(parameter)}: {mistake.message} {mistake.hint}".strip()
    said = error.format_message() if hasattr(error, "format_message") else str(error)
    return f"{said.rstrip('.')}." if said and not said.endswith("?") else said


def _name(parameter: Any) -> str:
    """`--runs`, or `CANDIDATE`, as the help has it."""
    names = [each for each in parameter.opts if each.startswith("-")]
    return max(names, key=len) if names else str(parameter.name).upper()
