"""What PyYAML has against a text, in words that name what to change."""

import re

import yaml


def place_of(error: yaml.MarkedYAMLError) -> yaml.Mark | None:
    """Where the mistake is: where a bracket that is not closed was opened, else where it was noticed."""
    return error.context_mark if _unclosed(error) else error.problem_mark or error.context_mark


def message_of(error: yaml.MarkedYAMLError, text: str) -> str:
    """The mistake in one sentence."""
    mark, noticed = error.context_mark, error.problem_mark
    if mark is not None and _unclosed(error):
        line = text.splitlines()[mark.line]
        opened, closing = ("{", "}") if error.context == "while parsing a flow mapping" else ("[", "]")
        after = re.search(r"([^\s:{\[,]+)\s*:\s*(?:&\S+\s+)?$", line[: mark.column])
        where = f" of {after[1].strip(chr(34))!r}" if after else ""
        found = f"; what stands in line {noticed.line + 1} is not part of it" if noticed else ""
        return f"the {opened!r}{where} is not closed by a {closing!r}, or a comma is missing between its entries{found}."
    problem = error.problem or error.context or "this is not YAML"
    if "'\\t'" in problem:
        return "a tab stands where YAML wants spaces; indent with spaces."
    if "but found another document" in problem:
        return "the file holds more than one document (---); it must hold one."
    context = f" ({error.context})" if error.context and error.problem else ""
    return f"this is not valid YAML: {problem}{context}."


def _unclosed(error: yaml.MarkedYAMLError) -> bool:
    """Whether a bracket or brace was opened and not closed: where that is noticed may be many lines later."""
    flow = error.context in ("while parsing a flow mapping", "while parsing a flow sequence")
    return flow and error.context_mark is not None
