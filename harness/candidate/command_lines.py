"""Which programs a text runs, if it is a command line. Pure."""

import re
from collections.abc import Iterator

SHELL = re.compile(
    r'^\s*(?:"[^"]*\bcmd(?:\.exe)?"|\S*\bcmd(?:\.exe)?)\s+(?:/[a-bd-z]\S*\s+)*/c\s+"?', re.IGNORECASE
)
"""A command processor that is told what to run."""
PART = re.compile(r'\s*(?:"(?P<quoted>[^"]+)"|(?P<bare>[^\s"]+))(?P<rest>.*)', re.DOTALL)
ASKS = re.compile(
    r"\s*(?:[/\d-]|(?:config|failureflag|sidtype|load|unload|filters|instances|attach|detach)\b)"
)
"""What stands behind the bare name of a program of the system: a switch, a number, a verb of `sc` or `fltmc`."""
SENTENCE = re.compile(r"[.!…]\s*$")


def programs_run(text: str) -> Iterator[str]:
    """Each as its name without folder and ending, with its arguments: `fltmc load acme`. Nothing of a sentence."""
    shell = SHELL.match(text)
    for part in re.split(r"&+|\|+", text[shell.end() :] if shell else text):
        found = PART.match(part)
        if found is None:
            continue
        program = found["quoted"] or found["bare"]
        name = re.split(r"[\\/\]]", program)[-1]
        bare = name == program and not name.lower().endswith(".exe")
        if bare and not shell and (SENTENCE.search(part) or not ASKS.match(found["rest"])):
            continue
        yield f"{re.sub('[.]exe$', '', name, flags=re.IGNORECASE).lower()}{found['rest']}".strip()
