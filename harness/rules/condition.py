"""Conditions of Windows Installer, as far as they can be decided without an installation. Pure.

Source: "Conditional Statement Syntax". What is unknown stays unknown (None): a rule then says nothing.
"""

import re
from collections.abc import Mapping

TOKEN = re.compile(
    r'\s*(?:(?P<text>"[^"]*")|(?P<number>-?\d+)|(?P<op>~?(?:<>|<=|>=|><|<<|>>|=|<|>))|(?P<paren>[()])'
    r"|(?P<state>[$?&!][A-Za-z_][\w.]*)|(?P<name>%?[A-Za-z_][\w.]*))",
)
WORDS = ("AND", "OR", "NOT", "XOR", "EQV", "IMP")
Value = str | None
"""A property's text, empty if it is not set; None if only an installation knows it."""


class NotACondition(ValueError):
    """The text does not follow the syntax."""


def decide(text: str, known: Mapping[str, Value]) -> bool | None:
    """Whether the condition holds; None if that cannot be said. An empty condition holds.

    `known`: properties with their values. One that is not in it is unknown. Raises `NotACondition`.
    """
    if not text.strip():
        return True
    parser = _Parser(_tokens(text), known)
    found = parser.either()
    if parser.left:
        raise NotACondition(f"{text!r} goes on after its end")
    return found


def _tokens(text: str) -> list[tuple[str, str]]:
    found, place = [], 0
    while text[place:].strip():
        match = TOKEN.match(text, place)
        if match is None or match.lastgroup is None:
            raise NotACondition(f"{text!r} cannot be read from column {place + 1}")
        found.append((match.lastgroup, match[match.lastgroup]))
        place = match.end()
    return found


class _Parser:
    """Operators bind in this order: comparison, NOT, AND, OR, XOR, EQV, IMP. The last three are unknown here."""

    def __init__(self, tokens: list[tuple[str, str]], known: Mapping[str, Value]) -> None:
        self.left = tokens
        self._known = known

    def either(self) -> bool | None:
        found = self._both()
        while word := self._word("OR", "XOR", "EQV", "IMP"):
            other = self._both()
            if word != "OR":
                found = None
            elif True in (found, other):
                found = True
            else:
                found = None if None in (found, other) else False
        return found

    def _both(self) -> bool | None:
        found = self._not()
        while self._word("AND"):
            other = self._not()
            found = False if False in (found, other) else _known_and(found, other)
        return found

    def _not(self) -> bool | None:
        if self._word("NOT"):
            found = self._not()
            return None if found is None else not found
        return self._term()

    def _term(self) -> bool | None:
        kind, text = self._next()
        if (kind, text) == ("paren", "("):
            found = self.either()
            if self._next() != ("paren", ")"):
                raise NotACondition("a bracket is not closed")
            return found
        if kind == "state":  # of a component or feature: only an installation knows
            if self.left and self.left[0][0] == "op":
                self._next()
                self._next()
            return None
        left = self._value(kind, text)
        if self.left and self.left[0][0] == "op":
            operator = self._next()[1]
            return _compare(left, operator, self._value(*self._next()))
        return None if left is None else bool(left)

    def _value(self, kind: str, text: str) -> Value:
        if kind == "text":
            return text[1:-1]
        if kind == "number":
            return text
        if kind == "name" and text.upper() not in WORDS:
            return self._known.get(text)
        raise NotACondition(f"{text!r} stands where a value should")

    def _word(self, *words: str) -> str:
        if self.left and self.left[0][0] == "name" and self.left[0][1].upper() in words:
            return self._next()[1].upper()
        return ""

    def _next(self) -> tuple[str, str]:
        if not self.left:
            raise NotACondition("it ends too soon")
        token, *self.left = self.left
        return token


def _known_and(*parts: bool | None) -> bool | None:
    """Of parts that are not false: true only if all are known."""
    return None if None in parts else True


def _compare(left: Value, operator: str, right: Value) -> bool | None:
    """Numbers as numbers, else texts; a number and a text differ, and stand in no order."""
    if left is None or right is None:
        return None
    numbers = all(re.fullmatch(r"-?\d+", value) for value in (left, right))
    if operator.startswith("~"):  # as the same operator without regard to case
        operator, left, right = operator[1:], left.lower(), right.lower()
    first, second = (int(left), int(right)) if numbers else (left, right)
    if operator in ("=", "<>"):
        return (first == second) is (operator == "=")
    if not numbers:
        found = {"><": right in left, "<<": left.startswith(right), ">>": left.endswith(right)}
        return found.get(operator, False)
    assert isinstance(first, int)
    assert isinstance(second, int)
    return {
        "<": first < second,
        ">": first > second,
        "<=": first <= second,
        ">=": first >= second,
        "><": first & second != 0,  # a bit in common
        "<<": first >> 16 & 0xFFFF == second,
        ">>": first & 0xFFFF == second,
    }[operator]
