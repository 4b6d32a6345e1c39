"""`bvt image list`, `verify` and `prune`: what is stored, of pool lab and of Wine machines."""

from typing import Annotated

import typer
from rich.table import Table

from harness.cli.output import Output
from harness.images import shelf
from harness.images.wine_shelf import KINDS, WineEntry, verify_wine, wine_entries
from harness.machines.libvirt.image.store import ImageStore
from harness.model.errors import ConfigurationError
from harness.state import StateDirectory

NameFilter = Annotated[str | None, typer.Argument(help="Only this image.", show_default=False)]
GIB = 1024**3


def list_(name: NameFilter = None) -> None:
    """List the stored images: those of pool lab, and what Wine machines stand on."""
    table = Table(box=None, header_style="dim")
    for column in ("image", "kind", "digest", "built", "build", "size", "used by"):
        table.add_column(column, justify="right" if column == "size" else "left", no_wrap=column != "used by")
    disks, trees = _found(name)
    for entry in disks:
        manifest = entry.image.manifest
        table.add_row(
            _shown(manifest.name, newest=entry.newest),
            "disk",
            manifest.digest[:16],
            f"{manifest.built:%Y-%m-%d %H:%M}",
            ".".join(filter(None, (manifest.facts.get("build"), manifest.facts.get("ubr")))) or "–",
            f"{entry.size / GIB:.1f} GiB",
            ", ".join(entry.used_by) or "–",
        )
    for tree in trees:
        table.add_row(
            _shown(tree.name, newest=tree.newest),
            tree.kind,
            tree.digest[:16],
            f"{tree.built:%Y-%m-%d %H:%M}",
            tree.wine + (f", of {tree.origin}" if tree.origin else ""),
            f"{tree.size / GIB:.1f} GiB",
            "–",  # `bvt clean` knows: no intent names the tree that a machine stands on
        )
    if table.row_count:
        Output(width=140).print(table)
    else:
        typer.echo("no images yet; build one with: bvt image build NAME --iso FILE (vm_images/README.md)")


def verify(name: NameFilter = None) -> None:
    """Read every byte of the stored images and compare with what was recorded. Exit code 2 if one does not match."""
    disks, trees = _found(name)
    broken = []
    try:
        shelf.verify(disks, typer.echo)
    except ConfigurationError as error:
        broken.append(str(error))
    try:
        verify_wine(trees, typer.echo)
    except ConfigurationError as error:
        broken.append(str(error))
    if broken:
        raise ConfigurationError(" ".join(broken))
    if not disks and not trees:
        typer.echo("no images to verify")


def prune(name: NameFilter = None) -> None:
    """Remove images that are neither the newest of their name nor used by a machine. Those of Wine: bvt clean."""
    if name in KINDS:
        raise ConfigurationError(f"images of Wine machines, such as '{name}', are removed by bvt clean.")
    removed = shelf.prune(shelf.entries(ImageStore(StateDirectory.default()), name), typer.echo)
    typer.echo(f"{removed} removed" if removed else "nothing to prune")


def _found(name: str | None) -> tuple[list[shelf.Entry], list[WineEntry]]:
    """The stored images of that name, or all. Raises `ConfigurationError` if there is none of that name."""
    state = StateDirectory.default()
    store, trees = ImageStore(state), wine_entries(state, name)
    if name is None:
        return shelf.entries(store), trees
    if name not in KINDS:
        return shelf.entries(store, name), trees
    if not trees:
        raise ConfigurationError(
            f"there is no image '{name}' in the store.",
            hint="It is built at its first use: bvt image build wine.",
        )
    return [], trees


def _shown(name: str, *, newest: bool) -> str:
    return name if newest else f"  older {name}"
