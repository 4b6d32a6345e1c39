import hashlib
import io
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.images.choice import choose_image
from harness.images.wim import HEADER_SIZE, MAGIC, images_at, parse_contents, read_medium
from harness.model.errors import ConfigurationError
from tests.integration.images.dummy_media import wim
from tests.unit.images.samples import recipe

PRO = ("Windows 10 Pro", 19045)
WIN10 = recipe("win10-22h2")


@pytest.fixture
def medium(tmp_path: Path) -> Path:
    path = tmp_path / "windows.iso"
    path.write_bytes(
        b"\0" * 4096
        + b"x"
        + MAGIC
        + b"\0" * 2039
        + wim([(*PRO, "Professional"), ("Windows 10 Home", 19045, "Core")])
    )
    return path


def test_the_images_of_a_medium_are_found(medium: Path) -> None:
    found = read_medium(medium)
    assert [(image.index, image.name, image.build) for image in found.images] == [
        (1, *PRO),
        (2, "Windows 10 Home", 19045),
    ]
    assert found.sha256 == hashlib.sha256(medium.read_bytes()).hexdigest()
    assert choose_image(found, WIN10, WIN10.edition("pro"), medium).architecture == "amd64"


def test_a_missing_edition_is_refused_with_what_there_is(medium: Path) -> None:
    with pytest.raises(
        ConfigurationError, match=r"no image 'Windows 10 Enterprise'.*2 Windows 10 Home \(build 19045.0\)"
    ):
        choose_image(read_medium(medium), WIN10, WIN10.edition("enterprise"), medium)


def test_a_medium_without_windows_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "any.iso"
    path.write_bytes(b"\0" * 5000)
    with pytest.raises(ConfigurationError, match="no Windows image at all"):
        choose_image(read_medium(path), WIN10, WIN10.edition("pro"), path)


def test_all_that_a_choice_needs_is_read_from_the_table() -> None:
    image = (
        "<IMAGE INDEX='2'><NAME>N</NAME><DISPLAYNAME>D</DISPLAYNAME><WINDOWS><ARCH>9</ARCH><EDITIONID>E</EDITIONID>"
        "<INSTALLATIONTYPE>Server Core</INSTALLATIONTYPE><VERSION><BUILD>19041</BUILD><SPBUILD>2965</SPBUILD></VERSION>"
        "</WINDOWS></IMAGE>"
    )
    (found,) = parse_contents(f"<WIM>{image}</WIM>".encode("utf-16"))
    assert (found.name, found.display_name, found.edition, found.build, found.revision, found.core) == (
        "N",
        "D",
        "E",
        19041,
        2965,
        True,
    )


def test_a_medium_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_medium(tmp_path / "nowhere.iso")


def test_external_entities_are_not_followed() -> None:
    text = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><WIM><IMAGE INDEX="1"><NAME>&e;</NAME></IMAGE></WIM>'
    assert parse_contents(text.encode("utf-16")) == []


@given(st.binary(max_size=400))
def test_no_bytes_are_taken_for_a_table_of_contents(data: bytes) -> None:
    assert parse_contents(data) == []


@given(st.binary(min_size=HEADER_SIZE, max_size=HEADER_SIZE + 50))
def test_a_header_alone_leads_to_no_images(data: bytes) -> None:
    assert images_at(io.BytesIO(MAGIC + data), 0) == []


SMALL_NUMBER = re.compile("[0-9]{1,5}")


@given(st.text(max_size=60) | st.from_regex(SMALL_NUMBER, fullmatch=True))
def test_any_number_in_the_table_is_read_or_refused(text: str) -> None:
    safe = "".join(c for c in text if c.isprintable() and c not in '<>&"')
    found = parse_contents(
        f'<WIM><IMAGE INDEX="{safe}"><WINDOWS><VERSION><BUILD>{safe}</BUILD></VERSION></WINDOWS></IMAGE></WIM>'.encode(
            "utf-16"
        )
    )
    assert [image.index for image in found] == ([int(safe)] if SMALL_NUMBER.fullmatch(safe) else [])
