"""Seven media as real ones were recorded, against all recipes (`tests/recorded/media.yaml`)."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.images.choice import choose_image
from harness.images.wim import Medium, WimImage
from harness.model.errors import ConfigurationError
from tests.unit.images.samples import NAMES, recipe

RECORDED: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parents[2] / "recorded" / "media.yaml").read_text(encoding="utf-8")
)
ISO = Path("/media/windows.iso")
BOOT = [
    WimImage(index=1, name="Microsoft Windows PE (x64)", edition="WindowsPE", installation="WindowsPE"),
    WimImage(index=2, name="Microsoft Windows Setup (x64)", edition="WindowsPE", installation="WindowsPE"),
]
"""Every medium has a boot.wim too, whose images are found with the others."""

FIT = {
    ("windows-10-22h2-consumer", "win10-22h2", "pro"): 6,
    ("windows-10-22h2-consumer", "win10-22h2", "pro-retail"): 6,
    ("server-2012-r2-evaluation", "server-2012-r2", "standard-eval"): 2,
    ("server-2016-volume", "server-2016", "standard"): 2,
    ("server-2016-volume", "server-2016", "datacenter"): 4,
    ("server-2019-volume", "server-2019", "standard"): 2,
    ("server-2019-volume", "server-2019", "datacenter"): 4,
    ("server-2022-volume", "server-2022", "standard"): 2,
    ("server-2022-volume", "server-2022", "datacenter"): 4,
    ("server-2025-volume", "server-2025", "standard"): 2,
    ("server-2025-volume", "server-2025", "datacenter"): 4,
}
"""Medium, recipe, edition: the index that is right. All other combinations are refused."""

COMBINATIONS = [
    (medium, name, edition) for medium in RECORDED for name in NAMES for edition in recipe(name).editions
]


def medium(name: str, **changes: Any) -> Medium:
    facts = RECORDED[name]
    images = [
        WimImage(
            index=index,
            name=title,
            display_name=display,
            edition=edition,
            installation=installation,
            **{
                "build": facts["build"],
                "revision": facts["revision"],
                "architecture": "amd64",
                **changes,
            },
        )
        for index, title, display, edition, installation in facts["images"]
    ]
    return Medium(sha256="0" * 64, size=1, images=(*BOOT, *images))


def chosen(of: Medium, name: str, edition: str) -> WimImage:
    return choose_image(of, recipe(name), recipe(name).edition(edition), ISO)


def refusal(of: Medium, name: str, edition: str) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        chosen(of, name, edition)
    return caught.value


def test_there_are_seven_media_and_eleven_recipes() -> None:
    assert len(RECORDED) == 7
    assert len(NAMES) == 11
    assert set(FIT) <= set(COMBINATIONS)


@pytest.mark.parametrize(("of", "name", "edition"), COMBINATIONS)
def test_the_right_image_is_chosen_or_the_medium_refused_in_a_sentence(
    of: str, name: str, edition: str
) -> None:
    if (of, name, edition) in FIT:
        assert chosen(medium(of), name, edition).index == FIT[of, name, edition]
        return
    error = refusal(medium(of), name, edition)
    message = str(error)
    assert str(ISO) in message
    assert "\n" not in message.split("hint")[0].strip()
    assert error.hint


def test_a_medium_of_the_release_before_is_refused_by_its_revision() -> None:
    message = str(refusal(medium("windows-10-21h2-volume"), "win10-22h2", "pro"))
    assert "build 19041.1288 amd64" in message
    assert "carries 19045 or 19041 (revision 1826 or later)" in message


def test_the_media_of_other_enablement_packages_state_their_base_too() -> None:
    of = medium("windows-10-22h2-consumer", build=22621, revision=2428)
    renamed = of.model_copy(
        update={
            "images": tuple(
                image.model_copy(
                    update={
                        "name": image.name.replace("10", "11"),
                        "display_name": image.display_name.replace("10", "11"),
                    }
                )
                for image in of.images
            )
        }
    )
    assert chosen(renamed, "win11-23h2", "pro").index == 6
    assert "is build 22621.2428" in str(refusal(renamed, "win11-24h2", "pro"))


def test_an_image_without_a_desktop_is_never_chosen_for_its_edition_alone() -> None:
    of = medium("server-2022-volume")
    translated = of.model_copy(
        update={
            "images": tuple(
                image.model_copy(update={"name": f"Image {image.index}", "display_name": ""})
                for image in of.images
            )
        }
    )
    assert chosen(translated, "server-2022", "datacenter").index == 4


def test_the_display_name_counts_where_the_name_does_not_fit() -> None:
    of = medium("windows-10-22h2-consumer")
    renamed = of.model_copy(
        update={"images": tuple(image.model_copy(update={"name": "x"}) for image in of.images)}
    )
    assert chosen(renamed, "win10-22h2", "pro").index == 6


def test_an_evaluation_takes_no_key_and_another_medium_needs_one() -> None:
    evaluation = refusal(medium("server-2012-r2-evaluation"), "server-2012-r2", "standard")
    assert "is an evaluation, which takes no key" in str(evaluation)
    assert "standard-eval" in (evaluation.hint or "")
    volume = refusal(medium("server-2022-volume"), "server-2022", "standard-eval")
    assert "is no evaluation" in str(volume)
    assert "standard" in (volume.hint or "")


def test_a_name_with_another_edition_behind_it_is_refused() -> None:
    of = medium("windows-10-22h2-consumer")
    mixed = of.model_copy(
        update={"images": tuple(image.model_copy(update={"edition": "Core"}) for image in of.images)}
    )
    assert "is edition Core, the recipe's is Professional" in str(refusal(mixed, "win10-22h2", "pro"))


def test_another_architecture_is_refused() -> None:
    assert "arm64" in str(
        refusal(medium("windows-10-22h2-consumer", architecture="arm64"), "win10-22h2", "pro")
    )


def test_the_same_image_twice_is_not_guessed_at() -> None:
    of = medium("windows-10-22h2-consumer")
    twice = of.model_copy(update={"images": (*of.images, of.images[7].model_copy(update={"index": 12}))})
    assert "several times (index 6, 12)" in str(refusal(twice, "win10-22h2", "pro"))
