"""Noise with names drawn by chance is recognised on another machine; what hides among it is not."""

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.residue.attribution import attribute
from harness.residue.change import Change, Kind, Where
from harness.residue.noise_pattern import learn
from tests.unit.cell.stand_ins import PROFILE

FILES, VALUES = 500, 200
FOLDER = "C:\\ProgramData2\\Telemetry"
KEY = "HKLM\\Software\\Telemetry\\Cache"


def file(path: str, size: int = 300, kind: Kind = Kind.ADDED, owner: str = "") -> Change:
    return Change(kind=kind, where=Where.FILE, path=path, size=size, sha256="a" * 64, owner=owner)


def value(name: str, path: str = KEY, kind: Kind = Kind.ADDED) -> Change:
    return Change(kind=kind, where=Where.REGISTRY, path=path, value=name)


FORMS: dict[str, Callable[[random.Random], str]] = {
    "hex": lambda draw: f"trace-{draw.getrandbits(32):08x}.etl",
    "number": lambda draw: f"run_{draw.randrange(10**6)}.log",
    "guid": lambda draw: "-".join(f"{draw.getrandbits(4 * n):0{n}x}" for n in (8, 4, 4, 4, 12)) + ".tmp",
    "mixed": lambda draw: "".join(draw.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=10)) + ".dat",
    "word before": lambda draw: f"msi{draw.getrandbits(16):04x}.tmp",
    "two parts": lambda draw: f"{draw.randrange(10**9):09}\\blob-{draw.getrandbits(48):012x}",
}


def machine(seed: int, count: int = FILES) -> list[Change]:
    """What the generator writes on one machine: files of all forms, values of one."""
    draw = random.Random(seed)
    forms = list(FORMS.values())
    files = [file(f"{FOLDER}\\{forms[n % len(forms)](draw)}", draw.randint(100, 900)) for n in range(count)]
    return files + [value(f"entry-{draw.getrandbits(40):010x}") for _ in range(count * VALUES // FILES)]


LEFT = [
    file(f"{FOLDER}\\agent.log"),
    file(f"{FOLDER}\\trace-8f3a2b.etl"),
    file(f"{FOLDER}\\trace-8f3a2b11.log"),
    file(f"{FOLDER}\\trace-8f3a2b1z.etl"),
    file(f"{FOLDER}\\trace-8f3a2b12.etl", size=50_000),
    file(f"{FOLDER}\\trace-8f3a2b13.exe"),
    file(f"{FOLDER}\\trace-8f3a2b14.etl", kind=Kind.CHANGED),
    file(f"{FOLDER}\\trace-8f3a2b15.etl", kind=Kind.REMOVED),
    file(f"{FOLDER}2\\trace-8f3a2b16.etl"),
    file(f"{FOLDER}\\below\\trace-8f3a2b17.etl"),
    file(f"{FOLDER}\\trace-8f3a2b18.etl", owner="S-1-5-18"),
    value("agent"),
    value("entry-0011223344", f"{KEY}\\Other"),
    value("entry-00112233"),
    value("entry-0011223344", kind=Kind.REMOVED),
    value("entry-0011223344", kind=Kind.CHANGED),
]
"""What a candidate leaves among it, as like to it as may be."""


@pytest.mark.parametrize("seed", range(3))
def test_precision_and_recall_are_whole_with_the_sham_run(seed: int) -> None:
    here, sham = machine(seed), machine(seed + 100, count=60)
    with_sham = attribute([*here, *LEFT], PROFILE, noise=sham)
    assert with_sham.candidate == LEFT
    assert len(with_sham.noise) == FILES + VALUES
    without = attribute([*here, *LEFT], PROFILE)
    assert len(without.candidate) == FILES + VALUES + len(LEFT)  # precision 2 %


@given(st.integers(0, 10**6), st.sampled_from(sorted(FORMS)), st.integers(30, 60))
@settings(max_examples=25, deadline=None)
def test_any_form_is_learnt_on_one_machine_and_known_on_another(seed: int, form: str, count: int) -> None:
    draw, name = random.Random(seed), FORMS[form]
    patterns = learn(file(f"{FOLDER}\\{name(draw)}") for _ in range(count))
    assert all(any(each.covers(file(f"{FOLDER}\\{name(draw)}")) for each in patterns) for _ in range(count))


def test_words_make_no_pattern_and_two_names_do_not_either() -> None:
    words = [file(f"{FOLDER}\\{word}.log") for word in ("install", "update", "service", "facade", "decade")]
    assert learn(words) == []
    assert learn([file(f"{FOLDER}\\trace-8f3a2b1{n}.etl") for n in range(2)]) == []


@pytest.mark.parametrize(
    "place",
    [
        "HKLM\\System\\CurrentControlSet\\Services",
        "HKLM\\Software\\Microsoft\\Windows\\CurrentVersion\\Run",
        "HKLM\\Software\\Classes\\CLSID",
        "HKCU\\Software\\Policies\\Vendor",
        "HKLM\\Software\\Microsoft\\SystemCertificates\\ROOT\\Certificates",
    ],
)
def test_places_that_decide_over_other_programs_have_no_patterns(place: str) -> None:
    draw = random.Random(1)
    noise = [value(f"{draw.getrandbits(64):016x}", place) for _ in range(50)]
    assert learn(noise) == []
    assert attribute(noise, PROFILE, noise=noise).candidate == []  # by its very name it still counts as noise


def test_noise_of_programs_is_known_by_its_very_name_alone() -> None:
    draw = random.Random(2)
    assert learn(file(f"{FOLDER}\\{draw.getrandbits(32):08x}.exe") for _ in range(50)) == []
