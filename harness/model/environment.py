"""What a product did to the environment variables that are stored for everybody. Pure.

Sources: Microsoft, "Environment Variables" (where they are stored, and that a PATH is a list with semicolons), "User
environment variables". Names ignore case.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping

LISTS = ("PATH", "PATHEXT", "PSMODULEPATH")
"""Lists with semicolons, to which a product may add."""
BUILT_IN = (
    "COMSPEC",
    "SYSTEMDRIVE",
    "SYSTEMROOT",
    "WINDIR",
    "PROGRAMFILES",
    "PROGRAMDATA",
    "ALLUSERSPROFILE",
)
"""What the system sets by itself: stored anew, it stands over the system's own value for every program."""
DECIDING = (
    "COR_ENABLE_PROFILING",
    "COR_PROFILER",
    "CORECLR_ENABLE_PROFILING",
    "CORECLR_PROFILER",
    "DOTNET_STARTUP_HOOKS",
    "JAVA_TOOL_OPTIONS",
    "_JAVA_OPTIONS",
    "JDK_JAVA_OPTIONS",
    "NODE_OPTIONS",
    "NODE_TLS_REJECT_UNAUTHORIZED",
    "PYTHONHOME",
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "PERL5OPT",
    "RUBYOPT",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "OPENSSL_CONF",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "SSLKEYLOGFILE",
    "__COMPAT_LAYER",
)
"""What runtimes and libraries read in every program: whoever sets it decides over programs that are not its own."""
OF_EACH_BOOT = ("NUMBER_OF_PROCESSORS", "PROCESSOR_")
"""Beginnings of names that the system writes at every boot, by what it runs on."""

Variables = Mapping[str, str]


def harm(
    before: Variables, after: Variables, *, declared: Callable[[str], bool] = lambda _: False
) -> list[str]:
    """What other programs had and no longer have, as sentences' parts.

    New variables and entries do no harm, unless they decide over other programs, or are the same entry again and again.
    `declared`: whether the profile gives a reason for a variable.
    """
    found = []
    was, now = _by_name(before), _by_name(after)
    for name, (shown, value) in was.items():
        if name not in now:
            found.append(f"{shown} is gone; it was {value!r}")
        elif name in LISTS:
            lost = _missing(value, now[name][1])
            found += [f"{shown} lost {', '.join(lost)}; it is {now[name][1]!r}"] if lost else []
            moved = "" if lost else _moved(value, now[name][1])
            found += [f"{shown} has another order: {moved}"] if moved else []
            found += [
                f"{shown} holds {entry} {times} times"
                for entry, times in _repeated(value, now[name][1]).items()
            ]
        elif now[name][1].lower() != value.lower():
            found.append(f"{shown} is {now[name][1]!r}; it was {value!r}")
    new = ((name, *now[name]) for name in now.keys() - was.keys() if name in BUILT_IN)
    found += [f"{shown} is set to {value!r}, over the system's own" for _, shown, value in sorted(new)]
    deciding = sorted(
        now[name][0] for name in now.keys() - was.keys() if name in DECIDING and not declared(name)
    )
    found += [f"{shown} is set, which every program reads that is not the agent's" for shown in deciding]
    return found


def lost_from_lists(before: Variables, after: Variables) -> list[str]:
    """What the lists of a running program lost, e.g. because their stored form is no longer expanded."""
    was, now = _by_name(before), _by_name(after)
    missing = {name: _missing(was[name][1], now.get(name, ("", ""))[1]) for name in LISTS if name in was}
    return [
        f"{was[name][0]}, as programs get it, lost {', '.join(lost)}"
        for name, lost in missing.items()
        if lost
    ]


def left_over(before: Variables, after: Variables) -> frozenset[str]:
    """What is there now and was not, as `NAME` or `PATH: entry`. Values are not told: they may be secrets."""
    was, now = _by_name(before), _by_name(after)
    added = {shown for name, (shown, _) in now.items() if name not in was}
    for name in LISTS:
        if name in was and name in now:
            added |= {f"{now[name][0]}: {entry}" for entry in _missing(now[name][1], was[name][1])}
    return frozenset(added)


def _by_name(variables: Variables) -> dict[str, tuple[str, str]]:
    """Name in capitals → name as written, value."""
    return {
        name.upper(): (name, value)
        for name, value in variables.items()
        if not name.upper().startswith(OF_EACH_BOOT)
    }


def _missing(wanted: str, there: str) -> list[str]:
    """The entries of one list that the other does not have, in their order."""
    have = {_same(entry) for entry in _entries(there)}
    return [entry for entry in _entries(wanted) if _same(entry) not in have]


def _repeated(before: str, after: str) -> dict[str, int]:
    """Entries that were added more than once."""
    was, now = Counter(map(_same, _entries(before))), Counter(map(_same, _entries(after)))
    return {entry: times for entry, times in now.items() if times > was[entry] + 1}


def _moved(before: str, after: str) -> str:
    """Which entry another one now stands before, though it stood behind it: its programs are no longer found first."""
    was = list(dict.fromkeys(map(_same, _entries(before))))
    now = [entry for entry in dict.fromkeys(map(_same, _entries(after))) if entry in was]
    kept = [entry for entry in was if entry in now]
    return next((f"{new} stands before {old}" for old, new in zip(kept, now, strict=True) if old != new), "")


def _entries(value: str) -> Iterator[str]:
    return (entry.strip() for entry in value.split(";") if entry.strip())


def _same(entry: str) -> str:
    """Entries that lead to the same place: case, quotes and a backslash at the end make no difference."""
    return entry.strip('"').rstrip("\\/").lower()
