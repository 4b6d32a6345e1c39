"""Finds and loads the matrix and the profiles."""

from collections.abc import Sequence
from pathlib import Path

import harness
from harness.config.matrix_rules import matrix_problems
from harness.config.profile_rules import profile_problems
from harness.documents.problem import nearest
from harness.documents.yaml_document import Check, load
from harness.model.errors import ConfigurationError
from harness.model.matrix import Matrix
from harness.model.profile import AgentProfile

MATRIX_FILE = "matrix.yaml"
PROFILES_DIRECTORY = "agents"


def search_path() -> tuple[Path, ...]:
    """Where `matrix.yaml` and `agents/` are looked for: the current directory, then the checkout.

    The wheel carries neither: which Windows versions a team supports and how its agent is reached belong to
    that team's repository.
    """
    checkout = Path(harness.__file__).resolve().parent.parent
    places = [Path.cwd()]
    if (checkout / MATRIX_FILE).is_file() and checkout != Path.cwd().resolve():
        places.append(checkout)
    return tuple(places)


def find_matrix(search: Sequence[Path] | None = None) -> Path:
    """The first `matrix.yaml` on the search path. Raises `ConfigurationError` if there is none."""
    places = search_path() if search is None else search
    for place in places:
        if (place / MATRIX_FILE).is_file():
            return place / MATRIX_FILE
    looked = ", ".join(str(place) for place in places)
    raise ConfigurationError(f"there is no {MATRIX_FILE} in {looked}.", hint="Name the file with --matrix.")


def load_matrix(path: Path, also: Check[Matrix] | None = None) -> tuple[Matrix, str]:
    """The matrix and the file's SHA-256. Raises `ConfigurationError` for any mistake.

    `also` finds those that cannot be seen here; it is asked once there are no others.
    """
    return load(
        path,
        Matrix,
        lambda matrix: matrix_problems(matrix) or (also(matrix) if also else ()),
        described_in="docs/formats/matrix.md",
    )


def load_profile(
    name_or_path: str, search: Sequence[Path] | None = None, also: Check[AgentProfile] | None = None
) -> tuple[AgentProfile, str]:
    """The profile of this name (`agents/<name>.yaml` on the search path) or in this file, and its SHA-256.

    What ends in .yaml or .yml or holds a slash is a path. Raises `ConfigurationError`; for an unknown name it
    lists the known ones. `also` finds mistakes that cannot be seen in the profile alone; it is asked once there are
    no others.
    """
    path = profile_path(name_or_path, search_path() if search is None else search)
    return load(
        path,
        AgentProfile,
        lambda profile: profile_problems(profile, path) or (also(profile) if also else ()),
        described_in="docs/formats/profile.md",
    )


def known_profiles(search: Sequence[Path]) -> dict[str, Path]:
    """Profiles by name; the first place on the search path wins."""
    found: dict[str, Path] = {}
    for place in search:
        for path in sorted((place / PROFILES_DIRECTORY).glob("*.yaml")):
            found.setdefault(path.stem, path)
    return found


def profile_path(name_or_path: str, search: Sequence[Path]) -> Path:
    """The file that `--profile` names. Raises `ConfigurationError` if there is none of that name."""
    if "/" in name_or_path or name_or_path.endswith((".yaml", ".yml")):
        return Path(name_or_path)
    known = known_profiles(search)
    if name_or_path in known:
        return known[name_or_path]
    looked = ", ".join(str(place / PROFILES_DIRECTORY) for place in search)
    hint = (
        nearest(name_or_path, tuple(known), label="Known profiles") or f"Looked in {looked}, which has none."
    )
    if hint.startswith("Did"):
        hint += f" Known profiles: {', '.join(known)}."
    raise ConfigurationError(f"unknown agent profile {name_or_path!r}.", hint=hint)
