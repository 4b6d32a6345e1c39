"""Scalars of YAML, without its traps.

PyYAML follows YAML 1.1, where `on` is true, `010` is eight and `12:30` is 750. Here such scalars are errors
that say what to write instead, because a build number that silently changes would gate the wrong Windows.
"""

import re

import yaml

SURROGATE = re.compile("[\ud800-\udfff]")
PLAIN_INT = re.compile(r"[-+]?(0|[1-9][0-9]*|0x[0-9a-fA-F]+)")
LONGEST_INT = 19
"""Digits. No length, size or number of a build has more."""
PLAIN_FLOAT = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+)([eE][-+][0-9]+)?")
LEADING_ZERO = re.compile(r"[-+]?0[0-9]+")
"""`010` is octal and `09` is text to YAML 1.1: neither is what its author sees."""
BOOLEANS = {"true": True, "True": True, "false": False, "False": False}
PREFIX = "tag:yaml.org,2002:"


class Unclear(Exception):
    """A scalar that YAML does not read as its author sees it: what is wrong, and what to write."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


def value_of(node: yaml.ScalarNode) -> str | int | float | bool | None:
    """What it means to YAML 1.1 and to its author alike. Raises `Unclear`."""
    text: str = node.value
    kind = node.tag.removeprefix(PREFIX)
    if "\0" in text:
        raise Unclear("the text holds a NUL, which no path, command or name may hold.", "Leave it out.")
    if SURROGATE.search(text):
        message = "the text holds half of a pair of surrogates, which is no character."
        raise Unclear(message, "Write the character itself.")
    if kind == "str" and not (node.style is None and LEADING_ZERO.fullmatch(text)):
        return text
    if kind == "null":
        return None
    if kind == "bool" and text in BOOLEANS:
        return BOOLEANS[text]
    # int() and float() accept only what the patterns let through, so they cannot raise.
    if kind == "int" and PLAIN_INT.fullmatch(text) and len(text) <= LONGEST_INT:
        return int(text, 16) if "x" in text else int(text)
    if kind == "float" and PLAIN_FLOAT.fullmatch(text):
        return float(text)
    if kind == "bool":
        advice = f'Write true or false; for the word itself put it in quotes: "{text}".'
        raise Unclear(f"YAML reads {text} as a truth value.", advice)
    if kind == "int" and PLAIN_INT.fullmatch(text):
        message = f"the number {text[:LONGEST_INT]}… has {len(text)} digits, more than any that is meant."
        raise Unclear(message, "For text put it in quotes.")
    raise Unclear(
        f"YAML does not read {text[:40]!r} as it is written (it takes it for {_a(kind)}).",
        f'For text put it in quotes: "{text[:40]}"; a number is written in plain decimal digits.',
    )


def _a(kind: str) -> str:
    return {"int": "a number", "float": "a number", "timestamp": "a date", "str": "text"}.get(kind, kind)
