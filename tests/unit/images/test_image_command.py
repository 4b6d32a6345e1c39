"""`bvt image` as a user meets it."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from harness.cli import image
from harness.cli.main import application
from harness.images import recipe as windows_recipe
from harness.machines.libvirt.image import recipe as image_recipe
from harness.machines.libvirt.image.manifest import Hardware, ImageManifest, WinRMEndpoint
from harness.machines.libvirt.image.seal import digest_files
from harness.machines.libvirt.image.store import ImageStore, StoredImage
from harness.machines.wine.tree_digest import digest_of_tree, seal_of_tree
from harness.model.substrate import GuestSystem
from harness.state import StateDirectory


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ImageStore:
    monkeypatch.setenv("BVT_HOME", str(tmp_path / "home"))
    return ImageStore(StateDirectory.default())


def stored(store: ImageStore, content: bytes, day: int) -> StoredImage:
    working = store.working_directory("win10-22h2")
    (working / "disk.qcow2").write_bytes(content)
    manifest = ImageManifest(
        name="win10-22h2",
        guest_system=GuestSystem.WINDOWS,
        recipe_digest="0" * 64,
        built=datetime(2024, 5, day, tzinfo=UTC),
        files=digest_files(working, ["disk.qcow2"]),
        hardware=Hardware(),
        winrm=WinRMEndpoint(port=5986, username="bvt", tls=True),
        facts={"build": "19045", "ubr": "4412"},
    )
    return store.admit(working, manifest)


def bvt(*arguments: str | Path) -> Result:
    return CliRunner().invoke(application([]), ["image", *map(str, arguments)])


def test_an_empty_store_says_how_to_fill_it(store: ImageStore) -> None:
    done = bvt("list")
    assert done.exit_code == 0
    assert "bvt image build" in done.output


def test_images_are_listed_newest_first(store: ImageStore) -> None:
    old, new = stored(store, b"a", 1), stored(store, b"b", 2)
    done = bvt("list")
    assert done.exit_code == 0
    assert done.output.index(new.manifest.digest[:16]) < done.output.index(old.manifest.digest[:16])
    assert "19045.4412" in done.output


def test_a_whole_image_verifies(store: ImageStore) -> None:
    stored(store, b"a", 1)
    done = bvt("verify")
    assert (done.exit_code, "whole" in done.output) == (0, True)


def test_a_changed_image_ends_with_2_and_a_clear_sentence(store: ImageStore) -> None:
    image = stored(store, b"a", 1)
    image.disk.write_bytes(b"b")
    done = bvt("verify", "win10-22h2")
    assert done.exit_code == 2
    assert "image 'win10-22h2' does not match its manifest: disk.qcow2 has SHA-256" in done.output


def test_pruning_keeps_the_newest(store: ImageStore) -> None:
    old, new = stored(store, b"a", 1), stored(store, b"b", 2)
    done = bvt("prune")
    assert (done.exit_code, "1 removed" in done.output) == (0, True)
    assert not old.directory.exists()
    assert new.directory.exists()
    assert "nothing to prune" in bvt("prune").output


def test_without_a_checkout_it_says_where_the_recipes_are(
    store: ImageStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for module in (image_recipe, windows_recipe, image):
        monkeypatch.setattr(module, "RECIPES", tmp_path / "nowhere")
    said = bvt("build", "server-2022").output
    assert "(known: wine)" in said
    assert "build from a checkout" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("build", "windows-95"), "there is no image recipe 'windows-95'"),
        (("build", "win10-22h2"), "needs a Windows installation medium"),
        (("build", "win7-sp1"), "the medium must contain KB4490628"),
        (("build", "win10-22h2", "--iso", "nowhere.iso"), "nowhere.iso: --iso: there is no such file"),
        (("build", "_windows"), "there is no image recipe '_windows'"),
        (("verify", "win10-22h2"), "no image 'win10-22h2' in the store"),
        (
            ("import", "mine", "nowhere.qcow2", "--manifest", "nowhere.yaml"),
            "nowhere.qcow2: there is no such file",
        ),
    ],
)
def test_a_wrong_command_ends_with_2_and_says_why(
    store: ImageStore, arguments: tuple[str, ...], said: str
) -> None:
    done = bvt(*arguments)
    assert done.exit_code == 2
    assert said in done.output


def test_the_wrong_medium_is_refused_before_anything_starts(store: ImageStore, tmp_path: Path) -> None:
    (tmp_path / "windows.iso").write_bytes(b"no Windows")
    (tmp_path / "virtio.iso").write_bytes(b"no drivers")
    done = bvt(
        *("build", "win10-22h2", "--iso", tmp_path / "windows.iso", "--virtio-iso", tmp_path / "virtio.iso"),
        *("--screenshots", tmp_path / "screens"),
    )
    assert done.exit_code == 2
    assert "--virtio-iso" in done.output
    assert not (tmp_path / "screens").exists()


def stored_tree(store: ImageStore, name: str, origin: str = "") -> Path:
    """A root image, or a prefix, as its builder leaves it."""
    home = store.root / name / f"{len(list(store.root.glob('*/*')))}"
    tree = home / ("root" if name == "wine-root" else "prefix")
    (tree / "usr").mkdir(parents=True)
    (tree / "usr" / "wine").write_bytes(b"a program")
    manifest = {"seal": seal_of_tree(tree), "wine_version": "wine-10.0", "digest": digest_of_tree(tree)}
    if origin:
        manifest |= {"digest": "d" * 64, "content": digest_of_tree(tree), "origin": origin}
    (home / "manifest.json").write_text(json.dumps(manifest))
    return tree


def test_what_wine_machines_stand_on_is_listed_too(store: ImageStore) -> None:
    stored_tree(store, "wine-root")
    stored_tree(store, "wine", "root image 0123456789abcdef")
    stored_tree(store, "wine", "the host's own")
    image = stored(store, b"a", 1)
    done = bvt("list")
    assert done.exit_code == 0
    for said in (
        "Wine root",
        "Wine prefix",
        "root image 0123456789abcdef",
        "dddddddddddddddd",
        "the host's own",
    ):
        assert said in done.output
    assert image.manifest.digest[:16] in done.output
    assert "older" not in done.output  # the host's Wine and the image's are two
    only = bvt("list", "wine-root").output
    assert ("Wine root" in only, "Wine prefix" in only, "disk" in only) == (True, False, False)


@pytest.mark.parametrize("name", ["wine-root", "wine"])
def test_a_tree_that_is_not_what_was_recorded_ends_with_2(store: ImageStore, name: str) -> None:
    tree = stored_tree(store, name, "" if name == "wine-root" else "the host's own")
    stored(store, b"a", 1)
    done = bvt("verify")
    assert (done.exit_code, done.output.count("whole")) == (0, 2)
    program = tree / "usr" / "wine"
    was = program.stat()
    program.write_bytes(b"A PROGRAM")
    os.utime(program, ns=(was.st_atime_ns, was.st_mtime_ns))  # as the quick seal cannot see it
    done = bvt("verify")
    assert (done.exit_code, done.output.count("whole")) == (2, 1)
    assert "does not hold what it held" in done.output
    (tree / "more").touch()
    assert "was changed after it was sealed" in bvt("verify", name).output


def test_a_prefix_whose_content_was_not_recorded_is_not_called_whole(store: ImageStore) -> None:
    path = stored_tree(store, "wine", "the host's own").parent / "manifest.json"
    said = json.loads(path.read_text())
    del said["content"]
    path.write_text(json.dumps(said))
    done = bvt("verify", "wine")
    assert (done.exit_code, "whole" in done.output) == (0, False)
    assert "did not record its content" in done.output


def test_images_of_wine_machines_are_left_to_clean(store: ImageStore) -> None:
    stored_tree(store, "wine-root")
    done = bvt("prune", "wine-root")
    assert (done.exit_code, "bvt clean" in done.output) == (2, True)
    assert "nothing to prune" in bvt("prune").output
    assert "no image 'wine' in the store" in bvt("verify", "wine").output
