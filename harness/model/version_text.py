"""Versions as programs state them, and whether one is the candidate's. Pure.

Programs print `sleeper version v1.0.0`, `nats-server: v2.15.1`, `2.15.1,`, `1.2.3-rc.1+build5` or four fields, among
dates, addresses and the versions of what they were built with.
"""

import re

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x00")
"""Colours of a terminal, and what is left between the letters of UTF-16 that was read as UTF-8."""
_VERSION = re.compile(
    r"(?<![0-9A-Za-z_.])(?:version|release|ver|rel|v|r)?[.:=]?"
    r"(?P<numbers>[0-9]+(?:\.[0-9]+){1,3})"
    r"(?P<rest>(?:[-+~_][0-9A-Za-z.+~_-]*|\.?[A-Za-z][0-9A-Za-z.+~_-]*)?)"
    r"(?!\.?[0-9])",
    re.IGNORECASE,
)
_OF_ANOTHER = re.compile(
    r"(?:\b(?:with|using|against|on|needs|requires)\s+(?:[^\s:;,()]+\s+){0,2}|\b(?:at|from|to)\s+|//)$",
    re.IGNORECASE,
)
"""Before the version of a library, a compiler or a system, or an address: `built with Go 1.22.1`, `at 10.0.2.15`."""
_ADDRESS = re.compile(r"\]?(?::[0-9]+|/[0-9]+)\b")
"""What follows an address: a port or the length of a network."""
_WHOLE = re.compile(r"[vV]?(?P<numbers>[0-9]+(?:[.,_-]\s*[0-9]+){0,3})(?P<rest>[^0-9].*)?", re.DOTALL)
DOTTED_QUAD = 4


def states_version(text: str, wanted: str, pattern: str | None = None) -> bool:
    """Whether `text` states the version `wanted`.

    `pattern`: a regular expression whose group `version`, or else its first, holds the version; then only what it finds
    counts. Without one every version in the text counts that is not plainly that of something else.
    """
    text = _CONTROL.sub("", text)
    if pattern:
        return any(same_version(found, wanted) for found in _picked(text, pattern))
    return any(same_version(found, wanted) for found in versions_in(text))


def versions_in(text: str) -> list[str]:
    """Every version that the text states, as written and in its order; no address, no version of another program."""
    found = []
    for match in _VERSION.finditer(text):
        line_so_far = text[: match.start()].rpartition("\n")[2]
        if _OF_ANOTHER.search(line_so_far):
            continue
        is_quad = match["numbers"].count(".") == DOTTED_QUAD - 1
        if is_quad and (_ADDRESS.match(text, match.end("numbers"))):
            continue
        found.append(match["numbers"] + match["rest"].rstrip(".-_+~"))
    return found


def same_version(stated: str, wanted: str) -> bool:
    """Whether one version, stated alone, is the wanted one.

    Zeros at the end do not matter. The stated one may have more fields, as version resources have four and MSI versions
    three, and may name a pre-release and a build, which an MSI cannot. Of the wanted one, Windows Installer compares
    three fields (Microsoft, "ProductVersion property"), so a program may leave out the fourth.
    """
    shown, expected = _split(stated), _split(wanted)
    if shown is None or expected is None:
        return stated.strip() == wanted.strip()
    (numbers, rest), (wanted_numbers, wanted_rest) = shown, expected
    if wanted_rest and _release(rest, wanted_rest) != wanted_rest:
        return False
    fields = len(wanted_numbers)
    if len(numbers) == fields - 1 == DOTTED_QUAD - 1:
        fields = len(numbers)
    filled = [*numbers, *[0] * fields][:fields]
    return filled == wanted_numbers[:fields]


def pattern_problem(pattern: str) -> str:
    """What is wrong with a profile's pattern; empty if nothing is."""
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        return f"{pattern!r} is not a regular expression: {error}"
    if not compiled.groups:
        return f"{pattern!r} has no group in parentheses that holds the version, such as 'build ([0-9.]+)'"
    if compiled.groups > 1 and "version" not in compiled.groupindex:
        return f"{pattern!r} has several groups; name the one that holds the version: (?P<version>…)"
    return ""


def _picked(text: str, pattern: str) -> list[str]:
    compiled = re.compile(pattern)
    group = "version" if "version" in compiled.groupindex else 1
    return [match[group] for match in compiled.finditer(text) if match[group]]


def _split(version: str) -> tuple[list[int], str] | None:
    """Numbers and what follows them: `1, 2, 3, 4` and `1_2_3` are older ways to write the same."""
    match = _WHOLE.fullmatch(version.strip())
    if match is None:
        return None
    return [int(field) for field in re.split(r"[.,_-]\s*", match["numbers"])], match["rest"] or ""


def _release(rest: str, wanted: str) -> str:
    """A stated suffix as far as the wanted one goes: without build metadata where none is wanted (semver.org, 10)."""
    return rest if "+" in wanted else rest.partition("+")[0]
