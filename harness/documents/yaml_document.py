"""YAML with line numbers, without YAML's traps, into a typed model.

PyYAML follows YAML 1.1, where `on` is true, `010` is eight and `12:30` is 750. Here such scalars are errors
that say what to write instead, because a build number that silently changes would gate the wrong Windows.
"""

import hashlib
import re
from collections.abc import Callable, Sequence
from pathlib import Path as FilePath
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from harness.documents import syntax
from harness.documents.misread import misread_scalars
from harness.documents.problem import Path, Problem
from harness.documents.text import decode, read
from harness.documents.translate import causes, translate
from harness.model.errors import ConfigurationError

MODEL = TypeVar("MODEL", bound=BaseModel)
Check = Callable[[MODEL], Sequence[Problem]]

DESCRIBED_IN = "docs/formats"
MAX_VALUES = 100_000
"""Values after aliases are expanded: a small file can name a very large document."""
MAX_DEPTH = 60

SURROGATE = re.compile("[\ud800-\udfff]")
PLAIN_INT = re.compile(r"[-+]?(0|[1-9][0-9]*|0x[0-9a-fA-F]+)")
LONGEST_INT = 19
"""Digits. No length, size or number of a build has more."""
PLAIN_FLOAT = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+)([eE][-+][0-9]+)?")
LEADING_ZERO = re.compile(r"[-+]?0[0-9]+")
"""`010` is octal and `09` is text to YAML 1.1: neither is what its author sees."""
BOOLEANS = {"true": True, "True": True, "false": False, "False": False}
NOWHERE = object()
PREFIX = "tag:yaml.org,2002:"


class Document:
    """A parsed file: plain data, and where each part of it stands."""

    def __init__(self, file: str, text: str, *, described_in: str = DESCRIBED_IN) -> None:
        self.file = file
        self.key_lines: dict[Path, int] = {}
        self.value_lines: dict[Path, int] = {(): 1}
        self._values = 0
        root = self._compose(text)
        if root is None:
            hint = f"Its format is described in {described_in}."
            raise ConfigurationError("the file is empty.", file=file, line=1, hint=hint)
        self.data = self._build(root, (), ())
        if not isinstance(self.data, dict):
            found = "a list" if isinstance(self.data, list) else "a single value"
            raise ConfigurationError(
                f"the file must be a mapping of keys to values, not {found}.", file=file, line=1
            )

    def _compose(self, text: str) -> yaml.Node | None:
        try:
            return yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            line = _line(syntax.place_of(error))
            raise ConfigurationError(syntax.message_of(error, text), file=self.file, line=line) from None
        except yaml.reader.ReaderError as error:
            line = text.count("\n", 0, int(error.position)) + 1
            raise ConfigurationError(
                "the file holds a character that YAML does not allow.", file=self.file, line=line
            ) from None
        except RecursionError:
            raise ConfigurationError("the document is nested too deeply.", file=self.file, line=1) from None

    def _build(self, node: yaml.Node, path: Path, above: tuple[yaml.Node, ...]) -> Any:
        self.value_lines[path] = node.start_mark.line + 1
        inside = self._enter(node, path, above)
        if isinstance(node, yaml.MappingNode) and node.tag == PREFIX + "map":
            return self._mapping(node, path, inside)
        if isinstance(node, yaml.SequenceNode) and node.tag == PREFIX + "seq":
            return [self._build(item, (*path, index), inside) for index, item in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        message = f"the tag {node.tag.removeprefix(PREFIX)!r} has no meaning here."
        raise self._refusal(message, node.start_mark.line + 1, path)

    def _enter(self, node: yaml.Node, path: Path, above: tuple[yaml.Node, ...]) -> tuple[yaml.Node, ...]:
        line = node.start_mark.line + 1
        self._values += 1
        if node in above:
            raise self._refusal("an alias names a part of the document that contains it.", line, path)
        if self._values > MAX_VALUES or len(above) > MAX_DEPTH:
            raise self._refusal(
                "the document is too large or too deep once its aliases are expanded.", line, path
            )
        return (*above, node)

    def _mapping(self, node: yaml.MappingNode, path: Path, inside: tuple[yaml.Node, ...]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        # Merged keys come first, so that the mapping's own replace them; of several, the first named wins.
        for merged in reversed([m for key, value in node.value if _is_merge(key) for m in _listed(value)]):
            if not isinstance(merged, yaml.MappingNode):
                raise self._refusal("only a mapping can be merged (<<).", merged.start_mark.line + 1, path)
            result |= self._mapping(merged, path, self._enter(merged, path, inside))
        own: dict[str, int] = {}
        for key_node, value_node in node.value:
            if _is_merge(key_node):
                continue
            key, line = self._key(key_node, path), key_node.start_mark.line + 1
            if key in own:
                hint = f"It is first given in line {own[key]}."
                raise self._refusal(f"the key {key!r} is given twice.", line, path, hint)
            own[key] = self.key_lines[(*path, key)] = line
            result[key] = self._build(value_node, (*path, key), inside)
        return result

    def _key(self, node: yaml.Node, path: Path) -> str:
        line = node.start_mark.line + 1
        if not isinstance(node, yaml.ScalarNode):
            raise self._refusal("a key must be text.", line, path)
        text: str = node.value
        if node.tag != PREFIX + "str":
            raise self._refusal(
                f"YAML does not read the key {text} as text.", line, path, f'Put it in quotes: "{text}".'
            )
        return text

    def _scalar(self, node: yaml.ScalarNode, path: Path) -> Any:
        text: str = node.value
        kind = node.tag.removeprefix(PREFIX)
        if "\0" in text:
            raise self._refusal(
                "the text holds a NUL, which no path, command or name may hold.",
                node.start_mark.line + 1,
                path,
                "Leave it out.",
            )
        if SURROGATE.search(text):
            message = "the text holds half of a pair of surrogates, which is no character."
            raise self._refusal(message, node.start_mark.line + 1, path, "Write the character itself.")
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
        line = node.start_mark.line + 1
        if kind == "bool":
            advice = f'Write true or false; for the word itself put it in quotes: "{text}".'
            raise self._refusal(f"YAML reads {text} as a truth value.", line, path, advice)
        if kind == "int" and PLAIN_INT.fullmatch(text):
            message = f"the number {text[:LONGEST_INT]}… has {len(text)} digits, more than any that is meant."
            raise self._refusal(message, line, path, "For text put it in quotes.")
        raise self._refusal(
            f"YAML does not read {text[:40]!r} as it is written (it takes it for {_a(kind)}).",
            line,
            path,
            f'For text put it in quotes: "{text[:40]}"; a number is written in plain decimal digits.',
        )

    def _refusal(self, message: str, line: int, path: Path, hint: str = "") -> ConfigurationError:
        key = Problem(path, "").dotted
        return ConfigurationError(message, file=self.file, line=line, key=key, hint=hint)

    def read_as(self, model: type[MODEL]) -> MODEL:
        """The data as a `model`. Raises `ConfigurationError` for the first mistake."""
        try:
            read = model.model_validate(self.data)
        except ValidationError as error:
            found = causes([item | {"loc": self._within(item["loc"])} for item in error.errors()])
            raise self.error([translate(item, model) for item in found]) from None
        if misread := list(misread_scalars(self.data, read)):
            raise self.error(misread)
        return read

    def _within(self, place: Path) -> Path:
        """The place in the file: pydantic also names which of several types it tried there.

        Its last part may be what is not there, or `[key]`.
        """
        part: Any = self.data
        found: list[str | int] = []
        for index, name in enumerate(place):
            last = index == len(place) - 1
            inside = _inside(part, name)
            if inside is not NOWHERE:
                part = inside
            elif not (last and (isinstance(part, dict) or name == "[key]")):
                continue
            found.append(name)
        return tuple(found)

    def line_of(self, path: Path, *, at_key: bool = False) -> int:
        """The line of a value (or of its key); the nearest enclosing part's where the path leads nowhere."""
        while path:
            for lines in (self.key_lines, self.value_lines) if at_key else (self.value_lines, self.key_lines):
                if path in lines:
                    return lines[path]
            path = path[:-1]
        return 1

    def error(self, problems: Sequence[Problem]) -> ConfigurationError:
        """The first problem in the file as the error; where there are more it says so."""
        placed = sorted(
            ((self.line_of(problem.path, at_key=problem.at_key), problem) for problem in problems),
            key=lambda pair: (pair[0], not pair[1].hint),  # of one line, the one that says what to do
        )
        line, first = placed[0]
        lines = sorted({str(line) for line, _ in placed[1:]}, key=int)
        more = f"({len(placed) - 1} more in line {', '.join(lines)}.)" if len(placed) > 1 else ""
        hint = " ".join(part for part in (first.hint, more) if part)
        return ConfigurationError(first.message, file=self.file, line=line, key=first.dotted, hint=hint)


def _inside(part: Any, name: str | int) -> Any:
    if isinstance(part, dict):
        return part.get(name, NOWHERE)
    return part[name] if isinstance(part, list) and isinstance(name, int) and name < len(part) else NOWHERE


def load(
    path: FilePath,
    model: type[MODEL],
    check: Check[MODEL] | None = None,
    *,
    described_in: str = DESCRIBED_IN,
) -> tuple[MODEL, str]:
    """The file as a `model`, and the file's SHA-256.

    `check` looks for mistakes that need more than one key to see. Raises `ConfigurationError` for the first
    mistake in the file.
    """
    raw = read(path)
    document = Document(str(path), decode(raw, path), described_in=described_in)
    result = document.read_as(model)
    problems = check(result) if check else ()
    if problems:
        raise document.error(problems)
    return result, hashlib.sha256(raw).hexdigest()


def load_document(path: FilePath, *, described_in: str) -> Document:
    """The file, for one whose model depends on what is in it. Raises `ConfigurationError`."""
    return Document(str(path), decode(read(path), path), described_in=described_in)


def _is_merge(key: yaml.Node) -> bool:
    return bool(key.tag == PREFIX + "merge")


def _listed(value: yaml.Node) -> list[yaml.Node]:
    return list(value.value) if isinstance(value, yaml.SequenceNode) else [value]


def _line(mark: yaml.Mark | None) -> int | None:
    return mark.line + 1 if mark else None


def _a(kind: str) -> str:
    return {"int": "a number", "float": "a number", "timestamp": "a date", "str": "text"}.get(kind, kind)
