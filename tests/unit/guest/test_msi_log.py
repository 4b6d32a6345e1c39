"""What a verbose log says of a failed installation, whatever language it is written in."""

import time
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.guest.msi.log import MAX_LINES, Failure, decode_log, excerpt, failure

CAUSE = "MSI (s) (A0:B0) [10:00:05:001]: %s -- %s"
LANGUAGES = {
    # (end of an action, its beginning, product, error): as Windows Installer words them, or an MSI's own Error table.
    "English": (
        "Action ended 10:00:00: {0}. Return value {1}.", "Action start 10:00:00: {0}.", "Product: Demo",
        "Error 1920. Service 'Demo' (DemoSvc) failed to start.",
    ),
    "German": (
        "Ende der Aktion 10:00:00: {0}. Rückgabewert {1}.", "Beginn der Aktion 10:00:00: {0}.", "Produkt: Demo",
        "Fehler 1920. Dienst 'Demo' (DemoSvc) konnte nicht gestartet werden.",
    ),
    "French": (
        "Action terminée 10:00:00 : {0}. Valeur renvoyée : {1}.", "Action démarrée 10:00:00 : {0}.",
        "Produit : Demo", "Erreur 1920. Le service 'Demo' n'a pas pu démarrer.",
    ),
    "Chinese": (
        "操作结束 10:00:00: {0}。返回值 {1}。", "操作开始 10:00:00: {0}。", "产品: Demo", "错误 1920。服务无法启动。",
    ),
    "Japanese": (
        "アクション終了 10:00:00: {0}。 戻り値 {1}。", "アクション開始 10:00:00: {0}。", "製品: Demo",
        "エラー 1920。開始できません。",
    ),
    "Russian": (
        "Действие завершилось 10:00:00: {0}. Код возврата {1}.", "Действие началось 10:00:00: {0}.",
        "Продукт: Demo", "Ошибка 1920. Службу не удалось запустить.",
    ),
    "its own": ("Ende 10:00:00: {0}. Ergebnis {1}.", "Beginn 10:00:00: {0}.", "Demo", "Fehler 1920. Nicht gestartet."),
    "its own, without a time": ("<<{0}={1}>>", ">>{0}", "Demo", "1920: not started"),
    "right to left": ("‏({1}) {0} :10:00:00 انتهى", "‏{0} :10:00:00 بدأ", "Demo :المنتج", "خطأ 1920. الخدمة"),
}  # fmt: skip


def log(ended: str, started: str, product: str, error: str, *, between: int = 60) -> str:
    """A verbose log: harmless notes first, the failed service, and far behind it the end of the action."""
    lines = ["=== Verbose logging started: 1/2/2026  10:00:00  Build type: SHIP UNICODE 5.00 ==="]
    for name in ("INSTALL", "CostFinalize", "InstallFiles"):
        lines += [
            f"MSI (s) (A0:B0) [10:00:01:000]: Doing action: {name}",
            started.format(name),
            "MSI (s) (A0:B0) [10:00:01:000]: Note: 1: 2262 2: Error 3: -2147287038 ",
            *([ended.format(name, 1)] if name != "INSTALL" else []),
        ]
    lines += [
        "MSI (s) (A0:B0) [10:00:02:000]: Doing action: InstallFinalize",
        started.format("InstallFinalize"),
    ]
    lines += [f"MSI (s) (A0:B0) [10:00:03:000]: Executing op: RegAddValue(Name=V{n})" for n in range(between)]
    lines += [error, CAUSE % (product, error), ""]
    lines += [f"MSI (s) (A0:B0) [10:00:06:000]: User policy value 'V{n}' is 3" for n in range(between)]
    lines += [ended.format("InstallFinalize", 3)]
    lines += [f"MSI (s) (A0:B0) [10:00:07:000]: Executing op: Undo{n}" for n in range(between)]
    lines += [ended.format("INSTALL", 3), "Property(S): ProductVersion = 1920.3"]
    lines += ["MSI (s) (A0:B0) [10:00:09:000]: MainEngineThread is returning 1603"]
    return "\r\n".join(lines)


@pytest.mark.parametrize("words", LANGUAGES.values(), ids=LANGUAGES)
@pytest.mark.parametrize("between", [2, 60])
def test_the_failed_action_and_its_cause_are_found_in_every_language(
    words: Sequence[str], between: int
) -> None:
    text = log(*words, between=between)
    found = failure(text)
    assert found is not None
    assert found.action == "InstallFinalize"
    assert words[0].format("InstallFinalize", 3) == found.line
    assert found.causes
    assert all("1920" in cause for cause in found.causes)
    shown = excerpt(text)
    assert "1920" in shown
    assert "InstallFinalize" in shown


WORDS = st.text(st.characters(categories=["L", "Zs"]), min_size=1, max_size=20).map(str.strip).filter(bool)


@given(WORDS, WORDS, WORDS, WORDS, st.sampled_from([".", "。", " ", ""]))
def test_no_word_is_needed(ended: str, value: str, product: str, error: str, stop: str) -> None:
    words = (
        f"{ended} 10:00:00: {{0}}{stop} {value} {{1}}{stop}",
        f"{ended} 10:00:00: {{0}}",
        product,
        f"{error} 1920{stop}",
    )
    found = failure(log(*words))
    assert found is not None
    assert found.action == "InstallFinalize"
    assert any("1920" in cause for cause in found.causes)


def test_wine_names_its_actions_in_these_lines_alone() -> None:
    lines = [
        "Action 7:00:25: InstallServices. Installing new services",
        "Beginn 7:00:25: InstallServices.",
        "Ende 7:00:25: InstallServices. Ergebnis 3.",
        "Ende 7:00:25: INSTALL. Ergebnis 3.",
    ]
    assert failure("\n".join(lines)) == Failure("InstallServices", lines[2], ())


def test_a_custom_actions_own_code_is_a_cause() -> None:
    lines = [
        "MSI (s) (A0:B0) [10:00:02:000]: Doing action: Register",
        "CustomAction Register returned actual error code 1603 (note this may not be 100% accurate)",
        "Action ended 10:00:00: Register. Return value 3.",
    ]
    assert failure("\n".join(lines)) == Failure("Register", lines[2], (lines[1],))


def test_a_message_without_a_number_is_a_cause_too() -> None:
    text = log(*LANGUAGES["English"][:3], "This needs Windows 11.")
    found = failure(text)
    assert found is not None
    assert found.causes == (CAUSE % ("Product: Demo", "This needs Windows 11."),)


def test_a_successful_log_has_no_failure() -> None:
    lines = [
        "MSI (s) (A0:B0) [10:00:02:000]: Doing action: INSTALL",
        "Action ended 10:00:00: INSTALL. Return value 1.",
        "MSI (s) (A0:B0) [10:00:05:001]: Product: Demo -- Installation completed successfully. 1707",
    ]
    assert failure("\n".join(lines)) is None
    noise, end = "10:00:03: retry number 3", "Action ended 10:00:00: INSTALL. Return value 3."
    assert failure("\n".join([*lines, noise, end])) == Failure("INSTALL", end, (lines[2],))


def test_the_excerpt_shows_the_neighbourhood_of_the_failed_action() -> None:
    lines = [f"line {number}" for number in range(1000)]
    lines[500] = "Action ended 10:00:00: StartServices. Return value 3."
    shown = excerpt("\n".join(lines)).splitlines()
    assert shown[0] == "line 488"
    assert shown[-1] == "line 504"


def test_the_excerpt_of_a_log_without_a_failed_action_is_its_end() -> None:
    assert excerpt("\n".join(map(str, range(100)))).splitlines()[-1] == "99"
    assert excerpt("") == ""


def test_far_apart_failures_are_both_shown_and_many_are_cut() -> None:
    end = "Action ended 10:00:00: A. Return value 3."
    assert "[…]" in excerpt("\n".join([end, *["x"] * 50, end])).splitlines()
    assert len(excerpt("\n".join([end] * 500)).splitlines()) <= MAX_LINES


def test_a_log_is_read_in_utf16_and_in_ascii() -> None:
    assert decode_log("Rückgabe".encode("utf-16")) == "Rückgabe"
    assert decode_log(b"plain") == "plain"
    assert decode_log(b"\xff\xfe\x00") == "\ufffd"


@pytest.mark.parametrize("language", ["English", "Chinese"])
@pytest.mark.parametrize("cut", [0, 1, 2, 3])
def test_the_tail_of_a_long_log_has_no_byte_order_mark(language: str, cut: int) -> None:
    raw = log(*LANGUAGES[language]).encode("utf-16")[2 + cut :]
    found = failure(decode_log(raw))
    assert found is not None
    assert found.action == "InstallFinalize"
    assert "\0" not in decode_log(raw)


def test_a_long_log_takes_no_time() -> None:
    text = log(*LANGUAGES["English"], between=30_000)
    began = time.process_time()
    assert failure(text) is not None
    excerpt(text)
    assert time.process_time() - began < 10  # seconds of the processor; measured: 0.3


@given(st.binary(max_size=400))
def test_any_bytes_are_some_log(data: bytes) -> None:
    assert len(excerpt(decode_log(data)).splitlines()) <= MAX_LINES


@given(
    st.lists(
        st.sampled_from(
            [*LANGUAGES["English"], "Property(S): A = 1920.", "3", "[…]", "\x1c", "10:00:00: a 3"]
        ),
        max_size=30,
    )
)
def test_any_lines_have_some_excerpt(lines: list[str]) -> None:
    text = "\n".join(lines)
    failure(text)
    assert len(excerpt(text).splitlines()) <= MAX_LINES
