"""`bvt image`: build, import, list, verify and prune images, of pool lab and of Wine machines."""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.ending import ends
from harness.cli.image_record import record_
from harness.cli.image_shelf import list_, prune, verify
from harness.files import named_file
from harness.images import shelf
from harness.images.recipe import load_windows, windows_recipes
from harness.machines.libvirt import lacking
from harness.machines.libvirt.image.recipe import RECIPES, where_recipes_are
from harness.machines.libvirt.image.store import ImageStore
from harness.machines.libvirt.image.wine_guest import NAME as WINE_GUEST
from harness.machines.libvirt.image.wine_guest import ensure_wine_guest
from harness.machines.wine.compiler import COMPILER
from harness.machines.wine.root_image import ensure_root
from harness.machines.wine.template import IMAGE_NAME as WINE
from harness.machines.wine.template import ensure_template
from harness.model.errors import ConfigurationError
from harness.state import StateDirectory

VIRTIO_PLACES = (
    Path("/usr/share/virtio-win/virtio-win.iso"),  # where distributions' virtio-win packages put it
    Path("/usr/share/virtio/virtio-win.iso"),
)
DEFAULT_HOST = "private:lab"
DEFAULT_DEADLINE_MIN = 180.0

NameArgument = Annotated[str, typer.Argument(help="Image: a folder under vm_images/.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        name="image",
        help="Images of machines: build, import, list, verify, prune, record.",
        no_args_is_help=True,
    )
    group.command("build")(ends(build))
    group.command("import")(ends(import_))
    group.command("list")(ends(list_))
    group.command("verify")(ends(verify))
    group.command("prune")(ends(prune))
    group.command("record")(ends(record_))
    app.add_typer(group)


def build(
    name: NameArgument,
    iso: Annotated[
        Path | None, typer.Option("--iso", help="Windows installation medium.", show_default=False)
    ] = None,
    virtio_iso: Annotated[
        Path | None,
        typer.Option("--virtio-iso", help="virtio-win ISO.", show_default="where the distribution puts it"),
    ] = None,
    edition: Annotated[
        str | None, typer.Option("--edition", help="Edition of the recipe.", show_default="the recipe's")
    ] = None,
    host: Annotated[str, typer.Option("--host", help="Local libvirt URI.")] = DEFAULT_HOST,
    deadline: Annotated[
        float, typer.Option("--deadline", min=0.01, help="Minutes until the installation must have ended.")
    ] = DEFAULT_DEADLINE_MIN,
    screenshots: Annotated[
        Path | None,
        typer.Option(
            "--screenshots", help="Where to save the screen as it changes.", show_default="a new folder"
        ),
    ] = None,
    memory_mb: Annotated[
        int | None, typer.Option("--memory", min=1024, help="MiB.", show_default="the recipe's")
    ] = None,
    cpus: Annotated[int | None, typer.Option("--cpus", min=1, show_default="the recipe's")] = None,
) -> None:
    """Install Windows unattended from its medium, seal the disk and store it as an image."""
    state = StateDirectory.default()
    if name == WINE_GUEST:
        image = ensure_wine_guest(ImageStore(state), typer.echo)
        typer.echo(f"{name} {image.manifest.digest[:16]}: {image.directory}")
        return
    if name == WINE:
        root = ensure_root(state, typer.echo)
        if shutil.which(COMPILER) is None:  # not yet: ./dev gate installs it meanwhile
            typer.echo(
                f"{name}: root image {root.digest[:16]}, {root.directory}; its prefix is made at first use"
            )
            return
        template = ensure_template(state, root.wine(), typer.echo)
        typer.echo(f"{name} {template.digest[:16]}: {template.info().detail}, {root.directory}")
        return
    if name not in windows_recipes():
        known = ", ".join([WINE, *([WINE_GUEST] if RECIPES.is_dir() else []), *windows_recipes()])
        raise ConfigurationError(
            f"there is no image recipe '{name}' (known: {known}).", hint=where_recipes_are()
        )
    try:  # here, because Wine machines do without libvirt
        from harness.images.installation import install
        from harness.images.running import Order
        from harness.machines.libvirt.host.host import Host
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("libvirt"):
            raise lacking() from error
        raise
    recipe = load_windows(name)
    for needed in recipe.needs_on_medium:
        typer.echo(f"{name}: the medium must contain {needed}")
    if iso is None:
        raise ConfigurationError(
            f"building {name} needs a Windows installation medium.",
            key="--iso",
            hint="See vm_images/README.md.",
        )
    named_file(iso, "--iso")
    order = Order(
        recipe=recipe,
        edition=edition,
        iso=iso,
        virtio_iso=virtio_iso or _virtio_iso(),
        screenshots=screenshots or _screenshots(state, name),
        deadline_s=deadline * 60,
        memory_mb=memory_mb,
        cpus=cpus,
    )
    connection = Host(host, state)
    try:
        image = install(order, connection, state, typer.echo)
    finally:
        connection.close()
    typer.echo(f"{name} {image.manifest.digest[:16]}: {image.directory}")


def import_(
    name: NameArgument,
    disk: Annotated[Path, typer.Argument(help="qcow2, vhdx, vhd, vmdk or raw disk.", show_default=False)],
    manifest: Annotated[
        Path,
        typer.Option(
            "--manifest", help="manifest.json of another store, or a description (YAML).", show_default=False
        ),
    ],
    certificate: Annotated[
        Path | None,
        typer.Option("--certificate", help="PEM certificate of the image's WinRM.", show_default=False),
    ] = None,
) -> None:
    """Import a disk that was made elsewhere. It must have the QEMU guest agent and the account that it names."""
    store = ImageStore(StateDirectory.default())
    image = shelf.import_image(store, name, disk, manifest, certificate, typer.echo)
    typer.echo(f"{name} {image.manifest.digest[:16]}: {image.directory}")


def _virtio_iso() -> Path:
    for path in VIRTIO_PLACES:
        if path.is_file():
            return path
    raise ConfigurationError(
        "no virtio-win ISO was given, and none is installed.",
        key="--virtio-iso",
        hint="Windows needs its drivers and the guest agent. See vm_images/README.md.",
    )


def _screenshots(state: StateDirectory, name: str) -> Path:
    return state.part("image-builds", f"{name}-{datetime.now(UTC):%Y%m%dT%H%M%S}")
