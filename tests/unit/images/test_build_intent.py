"""What a build that is killed leaves behind can be found, and is not what the next build uses."""

from pathlib import Path

import pytest

from harness.images import installation
from harness.images.installation import install
from harness.images.recipe import load_windows
from harness.images.running import Order
from harness.machines.intent import read_intents
from harness.machines.libvirt.host.host import Host
from harness.machines.libvirt.image.store import ImageStore
from harness.state import StateDirectory
from tests.unit.images.samples import BUILD_ID


class Killed(BaseException):
    """As if the process had ended here."""


def test_the_intent_names_the_builds_own_directory_before_the_answer_media_exist(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = StateDirectory(tmp_path)
    recipe = load_windows("win10-22h2")
    seen: list[tuple[str, object, bool]] = []

    def build(_tree: object, target: Path) -> None:
        (intent,) = read_intents(state.intents)
        seen.append((intent.machine_id, intent.resources["directory"], target.exists()))
        raise Killed

    class Chosen:
        index, name, build, revision = 1, "Windows", 7601, 0

    monkeypatch.setattr(installation, "fitted", lambda recipe, *_: recipe)
    monkeypatch.setattr(installation, "read_medium", lambda _path: None)
    monkeypatch.setattr(installation, "choose_image", lambda *_: Chosen)
    monkeypatch.setattr(installation, "media_tree", lambda *_: {})
    monkeypatch.setattr(installation, "build_media", build)
    order = Order(
        recipe=recipe,
        edition=None,
        iso=tmp_path / "w.iso",
        virtio_iso=tmp_path / "v.iso",
        screenshots=tmp_path / "screenshots",
        deadline_s=1,
        build_id=BUILD_ID,
    )
    with pytest.raises(Killed):
        install(order, Host("private:lab", state), state, lambda _: None)
    directory = ImageStore(state).building(recipe.name, BUILD_ID)
    assert seen == [(BUILD_ID, str(directory), False)]
    assert read_intents(state.intents) == []
    assert not directory.exists()
