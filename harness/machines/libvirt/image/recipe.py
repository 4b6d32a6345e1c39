"""Recipes: where they are, and the typed form of wine-guest's."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field, ValidationError

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


def recipe_directory(name: str) -> Path:
    """The recipe's folder. Raises `ConfigurationError` if there is no such recipe."""
    path = RECIPES / name
    if not path.is_dir():
        known = ", ".join(sorted(entry.name for entry in RECIPES.glob("*/"))) if RECIPES.is_dir() else "none"
        raise ConfigurationError(
            f"there is no image recipe '{name}' (known: {known}).",
            file=str(RECIPES),
            hint="Recipes are in vm_images/ of the source tree.",
        )
    return path


def load_wine_guest(directory: Path) -> WineGuestRecipe:
    """Read the recipe. Raises `ConfigurationError` naming the file and the key."""
    path = directory / "recipe.yaml"
    try:
        document: Any = yaml.safe_load(path.read_text())
        return WineGuestRecipe.model_validate(document)
    except OSError as error:
        raise ConfigurationError(f"cannot be read ({error.strerror}).", file=str(path)) from error
    except yaml.YAMLError as error:
        raise ConfigurationError(f"is not YAML: {error}.", file=str(path)) from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(f"{first['msg']}.", file=str(path), key=key) from error


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
