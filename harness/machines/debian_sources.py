"""The machine's own apt configuration as mmdebstrap's: same archive, same mirror, same trust."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from harness.files import named_file
from harness.model.errors import ConfigurationError, InfrastructureError

APT = Path("/etc/apt")
OS_RELEASE = Path("/etc/os-release")
NAMED_BY = "BVT_DEBIAN_SOURCES"
"""Environment variable: a file of apt sources (`.sources` or `.list`) to build images from."""

ENDINGS = (".sources", ".list")


def stanzas(text: str) -> list[str]:
    """The stanzas of a deb822 sources file (sources.list(5)), comments dropped."""
    found: list[list[str]] = [[]]
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        if line.strip():
            found[-1].append(line.rstrip())
        elif found[-1]:
            found.append([])
    return ["\n".join(lines) for lines in found if lines]


def fields(stanza: str) -> dict[str, str]:
    """Field names in lower case with their values."""
    pairs = (line.split(":", 1) for line in stanza.splitlines() if ":" in line and not line[0].isspace())
    return {name.strip().lower(): value.strip() for name, value in pairs}


def serves(stanza: str, codename: str) -> bool:
    """True for an enabled binary source of Debian's own archive for that release (its updates included)."""
    known = fields(stanza)
    suites = known.get("suites", "").split()
    return (
        "deb" in known.get("types", "").split()
        and known.get("enabled", "yes") not in {"no", "false"}
        and bool(suites)
        and all(suite == codename or suite.startswith(f"{codename}-") for suite in suites)
        and "main" in known.get("components", "").split()
    )


def one_line_to_stanza(line: str) -> str | None:
    """A one-line source (`deb [options] URI SUITE COMPONENT…`) as a stanza; None for anything else."""
    words = line.split("#", 1)[0].split()
    if not words or words[0] != "deb":
        return None
    options: list[str] = []
    if len(words) > 1 and words[1].startswith("["):
        end = next((index for index, word in enumerate(words) if word.endswith("]")), None)
        if end is None:
            return None
        options = " ".join(words[1 : end + 1]).strip("[] ").split()
        words = [words[0], *words[end + 1 :]]
    if len(words) < 4:
        return None
    stanza = [f"Types: deb\nURIs: {words[1]}\nSuites: {words[2]}\nComponents: {' '.join(words[3:])}"]
    for option in options:
        name, _, value = option.partition("=")
        if name in {"signed-by", "trusted"}:
            stanza.append(f"{name.title()}: {value}")
    return "\n".join(stanza)


def moved(stanza: str, codename: str, to: str) -> str:
    """The stanza of the archive's `codename` as that of its release `to`: the same mirror, the same trust.

    The release itself alone: an image has no network to be attacked through, and fewer suites change less often.
    """
    return "\n".join(
        f"Suites: {to}" if line.lower().startswith("suites:") else line
        for line in stanza.splitlines()
        if codename in fields(stanza).get("suites", "").split()
    )


def debian_sources(codename: str, files: Iterable[Path] | None = None, release: Path = OS_RELEASE) -> str:
    """A deb822 sources file with this machine's Debian sources for `codename`.

    A machine that runs another release of Debian has its own archive asked for `codename`. The file that
    `BVT_DEBIAN_SOURCES` names is taken instead of all that. Raises `InfrastructureError` if there is no source,
    `ConfigurationError` if that file is none of sources.
    """
    if files is None:
        files = _named() or [APT / "sources.list", *sorted((APT / "sources.list.d").glob("*"))]
    known = list(_known(files))
    chosen = [stanza for stanza in known if serves(stanza, codename)]
    if not chosen and (own := _codename(release)):
        chosen = [text for stanza in known if serves(stanza, own) and (text := moved(stanza, own, codename))]
    if not chosen:
        raise InfrastructureError(
            f"This machine's apt has no source for Debian '{codename}', so the image cannot be built.",
            hint=f"Add Debian's main archive for {codename} under {APT}, or name a file of sources in {NAMED_BY}.",
        )
    return "\n\n".join(chosen) + "\n"


def _named() -> list[Path]:
    """The file that the environment names; empty if it names none."""
    name = os.environ.get(NAMED_BY)
    if not name:
        return []
    path = named_file(Path(name), NAMED_BY)
    if path.suffix not in ENDINGS:
        hint = f"Name one that ends with {' or '.join(ENDINGS)}."
        raise ConfigurationError("this is no file of apt sources.", file=name, key=NAMED_BY, hint=hint)
    return [path]


def _known(files: Iterable[Path]) -> Iterator[str]:
    """Every stanza of these files; one-line sources in the form of stanzas."""
    for path in files:
        if not path.is_file() or path.suffix not in ENDINGS:
            continue
        text = path.read_text(errors="replace")
        if path.suffix == ".sources":
            yield from stanzas(text)
        else:
            yield from (found for line in text.splitlines() if (found := one_line_to_stanza(line)))


def _codename(release: Path) -> str:
    """The release of Debian that this machine runs (os-release(5)); empty if it runs none."""
    try:
        lines = release.read_text().splitlines()
    except OSError:
        return ""
    facts = {name: value.strip("\"'") for name, _, value in (line.partition("=") for line in lines)}
    return facts.get("VERSION_CODENAME", "") if facts.get("ID") == "debian" else ""
