"""Which image of a medium a recipe installs: chosen by name, display name and edition, refused in one sentence."""

from pathlib import Path

from harness.images.recipe import Edition, WindowsRecipe
from harness.images.wim import Medium, WimImage
from harness.model.errors import ConfigurationError

ARCHITECTURE = "amd64"


def choose_image(medium: Medium, recipe: WindowsRecipe, edition: Edition, path: Path) -> WimImage:
    """The image that is to be installed. Raises `ConfigurationError` saying what the medium holds instead.

    NAME and DISPLAYNAME come first. Where the medium has neither (they may be translated), the edition decides.
    """
    found = _named(medium, edition) or _of_edition(medium, edition)
    if not found:
        raise ConfigurationError(
            f"the medium has no image '{edition.image_name}' and none of edition {edition.edition_id}.",
            file=str(path),
            hint=f"It holds: {_listing(medium)}. Choose with --edition, or take another medium.",
        )
    fitting = [image for image in found if _fits(image, recipe)]
    if not fitting:
        raise ConfigurationError(
            _misfit(found[0], recipe),
            file=str(path),
            hint=f"It holds: {_listing(medium)}. {_OTHER_MEDIUM}",
        )
    right = [image for image in fitting if image.edition.lower() in ("", edition.edition_id.lower())]
    if not right:
        raise _wrong_edition(fitting[0], recipe, edition, path)
    if len(right) > 1:
        places = ", ".join(str(image.index) for image in right)
        raise ConfigurationError(
            f"the medium has '{edition.image_name}' several times (index {places}).",
            file=str(path),
            hint="Take a medium as Microsoft publishes it, with one such image.",
        )
    return right[0]


_OTHER_MEDIUM = "Take the medium of that version, or the recipe of this one."


def _named(medium: Medium, edition: Edition) -> list[WimImage]:
    wanted = edition.image_name.lower()
    by_name = [image for image in medium.images if image.name.lower() == wanted]
    return by_name or [image for image in medium.images if image.display_name.lower() == wanted]


def _of_edition(medium: Medium, edition: Edition) -> list[WimImage]:
    wanted = edition.edition_id.lower()
    return [image for image in medium.images if image.edition.lower() == wanted and not image.core]


def _fits(image: WimImage, recipe: WindowsRecipe) -> bool:
    return image.architecture in ("", ARCHITECTURE) and any(
        carried.build == image.build and image.revision >= carried.from_revision
        for carried in recipe.builds_on_media
    )


def _misfit(image: WimImage, recipe: WindowsRecipe) -> str:
    carried = " or ".join(
        f"{entry.build} (revision {entry.from_revision} or later)"
        if entry.from_revision
        else str(entry.build)
        for entry in recipe.builds_on_media
    )
    return (
        f"the medium's '{image.name}' is build {image.build}.{image.revision} "
        f"{image.architecture or 'of unknown architecture'}, but a medium for {recipe.name} carries {carried}, "
        f"{ARCHITECTURE}."
    )


def _wrong_edition(
    image: WimImage, recipe: WindowsRecipe, edition: Edition, path: Path
) -> ConfigurationError:
    if image.evaluation and edition.setup_key is not None:
        return ConfigurationError(
            f"'{image.name}' on this medium is an evaluation, which takes no key.",
            file=str(path),
            key="--edition",
            hint=f"Choose one without a key: {', '.join(recipe.keyless) or 'the recipe has none'}.",
        )
    if edition.setup_key is None and not image.evaluation:
        return ConfigurationError(
            f"'{image.name}' on this medium is no evaluation: Setup would stop and ask for a key.",
            file=str(path),
            key="--edition",
            hint=f"Choose one with a key: {', '.join(sorted(set(recipe.editions) - set(recipe.keyless)))}.",
        )
    return ConfigurationError(
        f"'{image.name}' on this medium is edition {image.edition}, the recipe's is {edition.edition_id}.",
        file=str(path),
        key="--edition",
        hint=_OTHER_MEDIUM,
    )


def _listing(medium: Medium) -> str:
    there = dict.fromkeys(
        f"{image.index} {image.name or image.display_name} (build {image.build}.{image.revision})"
        for image in medium.images
        if image.edition
    )
    return "; ".join(there) or "no Windows image at all"
