"""Where earlier releases come from: command line, file, folder, command; and what is said of one that is not there."""

import struct
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from harness.candidate.read import read_candidate
from harness.config.load import load_profile
from harness.model.candidate import Candidate, InstallerKind, Signature
from harness.model.errors import ConfigurationError
from harness.model.profile import AgentProfile
from harness.model.release import ReleaseName, ReleaseSource
from harness.planning import releases
from harness.planning.releases import Releases, find_releases, home, numbers

PREVIOUS = ReleaseName.PREVIOUS
SHIPPED = Path(__file__).parents[3] / "agents" / "reference.yaml"
CODE = "{6F0C2D0E-4A34-4C55-9D8B-2B5B8E1F7A10}"


def installer(path: Path, version: str, code: str = CODE) -> Candidate:
    return Candidate(
        path=path,
        sha256=f"{abs(hash(str(path))):064x}"[:64],
        size=1,
        kind=InstallerKind.MSI,
        version=version,
        product_name="Agent",
        upgrade_code=code,
        signature=Signature(present=False),
    )


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files whose name is their version, and `other-1.0.msi` of another product."""

    def read(path: Path, _: AgentProfile) -> Candidate:
        if not path.exists():
            raise ConfigurationError("there is no such file.", file=str(path))
        name = path.stem.removeprefix("agent-")
        return installer(path, name.removeprefix("other-"), "{0}" if name.startswith("other-") else CODE)

    monkeypatch.setattr(releases, "read_candidate", read)
    for name in ("agent-1.9.0", "agent-1.10.0", "agent-2.0.0", "agent-2.1.0", "other-1.0.0"):
        (tmp_path / f"{name}.msi").touch()
    return tmp_path


def find(
    place: Path, source: Mapping[str, object] | None = None, given: str = "", name: ReleaseName = PREVIOUS
) -> Releases:
    profile, _ = load_profile(str(SHIPPED))
    sources = {name: ReleaseSource.model_validate(source)} if source is not None else {}
    return find_releases(
        [name],
        {name: place / given} if given else {},
        profile.model_copy(update={"releases": sources}),
        place / "profile.yaml",
        installer(place / "agent-2.0.0.msi", "2.0.0"),
    )


def test_a_folder_gives_the_newest_older_release_and_the_oldest(place: Path) -> None:
    source = {"directory": ".", "pattern": "agent-*.msi"}
    assert find(place, source).found[PREVIOUS].version == "1.10.0"
    oldest = ReleaseName.OLDEST
    assert find(place, source, name=oldest).found[oldest].version == "1.9.0"


def test_the_command_line_comes_before_the_profile(place: Path) -> None:
    found = find(place, {"path": "agent-1.10.0.msi"}, given="agent-1.9.0.msi").found
    assert found[PREVIOUS].version == "1.9.0"


def test_a_command_names_the_file_in_its_last_line(place: Path) -> None:
    command = ["{python}", "-c", "print('fetching'); print('agent-1.9.0.msi')"]
    assert find(place, {"command": command}).found[PREVIOUS].path == place / "agent-1.9.0.msi"
    assert sys.executable


def test_a_release_that_nobody_names_is_missing_with_the_way_to_name_it(place: Path) -> None:
    assert find(place).missing == {PREVIOUS: "give --previous FILE, or releases.previous in the profile"}


def test_a_folder_without_an_older_release_is_missing_and_no_mistake(place: Path) -> None:
    found = find(place, {"directory": ".", "pattern": "agent-2*.msi"})
    assert found.missing == {PREVIOUS: ". holds no agent-2*.msi that is older than 2.0.0"}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("agent-2.0.0.msi", "is the candidate itself"),
        ("agent-2.1.0.msi", "version 2.1.0, which is not older than the candidate's 2.0.0"),
        ("other-1.0.0.msi", "takes them for different products"),
        ("none.msi", "there is no such file"),
    ],
)
def test_a_file_that_the_candidate_cannot_upgrade_is_refused(place: Path, given: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        find(place, given=given)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["{python}", "-c", "raise SystemExit('no network')"], "ended with 1 and names no file: no network"),
        (["{python}", "-c", "pass"], "it printed nothing"),
        (["no-such-program-here"], "cannot be run"),
    ],
)
def test_a_command_that_fails_is_said_with_its_key(place: Path, command: list[str], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as caught:
        find(place, {"command": command})
    assert caught.value.key == "releases.previous.command"


def test_a_command_may_print_what_is_no_text(place: Path) -> None:
    command = [sys.executable, "-c", "import sys; sys.stdout.buffer.write(b'\\xff\\n'); sys.exit(3)"]
    with pytest.raises(
        ConfigurationError, match=r"ended with 3 .* Run it by hand, or give --previous FILE\."
    ):
        find(place, {"command": command})


def test_a_file_that_is_given_by_mistake_is_said_though_no_cell_needs_it(place: Path) -> None:
    profile, _ = load_profile(str(SHIPPED))
    candidate = installer(place / "agent.msi", "2.0.0")
    with pytest.raises(ConfigurationError, match="there is no such file"):
        find_releases([], {PREVIOUS: place / "missing.msi"}, profile, place / "profile.yaml", candidate)


@pytest.mark.parametrize("pattern", ["/agent-*.msi", "**", "a**b.msi", "*/agent-1.9.0.msi"])
def test_a_pattern_is_of_file_names_and_anything_else_finds_nothing_or_a_file(
    place: Path, pattern: str
) -> None:
    (place / "folder").mkdir()
    try:
        found = find(place, {"directory": ".", "pattern": pattern})
    except ConfigurationError:
        return  # `**` finds files that are no earlier release
    assert PREVIOUS in {**found.found, **found.missing}


def test_relative_paths_start_where_the_folder_of_profiles_lies() -> None:
    assert home(Path("/team/agents/x.yaml")) == Path("/team")
    assert home(Path("/elsewhere/x.yaml")) == Path("/elsewhere")


def test_versions_are_compared_by_their_numbers() -> None:
    assert numbers("1.10") > numbers("1.9.9")
    assert numbers("1.2.3.4") > numbers("1.2.3.3") > numbers("1.2.3")


def test_a_release_that_differs_in_the_fourth_field_alone_is_an_earlier_one(place: Path) -> None:
    """Windows Installer compares three fields; a package may take in its own version, or be a minor upgrade."""
    (place / "agent-2.0.0.1.msi").touch()
    profile, _ = load_profile(str(SHIPPED))
    candidate = installer(place / "agent-2.0.0.2.msi", "2.0.0.2")
    given = {PREVIOUS: place / "agent-2.0.0.1.msi"}
    found = find_releases([PREVIOUS], given, profile, place / "profile.yaml", candidate)
    assert found.found[PREVIOUS].version == "2.0.0.1"


def exe(path: Path, *, resource: tuple[int, int, int, int] | None = None) -> Path:
    """A program of no use, with the numbers of a version resource if any are given."""
    head = bytearray(b"MZ" + bytes(62))
    head[0x3C] = 0x40
    body = b"PE\0\0" + bytes(400)
    if resource:
        first, second, third, fourth = resource
        fixed = struct.pack(
            "<8I", 0xFEEF04BD, 0x10000, 0, 0, first << 16 | second, third << 16 | fourth, 0, 0
        )
        body += fixed
    path.write_bytes(bytes(head) + body)
    return path


@pytest.mark.parametrize(
    ("candidate", "previous", "name", "version"),
    [
        # The candidate's resource says what the profile declares, so the earlier one's is believed, too.
        ((2, 0, 0, 0), (1, 9, 0, 0), "setup.exe", "1.9.0.0"),
        # It is the set-up tool's own: the file's name says more.
        ((6, 2, 0, 0), (6, 2, 0, 0), "agent_setup-1.9.exe", "1.9"),
        (None, None, "agent-v1.9.1.exe", "1.9.1"),
        (None, None, "setup.exe", "unknown"),
    ],
)
def test_an_exe_that_is_an_earlier_release_has_a_version_of_its_own(
    candidate: tuple[int, int, int, int] | None,
    previous: tuple[int, int, int, int] | None,
    name: str,
    version: str,
    tmp_path: Path,
) -> None:
    """The profile's declared version is the candidate's; every EXE was refused as not older than itself."""
    (tmp_path / "old").mkdir()
    given = exe(tmp_path / "old" / name, resource=previous)
    given.write_bytes(given.read_bytes() + b"another file")
    new = exe(tmp_path / "setup.exe", resource=candidate)
    document = {
        "name": "agent",
        "title": "Agent",
        "status": "exercised",
        "product_name": "Agent {version}",
        "install_dir": "C:\\Program Files\\Agent",
        "installer": {
            "kind": "exe",
            "declared_version": "2.0",
            "install_arguments": ["/S"],
            "uninstall_command": ["C:\\Program Files\\Agent\\uninst.exe"],
        },
    }
    profile = AgentProfile.model_validate(document)
    read = read_candidate(new, profile)
    assert read.product_name == "Agent 2.0"
    found = find_releases([PREVIOUS], {PREVIOUS: given}, profile, tmp_path / "agent.yaml", read)
    assert found.found[PREVIOUS].version == version
