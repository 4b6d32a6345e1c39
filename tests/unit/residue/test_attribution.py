"""Whose a change is. Only what nobody answers for is held against the candidate."""

import time
from pathlib import Path

import pytest

from harness.model.profile.places import Keep
from harness.residue import left_by_wine
from harness.residue.attribution import attribute, foreign
from harness.residue.change import Change, Kind, Where
from harness.residue.noise import STALE_S, Noise, cached, keep
from tests.unit.cell.stand_ins import PROFILE

WHY = "it is the customer's, and outlives the product"


def file(path: str, kind: Kind = Kind.ADDED) -> Change:
    return Change(kind=kind, where=Where.FILE, path=path)


def value(path: str, name: str | None = "Name", kind: Kind = Kind.ADDED) -> Change:
    return Change(kind=kind, where=Where.REGISTRY, path=path, value=name)


@pytest.mark.parametrize(
    "change",
    [
        file("C:\\windows\\system32\\left.dll"),
        file("C:\\windows\\system32\\drivers\\etc\\hosts", Kind.CHANGED),
        file("C:\\windows\\notepad.exe", Kind.REMOVED),
        file("C:\\windows\\temp\\clean.cmd"),
        file("C:\\ProgramData\\other\\theirs.ini", Kind.CHANGED),
        value("HKLM\\Software\\Microsoft\\SystemCertificates\\ROOT\\Certificates\\00", "Blob"),
        value("HKLM\\System\\CurrentControlSet\\Services\\Winmgmt", "Start", Kind.CHANGED),
    ],
    ids=lambda change: change.name,
)
def test_what_nobody_answers_for_is_the_candidates(change: Change) -> None:
    assert attribute([change], PROFILE).candidate == [change]


@pytest.mark.parametrize(
    "change",
    [
        file(f"{PROFILE.install_dir}\\agent.exe"),
        file("C:\\bvt-sentinel\\keep.txt", Kind.REMOVED),
        file("C:\\windows\\temp\\bvt-exit-1108baa1.json"),
        file("C:\\windows\\temp\\bvt-0123456789ab.reg"),
        file("C:\\Program Files\\Elsewhere\\a.txt"),
        value("HKLM\\System\\CurrentControlSet\\Control\\Session Manager\\Environment", "PATH", Kind.CHANGED),
    ],
    ids=lambda change: change.name,
)
def test_what_other_checks_look_at_is_not_told_twice(change: Change) -> None:
    assert attribute([change], PROFILE).candidate == []


def test_a_name_that_looks_like_the_harness_s_own_is_not() -> None:
    near = [
        file("C:\\windows\\temp\\bvt-cleanup.cmd"),
        file("C:\\bvt-tools\\a.exe"),
        file("C:\\windows\\bvt-1108baa1.log"),
    ]
    assert attribute(near, PROFILE).candidate == near


def test_what_the_profiles_diagnostics_write_was_asked_for() -> None:
    command = ("C:\\Program Files\\A\\a.exe", "--collect", "C:\\Windows\\Temp\\diagnosis")
    profile = PROFILE.model_copy(update={"diagnostics": {"all": command}})
    written, near = file("C:\\windows\\temp\\diagnosis\\a.log"), file("C:\\windows\\temp\\diagnosis2.log")
    assert attribute([written, near], profile).candidate == [near]


def test_noise_is_subtracted_by_name_and_by_what_became_of_it() -> None:
    noise = [
        file("C:\\windows\\wine.log"),
        file("C:\\windows\\temp\\msi1a2b.tmp"),
        value("HKCU\\Fonts", "Page", Kind.CHANGED),
    ]
    same = [
        file("C:\\Windows\\Wine.log"),
        file("C:\\windows\\temp\\msi77fe.tmp"),
        value("HKCU\\Fonts", "Page", Kind.CHANGED),
    ]
    other = [
        file("C:\\windows\\wine.log", Kind.REMOVED),
        file("C:\\windows\\wine2.log"),
        value("HKCU\\Fonts", "Size"),
    ]
    found = attribute([*same, *other], PROFILE, noise=noise)
    assert (found.noise, found.candidate) == (same, other)


def test_what_may_stay_is_declared_and_what_other_checks_found_is_theirs() -> None:
    profile = PROFILE.model_copy(
        update={"keeps": (Keep(kind="file", path="C:\\Windows\\*.lic", reason=WHY),)}
    )
    kept, told = file("C:\\Windows\\a.lic"), value("HKLM\\Software\\Elsewhere\\Below")
    found = attribute([kept, told], profile, told=["hklm\\software\\elsewhere"])
    assert [change for _, change in found.declared] == [kept]
    assert found.candidate == []


def test_what_decides_over_other_programs_is_foreign_though_it_is_new() -> None:
    theirs = [
        value("HKLM\\Software\\Policies\\Microsoft\\Windows", "Off"),
        file("C:\\windows\\notepad.exe", Kind.REMOVED),
    ]
    own = [value("HKLM\\Software\\Classes\\Mine"), file("C:\\windows\\new.dll")]
    assert foreign([*own, *theirs], PROFILE) == theirs


def test_wines_installer_answers_for_its_empty_places_alone() -> None:
    own, log = "C:\\windows\\Installer", "HKLM\\System\\CurrentControlSet\\Services\\Eventlog\\Application"
    assert left_by_wine.why(file(own), ())
    assert not left_by_wine.why(file(f"{own}\\1.msi"), ())
    shared = "HKLM\\Software\\Microsoft\\Windows\\CurrentVersion\\SharedDLLs"
    assert left_by_wine.why(value(shared, None), ())
    assert not left_by_wine.why(value(shared, "C:\\Acme\\acme.dll"), ())
    assert left_by_wine.why(value(log, None, Kind.REMOVED), [f"{log.lower()}\\agent"])
    schedule = value("HKLM\\System\\CurrentControlSet\\Services\\Schedule", "Start", Kind.CHANGED)
    by_itself = {"was": "dword:00000003", "now": "dword:00000002"}
    assert left_by_wine.why(schedule.model_copy(update=by_itself), ())
    assert not left_by_wine.why(schedule.model_copy(update=by_itself | {"now": "dword:00000004"}), ())
    assert not left_by_wine.why(value(log, None, Kind.REMOVED), ())
    assert not left_by_wine.why(value(log, "File", Kind.REMOVED), [f"{log.lower()}\\agent"])


def test_a_folder_of_the_system_that_is_empty_on_wine_goes_with_the_candidates_file() -> None:
    fonts, font = file("C:\\windows\\Fonts", Kind.REMOVED), "c:\\windows\\fonts\\vendor.ttf"
    assert left_by_wine.why(fonts, [font])
    assert not left_by_wine.why(fonts, ())
    assert not left_by_wine.why(file("C:\\windows\\Fonts\\a.ttf", Kind.REMOVED), [font])
    neighbours = file("C:\\Neighbour", Kind.REMOVED)
    assert not left_by_wine.why(neighbours, ["c:\\neighbour\\vendor.txt"])


def test_noise_is_kept_by_image_and_steps_until_it_is_stale(tmp_path: Path) -> None:
    noise = Noise(
        image_digest="a" * 64,
        steps=("installer",),
        made_s=time.time(),
        changes=(file("C:\\windows\\wine.log"),),
        processes=frozenset({"c:\\windows\\system32\\rpcss.exe"}),
    )
    keep(tmp_path, noise)
    assert cached(tmp_path, "a" * 64, ["installer"]) == noise
    assert cached(tmp_path, "b" * 64, ["installer"]) is None
    assert cached(tmp_path, "a" * 64, ["installer", "reboot"]) is None
    keep(tmp_path, noise.model_copy(update={"made_s": time.time() - STALE_S - 1}))
    assert cached(tmp_path, "a" * 64, ["installer"]) is None
    for place in tmp_path.iterdir():
        place.write_text("half a fi")
    assert cached(tmp_path, "a" * 64, ["installer"]) is None


def test_a_generator_of_noise_does_not_hide_what_the_candidate_leaves() -> None:
    """500 files and 200 values that the system writes in any case, and 100 of the candidate's among them."""
    noise = [file(f"C:\\windows\\logs\\trace-{n}.etl") for n in range(500)]
    noise += [value("HKLM\\Software\\Noise", f"v{n}", Kind.CHANGED) for n in range(200)]
    left = [file(f"C:\\windows\\logs\\trace-{n}.log") for n in range(50)]
    left += [value("HKLM\\Software\\Noise", f"v{n}") for n in range(50)]
    found = attribute([*noise, *left], PROFILE, noise=noise)
    assert found.candidate == left
    assert len(attribute([*noise, *left], PROFILE).candidate) == 800


def test_a_value_that_decides_over_others_is_noise_by_its_data_alone() -> None:
    """WinINet writes that there is no proxy when it is first used; that there is one is no noise."""
    settings = "HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Internet Settings"
    off = value(settings, "ProxyEnable").model_copy(update={"now": "REG_DWORD 0"})
    on = off.model_copy(update={"now": "REG_DWORD 1"})
    assert attribute([off], PROFILE, noise=[off]).candidate == []
    assert attribute([on], PROFILE, noise=[off]).candidate == [on]


def test_wine_keeps_a_certificate_of_the_machines_own_that_was_deleted_and_no_other_is_excused() -> None:
    def stored(store: str) -> str:
        key = f"HKLM\\Software\\Microsoft\\SystemCertificates\\{store}\\Certificates\\{'0a' * 20}"
        return left_by_wine.why(value(key, "Blob", Kind.ADDED), ())

    assert stored("MY") == left_by_wine.WHY_CERTIFICATE
    assert stored("Root") == stored("TrustedPublisher") == stored("MYOWN") == ""
