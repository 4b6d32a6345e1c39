r"""A service's image path: which program it starts, and what else Windows might start in its place. Pure.

The registry holds what an installer wrote: environment variables, the object manager's prefixes, paths below the
system's directory, short names, doubled backslashes, quotes or none. Sources: Microsoft, "CreateProcessW function" (how
an unquoted path with spaces is tried), "CreateServiceW function" (the ImagePath of drivers), "Naming Files, Paths, and
Namespaces".

The machines here have Windows on `C:` (`harness/images/answer_rules.py`), so the usual variables have known values.
"""

import ntpath
import re
from collections.abc import Callable, Iterator

SYSTEM_ROOT = "C:\\Windows"
VARIABLES = {
    "systemdrive": "C:",
    "systemroot": SYSTEM_ROOT,
    "windir": SYSTEM_ROOT,
    "programfiles": "C:\\Program Files",
    "programw6432": "C:\\Program Files",
    "programfiles(x86)": "C:\\Program Files (x86)",
    "commonprogramfiles": "C:\\Program Files\\Common Files",
    "commonprogramw6432": "C:\\Program Files\\Common Files",
    "commonprogramfiles(x86)": "C:\\Program Files (x86)\\Common Files",
    "programdata": "C:\\ProgramData",
    "allusersprofile": "C:\\ProgramData",
    "public": "C:\\Users\\Public",
    "temp": f"{SYSTEM_ROOT}\\Temp",
    "tmp": f"{SYSTEM_ROOT}\\Temp",
}
"""As a service sees them, by lower-case name."""
SHORT_NAMES = {
    "c:\\progra~1": "C:\\Program Files",
    "c:\\progra~2": "C:\\Program Files (x86)",
    "c:\\progra~3": "C:\\ProgramData",
}
"""What set-up itself makes on every 64-bit Windows. The rest of a path is compared by `is_short_for`."""

PROGRAM_ENDINGS = (".exe", ".com", ".sys", ".bat", ".cmd", ".scr", ".pif", ".dll")
VARIABLE = re.compile(r"%([^%\\/:]+)%")
_NAMESPACE = re.compile(r"^\\(?:\?\?|global\?\?|dosdevices|\\\?|\\\.)\\(?:unc\\)?(?=[a-z]:)", re.IGNORECASE)
_VOLUME = re.compile(r"^(?:\\\\\?\\globalroot)?\\device\\harddiskvolume\d+(?=\\)", re.IGNORECASE)
_BELOW_SYSTEM_ROOT = re.compile(r"^\\?(?:systemroot\\)", re.IGNORECASE)
_ARGUMENT = re.compile(r'^(?:[-/]+\w|"|[a-z]:[\\/]|\\\\|\w+[=:](?![\\/]))', re.IGNORECASE)
_SHORT = re.compile(r"(?P<stem>[^~. ]{1,6})~\d{1,6}(?P<ending>\.[^. ]{0,3})?", re.IGNORECASE)


def program_of(image_path: str, exists: Callable[[str], bool] = lambda _: False) -> str:
    r"""The program's full path, `C:\Program Files\Agent\svc.exe`; empty for an empty image path.

    `exists` says which files are known to be there: without quotes only that tells a path from its arguments. Where it
    says nothing, the path ends at the first name that ends as programs do, else before the first argument.
    """
    text = expanded(image_path)
    if text.startswith('"'):
        return full_path(text[1:].partition('"')[0])
    tried = list(_beginnings(text))
    for beginning in tried:
        for path in (full_path(beginning), full_path(f"{beginning}.exe")):
            if exists(path):
                return path
    words = _before_arguments(text)
    named = (each for each in tried if len(each) <= len(words) and each.lower().endswith(PROGRAM_ENDINGS))
    return full_path(next(named, _up_to_last_backslash(words)))


def may_start_another(image_path: str, exists: Callable[[str], bool] = lambda _: False) -> bool:
    r"""Whether a space in an unquoted path lets Windows start another program first, such as `C:\Program.exe`.

    A driver's path is one file's name, spaces or not.
    """
    text = expanded(image_path)  # the system, too, expands before it splits
    program = program_of(text, exists)
    if text.startswith('"') or program.lower().endswith(".sys"):
        return False
    return not same_program(full_path(next(_beginnings(text), "")), program)


def same_program(path: str, other: str) -> bool:
    """Whether two full paths name one program: in any case, by short names, with or without `.exe`."""
    one, two = (each.lower().removesuffix(".exe").split("\\") for each in (path, other))
    if len(one) != len(two):
        return False
    pairs = zip(one, two, strict=True)
    return all(
        name == wanted or is_short_for(name, wanted) or is_short_for(wanted, name) for name, wanted in pairs
    )


def full_path(path: str) -> str:
    """One path of an image path, without arguments, as the system understands it: absolute, below a drive."""
    path = expanded(path).replace("/", "\\")
    path = _NAMESPACE.sub("", path)
    path = _VOLUME.sub("C:", path)
    path = _BELOW_SYSTEM_ROOT.sub(lambda _: f"{SYSTEM_ROOT}\\", path)
    if path and not ntpath.splitdrive(path)[0]:
        # The system starts drivers with its own directory as the root of relative paths.
        place = "C:" if path.startswith("\\") else f"{SYSTEM_ROOT}\\"
        path = f"{place}{path}" if "\\" in path else f"{SYSTEM_ROOT}\\System32\\{path}"
    path = ntpath.normpath(path) if path else ""
    for short, long in SHORT_NAMES.items():
        if path.lower() == short or path.lower().startswith(f"{short}\\"):
            return long + path[len(short) :]
    return path


def lies_below(path: str, folder: str) -> bool:
    """Whether `path`, in which short names may stand, lies below `folder`. Upper and lower case are the same."""
    names, above = path.lower().split("\\"), folder.lower().split("\\")
    if len(names) <= len(above):
        return False
    return all(
        name == wanted or is_short_for(name, wanted) for name, wanted in zip(names, above, strict=False)
    )


def is_short_for(name: str, long: str) -> bool:
    """Whether `name` may be the 8.3 name of `long`: `MYAGEN~1` of `My Agent`, `AB12CD~1.EXE` not of `agent.exe`.

    From the fifth name of the same beginning on Windows keeps two letters and writes a checksum: that is no proof.
    """
    found = _SHORT.fullmatch(name)
    if found is None:
        return False
    stem, dot, ending = long.rpartition(".")
    if not dot:
        stem, ending = long, ""
    plain = re.sub(r"[ .]", "", stem).lower()
    plain = re.sub(r"[+,;=\[\]]", "_", plain)
    return (
        plain.startswith(found["stem"].lower()) and (found["ending"] or ".").lower()[1:] == ending.lower()[:3]
    )


def expanded(text: str) -> str:
    """The text with the variables that every service of this machine sees alike; others stay as they are."""
    return VARIABLE.sub(lambda found: VARIABLES.get(found[1].lower(), found[0]), text.strip())


def _beginnings(text: str) -> Iterator[str]:
    """What CreateProcess tries in turn: the text up to each space, and all of it."""
    path = text.partition('"')[0].rstrip() if '"' in text else text
    for found in re.finditer(r"[ \t]+", path):
        yield path[: found.start()]
    if path:
        yield path


def _before_arguments(text: str) -> str:
    """The words up to the first that looks like an argument."""
    words = re.split(r"([ \t]+)", text)
    end = next(
        (number for number in range(2, len(words), 2) if _ARGUMENT.match(words[number])), len(words) + 1
    )
    return "".join(words[: end - 1])


def _up_to_last_backslash(words: str) -> str:
    """Without the words behind the one with the last backslash: a path ends with a name."""
    folder, backslash, last = words.rpartition("\\")
    return folder + backslash + (re.split(r"[ \t]", last)[0] if backslash else words.split(" ")[0])
