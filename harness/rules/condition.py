"""Conditions of Windows Installer, as far as they can be decided without an installation. Pure.

Source: "Conditional Statement Syntax". What is unknown stays unknown (None): a rule then says nothing.
"""

import re
from collections.abc import Mapping

TOKEN = re.compile(
    r'\s*(?:(?P<text>"[^"]*")|(?P<number>-?\d+)|(?P<op>~?(?:<>|<=|>=|><|<<|>>|=|<|>))|(?P<paren>[()])'
    r"|(?P<state>[$?&!][A-Za-z_][\w.]*)|(?P<name>%?[A-Za-z_][\w.]*))",
)
DEEPEST = 100
"""Brackets within each other. Nobody writes so many, and each takes some of the interpreter's own stack."""
NUMBER = re.compile(r"-?\d{1,18}")
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
    if parser.ahead is not None:
        raise NotACondition(f"{text!r} goes on after its end")
    return found


def _tokens(text: str) -> list[tuple[str, str]]:
    found, place = [], 0
    end = len(text.rstrip())
    while place < end:
        match = TOKEN.match(text, place)
        if match is None or match.lastgroup is None:
            raise NotACondition(f"{text!r} cannot be read from column {place + 1}")
        found.append((match.lastgroup, match[match.lastgroup]))
        place = match.end()
    return found


class _Parser:
    """Operators bind in this order: comparison, NOT, AND, OR, XOR, EQV, IMP. The last three are unknown here."""

    def __init__(self, tokens: list[tuple[str, str]], known: Mapping[str, Value]) -> None:
        self._tokens, self._at, self._depth = tokens, 0, 0
        self._known = known

    @property
    def ahead(self) -> tuple[str, str] | None:
        """What comes next; None at the end."""
        return self._tokens[self._at] if self._at < len(self._tokens) else None

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
        turned = False
        while self._word("NOT"):
            turned = not turned
        found = self._term()
        return None if found is None else found is not turned

    def _term(self) -> bool | None:
        kind, text = self._next()
        if (kind, text) == ("paren", "("):
            self._depth += 1
            if self._depth > DEEPEST:
                raise NotACondition(f"more than {DEEPEST} brackets stand within each other")
            found = self.either()
            self._depth -= 1
            if self._next() != ("paren", ")"):
                raise NotACondition("a bracket is not closed")
            return found
        if kind == "state":  # of a component or feature: only an installation knows
            if self._is_operator():
                self._next()
                self._next()
            return None
        left = self._value(kind, text)
        if self._is_operator():
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
        if self.ahead is not None and self.ahead[0] == "name" and self.ahead[1].upper() in words:
            return self._next()[1].upper()
        return ""

    def _is_operator(self) -> bool:
        return self.ahead is not None and self.ahead[0] == "op"

    def _next(self) -> tuple[str, str]:
        if self.ahead is None:
            raise NotACondition("it ends too soon")
        self._at += 1
        return self._tokens[self._at - 1]


def _known_and(*parts: bool | None) -> bool | None:
    """Of parts that are not false: true only if all are known."""
    return None if None in parts else True


def _compare(left: Value, operator: str, right: Value) -> bool | None:
    """Numbers as numbers, else texts; a number and a text differ, and stand in no order."""
    if left is None or right is None:
        return None
    numbers = all(NUMBER.fullmatch(value) for value in (left, right))
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
