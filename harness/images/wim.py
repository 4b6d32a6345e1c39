"""What a Windows installation medium holds: the images in its install.wim, and their build.

Windows media are UDF, which nothing installed here reads. But WIM files lie in one piece, begin at a sector, and end
with a table of contents in XML (Microsoft, "Windows Imaging File Format (WIM) Specification"): so the medium is read
once from end to end, for its digest and for these tables.
"""

import hashlib
import struct
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from harness.model.base import Frozen
from harness.model.errors import ConfigurationError

MAGIC = b"MSWIM\0\0\0"
HEADER_SIZE = 208
SECTOR = 2048
BLOCK = 4 << 20
LARGEST_XML = 4 << 20
_XML_RESOURCE = struct.Struct("<QQQ")  # size (7 bytes) with flags (1 byte), offset, original size
_XML_RESOURCE_AT = 72


class WimImage(Frozen):
    """One image of a WIM file."""

    index: int
    name: str
    display_name: str = ""
    edition: str = ""
    installation: str = ""
    build: int = 0
    revision: int = 0
    architecture: str = ""

    @property
    def core(self) -> bool:
        """True for a server without a desktop; its edition is that of the server with one."""
        return self.installation.lower() == "server core"

    @property
    def evaluation(self) -> bool:
        """True for an image that runs for a while and takes no key (`ServerStandardEval`, `EnterpriseEval`)."""
        return self.edition.lower().endswith("eval")


class Medium(Frozen):
    """An installation medium."""

    sha256: str
    size: int
    images: tuple[WimImage, ...]


def read_medium(path: Path, report: Callable[[float], None] = lambda _: None) -> Medium:
    """Digest and images of an ISO; `report` is told the part read so far. Raises `ConfigurationError`."""
    digest, offsets = hashlib.sha256(), []
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            at = 0
            while block := file.read(BLOCK):
                digest.update(block)
                offsets += [at + place for place in _magics(block)]
                at += len(block)
                report(at / max(1, size))
            images = [image for offset in offsets for image in images_at(file, offset)]
    except OSError as error:
        raise ConfigurationError(f"cannot be read ({error.strerror}).", file=str(path)) from error
    return Medium(sha256=digest.hexdigest(), size=size, images=tuple(images))


def _magics(block: bytes) -> list[int]:
    """Where in a block (a whole number of sectors from the medium's start) sectors begin like a WIM file."""
    places, place = [], block.find(MAGIC)
    while place >= 0:
        if place % SECTOR == 0:
            places.append(place)
        place = block.find(MAGIC, place + 1)
    return places


def images_at(file: BinaryIO, offset: int) -> list[WimImage]:
    """The images of the WIM file that begins at `offset`; empty if its table of contents is not readable."""
    file.seek(offset)
    header = file.read(HEADER_SIZE)
    if len(header) < HEADER_SIZE or not header.startswith(MAGIC):
        return []
    packed, start, _ = _XML_RESOURCE.unpack_from(header, _XML_RESOURCE_AT)
    size = packed & ((1 << 56) - 1)
    if not 0 < size <= LARGEST_XML or start >= 1 << 48:
        return []
    file.seek(offset + start)
    return parse_contents(file.read(size))


def parse_contents(data: bytes) -> list[WimImage]:
    """The table of contents: UTF-16 XML. Empty if it is not one."""
    try:
        root = ElementTree.fromstring(data.decode("utf-16").lstrip("\ufeff"))
    except (UnicodeDecodeError, ElementTree.ParseError, DefusedXmlException, ValueError):
        return []
    found = []
    for image in root.iter("IMAGE"):
        index = image.get("INDEX", "")
        if not (index.isascii() and index.isdigit() and len(index) < 6):
            continue
        found.append(
            WimImage(
                index=int(index),
                name=image.findtext("NAME", ""),
                display_name=image.findtext("DISPLAYNAME", ""),
                edition=image.findtext("WINDOWS/EDITIONID", ""),
                installation=image.findtext("WINDOWS/INSTALLATIONTYPE", ""),
                build=_number(image.findtext("WINDOWS/VERSION/BUILD", "")),
                revision=_number(image.findtext("WINDOWS/VERSION/SPBUILD", "")),
                architecture={"9": "amd64", "0": "x86", "12": "arm64"}.get(
                    image.findtext("WINDOWS/ARCH", ""), ""
                ),
            )
        )
    return found


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
