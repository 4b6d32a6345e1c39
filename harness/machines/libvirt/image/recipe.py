"""Recipes: where they are, and the typed form of wine-guest's."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from pydantic import Field

from harness.documents.yaml_document import load
from harness.model.base import Frozen
from harness.model.errors import ConfigurationError

RECIPES = Path(__file__).resolve().parents[4] / "vm_images"


class WineGuestRecipe(Frozen):
    """`vm_images/wine-guest/recipe.yaml`."""

    name: str
    codename: str = Field(description="Debian release")
    packages: tuple[str, ...] = Field(min_length=1)
    disk_mb: int = Field(ge=2048)
    initrd_modules: tuple[str, ...]
    masked_units: tuple[str, ...] = ()
    kernel_arguments: str
    changes: tuple[str, ...]


def where_recipes_are() -> str:
    """What to do where the recipes of virtual machines are missing, as beside an installed wheel; empty elsewhere."""
    return (
        ""
        if RECIPES.is_dir()
        else "Other recipes are in vm_images/ of the source tree: build from a checkout."
    )


def recipe_directory(name: str) -> Path:
    """The recipe's folder. Raises `ConfigurationError` if there is no such recipe."""
    path = RECIPES / name
    if not path.is_dir():
        known = ", ".join(sorted(entry.name for entry in RECIPES.glob("*/"))) if RECIPES.is_dir() else "none"
        raise ConfigurationError(
            f"there is no image recipe '{name}' (known: {known}).",
            file=str(RECIPES),
            hint=where_recipes_are(),
        )
    return path


def load_wine_guest(directory: Path) -> WineGuestRecipe:
    """Read the recipe. Raises `ConfigurationError` naming the file, the line and the key."""
    return load(directory / "recipe.yaml", WineGuestRecipe, described_in="vm_images/wine-guest/README.md")[0]


def digest_of(*texts: str, files: Iterable[Path] = ()) -> str:
    """SHA-256 over texts and over names, modes and contents of files (directories are walked)."""
    total = hashlib.sha256()
    for text in texts:
        total.update(f"{len(text)}:{text}\0".encode())
    for root in files:
        for path in sorted(root.rglob("*")) if root.is_dir() else [root]:
            if path.is_file() and "__pycache__" not in path.parts:
                name = path.relative_to(root) if root.is_dir() else path.name
                executable = bool(path.stat().st_mode & 0o100)
                total.update(f"{name}\0{executable}\0".encode())
                total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()
