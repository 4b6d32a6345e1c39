"""A template as it lies on disk: its files, and the record that says what it was made of."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import Field, ValidationError

from harness.machines.disused import changed
from harness.machines.libvirt.image.seal import FileSeal
from harness.machines.libvirt.options import CloneMethod
from harness.model.base import Frozen

RECORD = "template.json"
USED = "used"
"""Empty file whose date is that of the template's last use."""
DISK, RAM, STATE = "disk.qcow2", "ram", "state"


class TemplateRecord(Frozen):
    """`template.json`: written last, so a directory without it is no template."""

    schema_version: int = 1
    key: str
    image_digest: str
    method: CloneMethod
    built: datetime
    build_s: float
    files: dict[str, FileSeal]
    image_disk: Path | None = Field(default=None, description="what the template's own disk stands on")
    uuid_places: dict[int, str] = Field(
        default_factory=dict,
        description="where its hardware UUID stands in what clones load, and in which form",
    )
    letter_places: dict[int, int] = Field(
        default_factory=dict,
        description="where in its RAM the pages for a letter are, and which; none: its clones are told by the agent",
    )
    made_for: dict[str, str] = Field(default_factory=dict, description="what its key was made of, for people")


@dataclass(frozen=True)
class Template:
    """A sealed template on disk."""

    directory: Path
    record: TemplateRecord

    @property
    def disk(self) -> Path:
        return self.directory / DISK

    @property
    def ram(self) -> Path:
        return self.directory / RAM

    @property
    def state(self) -> Path:
        return self.directory / STATE


def stored_template_records(storage: Path, image: str) -> list[tuple[Path, TemplateRecord]]:
    """Every finished template of that image, with its directory."""
    directories = sorted(path.parent for path in (storage / "templates" / image).glob(f"*/{RECORD}"))
    found = [(directory, read_record(directory)) for directory in directories]
    return [(directory, record) for directory, record in found if record is not None]


def read_record(directory: Path) -> TemplateRecord | None:
    """The record of the template in this directory; None if there is no whole one."""
    try:
        return TemplateRecord.model_validate_json((directory / RECORD).read_text())
    except (OSError, ValidationError):
        return None


def build_lock(directory: Path) -> Path:
    """The file that is locked while the template of this directory is made or removed."""
    return directory.with_suffix(".lock")


def last_use(directory: Path, record: TemplateRecord) -> datetime:
    """When a machine was last made of a template, or looked for it."""
    try:
        return changed(directory / USED)
    except OSError:
        return record.built
