"""The environment in which Wine's own programs speak UTF-8 through pipes.

Wine takes the code page of a process from LC_CTYPE, by the table of Windows' locales: C.UTF-8 and en_US.UTF-8
give 1252, and what cmd's builtins print is then question marks. Hindi has no code page of its own, so
hi_IN.UTF-8 gives 65001. LC_MESSAGES decides about language and formats and stays English. glibc must know
both names, which no Debian does as installed, but its C.UTF-8 serves under any name when LOCPATH finds it
there. (Measured with Wine 8.0.)
"""

from pathlib import Path

from .config import ConfigurationRejected

UTF8_CODEPAGE = 65001
_CTYPE, _MESSAGES = "hi_IN.UTF-8", "en_US.UTF-8"
_SOURCES = (Path("/usr/lib/locale/C.utf8"), Path("/usr/lib/locale/C.UTF-8"))


def utf8_environment(directory: Path, root: Path | None = None) -> dict[str, str]:
    """Variables to add (LC_ALL must not be set beside them), after making two locales in `directory`.

    `root`: the system in which they are used, if it is another than this one.

    Raises `ConfigurationRejected` on a system without glibc's C.UTF-8.
    """
    system = root or Path("/")
    source = next((path for path in _SOURCES if (system / path.relative_to("/")).is_dir()), None)
    if source is None:
        raise ConfigurationRejected(f"no C.UTF-8 locale in {_SOURCES[0].parent}: install glibc's (libc-bin).")
    directory.mkdir(parents=True, exist_ok=True)
    for name in (_CTYPE, _MESSAGES):
        link = directory / name
        if not link.is_symlink():
            link.symlink_to(source)
    return {"LOCPATH": str(directory), "LC_CTYPE": _CTYPE, "LC_MESSAGES": _MESSAGES}
