"""The recipe of the root image, typed: which packages, and what of them is kept."""

from functools import cache
from pathlib import Path

import yaml
from pydantic import Field

from harness.model.base import Frozen

RECIPE = Path(__file__).with_name("recipe.yaml")


class RootRecipe(Frozen):
    """`recipe.yaml`. Paths in `kept` and `without` are patterns; those of programs are as in the machine."""

    name: str
    codename: str = Field(description="Debian release")
    architectures: tuple[str, ...] = Field(min_length=1)
    packages: tuple[str, ...] = Field(min_length=1)
    loader: Path
    server: Path
    kept: tuple[str, ...] = Field(min_length=1)
    builtin: dict[str, str] = Field(description="a library of Wine to be made of another package's")
    without: tuple[str, ...]
    opened: tuple[str, ...]


@cache
def root_recipe() -> RootRecipe:
    """The recipe that this harness comes with."""
    return RootRecipe.model_validate(yaml.safe_load(RECIPE.read_text()))
