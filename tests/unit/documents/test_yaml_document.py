import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AnyUrl, AwareDatetime, Field

from harness.documents.problem import Problem, nearest
from harness.documents.yaml_document import load
from harness.model.base import Frozen
from harness.model.errors import ConfigurationError
from harness.model.matrix import Matrix


class Part(Frozen):
    name: str
    build: int = 0
    share: float = 1.0
    on: bool = False


class Sample(Frozen):
    title: str
    parts: tuple[Part, ...] = ()
    by_name: dict[str, Part] = Field(default_factory=dict)
    maybe: Part | None = None
    since: AwareDatetime | None = None
    place: AnyUrl | None = None


def refusal(tmp_path: Path, text: str | bytes) -> ConfigurationError:
    file = tmp_path / "sample.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigurationError) as caught:
        load(file, Sample)
    assert caught.value.file == str(file)
    return caught.value


def test_a_good_file_gives_its_model_and_its_digest(tmp_path: Path) -> None:
    file = tmp_path / "good.yaml"
    file.write_text(
        "title: x\nparts:\n  - {name: a, build: 0x10, share: 0.5, on: true}\n".replace(", on:", ', "on":')
    )
    sample, digest = load(file, Sample)
    assert sample.parts == (Part(name="a", build=16, share=0.5, on=True),)
    assert len(digest) == 64


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    file = tmp_path / "bom.yaml"
    file.write_bytes(b"\xef\xbb\xbftitle: x\n")
    assert load(file, Sample)[0].title == "x"


def test_aliases_are_expanded(tmp_path: Path) -> None:
    file = tmp_path / "alias.yaml"
    file.write_text("title: x\nparts: [&a {name: n}, *a]\n")
    assert len(load(file, Sample)[0].parts) == 2


@pytest.mark.parametrize(
    ("text", "line", "key", "words"),
    [
        ("", 1, "", "the file is empty"),
        ("# only a comment\n", 1, "", "the file is empty"),
        ("- a\n- b\n", 1, "", "must be a mapping of keys to values, not a list"),
        ("words\n", 1, "", "not a single value"),
        (
            "title: x\nparts: [{name: a, build: true}]\n",
            2,
            "parts[0].build",
            "expected a number, found the truth value true.",
        ),
        (
            "title: x\nby_name:\n  k: {name: a, share: false}\n",
            3,
            "by_name.k.share",
            "expected a number, found the truth",
        ),
        (
            'title: x\nmaybe: {name: a, "on": 1}\n',
            2,
            "maybe.on",
            "expected true or false, found the number 1.",
        ),
        (
            "title: x\nsince: 0\n",
            2,
            "since",
            "expected a time, such as 2026-05-01T12:00:00Z, found the number 0.",
        ),
        ('title: x\n"a\\tb\\e": 1\n', 2, r"a\tb\x1b", "unknown key"),
        ("title: x\ntitel: y\n", 2, "titel", "unknown key. Did you mean 'title'?"),
        ("parts: []\ntitel: y\n", 2, "titel", "unknown key. Did you mean 'title'?"),
        ("title: x\nzzzzz: y\n", 2, "zzzzz", "Known keys: title, parts, by_name, maybe, since, place."),
        ("title: x\nparts:\n  - name: a\n    bulid: 3\n", 4, "parts[0].bulid", "Did you mean 'build'?"),
        (
            "title: x\nby_name:\n  k:\n    name: a\n    bild: 1\n",
            5,
            "by_name.k.bild",
            "Did you mean 'build'?",
        ),
        ("title: x\nmaybe:\n  name: a\n  bild: 1\n", 4, "maybe.bild", "Did you mean 'build'?"),
        ("title: x\ntitle: y\n", 2, "", "the key 'title' is given twice. It is first given in line 1."),
        ("title: x\nparts:\n- {name: a, name: b}\n", 3, "parts[0]", "'name' is given twice"),
        ("parts: []\n", 1, "", "the key 'title' is missing"),
        ("title: x\nparts:\n  - build: 3\n", 3, "parts[0]", "the key 'name' is missing"),
        ("title:\n  1607\n", 2, "title", 'expected text, found the number 1607. Put it in quotes: "1607".'),
        ("title: true\n", 1, "title", 'expected text, found the truth value true. Put it in quotes: "true".'),
        ("title:\n", 1, "title", "expected text, found nothing"),
        ("title: [x]\n", 1, "title", "expected text, found a list"),
        ("title: x\nsince: x\n", 2, "since", "expected a time, such as 2026-05-01T12:00:00Z, found 'x'"),
        (
            "title: x\nsince: '2026-05-01T12:00'\n",
            2,
            "since",
            "expected a time, such as 2026-05-01T12:00:00Z",
        ),
        ("title: x\nplace: x\n", 2, "place", "expected a URL, such as https://host.example/path, found 'x'"),
        ("title: on\n", 1, "title", "YAML reads on as a truth value. Write true or false"),
        ("title: x\nparts:\n- {name: a, build: 010}\n", 3, "parts[0].build", "does not read '010'"),
        ("title: x\nparts:\n- {name: a, build: 12:30}\n", 3, "parts[0].build", "'12:30'"),
        ("title: x\nparts:\n- {name: a, build: 1_000}\n", 3, "parts[0].build", "'1_000'"),
        ("title: x\nparts:\n- {name: a, share: .nan}\n", 3, "parts[0].share", "'.nan'"),
        ("title: 2024-01-01\n", 1, "title", "it takes it for a date"),
        ("title: !!binary aGk=\n", 1, "title", "it takes it for binary"),
        ("title: !!python/object:os.system x\n", 1, "title", "does not read 'x'"),
        ("title: x\nparts: !!set {a}\n", 2, "parts", "the tag 'set' has no meaning here"),
        ("title: x\nparts: 3\n", 2, "parts", "expected a list, found the number 3"),
        ("title: x\nby_name: [a]\n", 2, "by_name", "expected a mapping of keys to values, found a list"),
        ("title: x\nparts:\n- {name: a, build: many}\n", 3, "parts[0].build", "a whole number, found 'many'"),
        ("title: x\nparts:\n- {name: a, build: 1.5}\n", 3, "parts[0].build", "expected a whole number"),
        ("title: x\non: y\n", 2, "", 'does not read the key on as text. Put it in quotes: "on"'),
        ("title: x\n1607: y\n", 2, "", "does not read the key 1607 as text"),
        ("title: x\n? [a]\n: y\n", 2, "", "a key must be text"),
        ("title: x\nby_name:\n  <<: name\n", 3, "by_name", "only a mapping can be merged"),
        ("title: x\nby_name: &a\n  <<: *a\n", 2, "by_name", "an alias names a part of the document that"),
        ("title: x\nby_name:\n  k: {<<: {bulid: 1}, name: a}\n", 3, "by_name.k.bulid", "mean 'build'?"),
        ("title: x\n\tparts: []\n", 2, "", "a tab stands where YAML wants spaces"),
        ("title: [x\n", 1, "", "the '[' of 'title' is not closed by a ']', or a comma is missing"),
        (
            "title: x\nby_name: {k: {name: a}\nparts: []\n",
            2,
            "",
            "the '{' of 'by_name' is not closed by a '}'",
        ),
        ("title: x\nby_name: {k: {name: a}\nparts: []\n", 2, "", "what stands in line 3 is not part of it"),
        ("title: *nobody\n", 1, "", "this is not valid YAML: found undefined alias 'nobody'"),
        ("title: x\n---\ntitle: y\n", 2, "", "more than one document"),
        ("title: &a [*a]\n", 1, "title[0]", "an alias names a part of the document that contains it"),
        ("title: x\x07\n", 1, "", "a character that YAML does not allow"),
        (
            f"title: x\nparts:\n- {{name: a, build: {'9' * 50}}}\n",
            3,
            "parts[0].build",
            "the number 9999999999999999999… has 50 digits",
        ),
        ('title: "a\\ud800b"\n', 1, "title", "surrogates, which is no character. Write the"),
        (b"title: x\nparts: [\xff\xfe]\n", 2, "", "the file is not UTF-8"),
    ],
)
def test_every_mistake_is_one_sentence_with_its_line(
    tmp_path: Path, text: str | bytes, line: int, key: str, words: str
) -> None:
    error = refusal(tmp_path, text)
    assert (error.line, error.key) == (line, key), str(error)
    assert words in str(error)
    assert "\n" not in str(error)
    assert f"sample.yaml:{line}" in str(error)


def test_the_first_mistake_in_the_file_comes_first_and_the_others_are_counted(tmp_path: Path) -> None:
    error = refusal(tmp_path, "titel: x\nparts:\n- {nam: a}\n- {name: b, build: x}\n")
    assert error.line == 1
    assert "(2 more in line 3, 4.)" in str(error)


def test_merged_keys_give_way_to_the_mappings_own(tmp_path: Path) -> None:
    file = tmp_path / "merge.yaml"
    text = "title: x\nparts: [&a {name: a, build: 1}, &b {name: b, share: 2.0}, {<<: [*a, *b], name: own}]\n"
    file.write_text(text)
    assert load(file, Sample)[0].parts[2] == Part(name="own", build=1, share=2.0)


def test_merging_without_end_is_refused(tmp_path: Path) -> None:
    lines = ["title: x", "a0: &a0 {}"]
    lines += [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}" for n in range(1, 9)]
    assert "too large or too deep" in str(refusal(tmp_path, "\n".join(lines)))


def test_a_document_that_grows_without_end_through_aliases_is_refused(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert "too large or too deep" in str(refusal(tmp_path, "\n".join(lines)))


@pytest.mark.parametrize("depth", [70, 5000])
def test_a_document_without_end_in_depth_is_refused(tmp_path: Path, depth: int) -> None:
    assert "too deep" in str(refusal(tmp_path, "title: " + "[" * depth + "]" * depth))


def test_a_missing_file_a_directory_and_a_huge_file_are_refused(tmp_path: Path) -> None:
    huge = tmp_path / "huge.yaml"
    with huge.open("wb") as file:
        file.truncate(5_000_000)
    for path, words in (
        (tmp_path / "no.yaml", "no such file"),
        (tmp_path, "a directory"),
        (huge, "larger than"),
    ):
        with pytest.raises(ConfigurationError, match=words):
            load(path, Sample)


def test_a_file_without_end_is_refused_whatever_size_it_claims() -> None:
    with pytest.raises(ConfigurationError, match="the file is larger than"):
        load(Path("/dev/zero"), Sample)


def test_a_named_pipe_that_nobody_writes_into_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    with pytest.raises(ConfigurationError, match="no ordinary file"):
        load(tmp_path / "pipe.yaml", Sample)


def test_a_pipe_without_a_name_is_read(tmp_path: Path) -> None:
    out, into = os.pipe()
    os.write(into, b"title: x\n")
    os.close(into)
    try:
        assert load(Path(f"/dev/fd/{out}"), Sample)[0].title == "x"
    finally:
        os.close(out)


def test_a_name_that_no_file_can_have_is_refused_in_the_words_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"the file cannot be read: File name too long\.$"):
        load(tmp_path / ("a" * 300), Sample)


def test_a_check_of_ones_own_reports_by_path(tmp_path: Path) -> None:
    file = tmp_path / "checked.yaml"
    file.write_text("title: x\nparts:\n- name: a\n- name: b\n")
    with pytest.raises(ConfigurationError) as caught:
        load(
            file, Sample, lambda _: [Problem(("parts", 1, "name"), "is wrong."), Problem(("gone", 3), "too.")]
        )
    assert caught.value.line == 1
    assert "(1 more in line 4.)" in str(caught.value)


def test_the_nearest_name_is_named_and_else_all() -> None:
    assert nearest("win11", ["win10", "server"]) == "Did you mean 'win10'?"
    assert nearest("x", ["alpha", "beta"]) == "Known: alpha, beta."
    assert nearest("x", []) == ""


FRAGMENTS = st.sampled_from(
    [
        "title: x",
        "parts:",
        "  - name: a",
        "- ",
        "\t",
        ": ",
        "[",
        "{",
        "}",
        "&a ",
        "*a",
        "<<: *a",
        "!!int ",
        "|\n",
        "on",
        "010",
        '"',
        "'",
        "\n",
        "  ",
        "#",
        "---\n",
        "?",
        "images:",
        "axes: {image: ['*']}",
        "1e5",
        "0x",
        "\x00",
        "é",
    ]
)


@given(
    st.one_of(
        st.binary(max_size=200), st.lists(FRAGMENTS, max_size=25).map(lambda parts: "".join(parts).encode())
    )
)
def test_no_bytes_make_the_loader_raise_anything_but_its_own_error(
    tmp_path_factory: pytest.TempPathFactory, raw: bytes
) -> None:
    file = tmp_path_factory.getbasetemp() / "fuzz.yaml"
    file.write_bytes(raw)
    for model in (Sample, Matrix):
        try:
            load(file, model)
        except ConfigurationError as error:
            assert "\n" not in str(error)  # noqa: PT017 - either outcome is right


def test_a_nul_is_refused_wherever_it_stands(tmp_path: Path) -> None:
    error = refusal(tmp_path, 'title: x\nparts:\n  - {name: "a\\0b"}\n')
    assert error.line == 3
    assert "parts[0].name: the text holds a NUL" in str(error)
