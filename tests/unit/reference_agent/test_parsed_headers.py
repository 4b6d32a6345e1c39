"""Headers that are parsed once: whoever compiles beside it never sees a half of them."""

from pathlib import Path

import pytest

from examples.reference_agent import compile as compiling


def test_what_is_not_whole_yet_stands_under_a_name_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[Path] = []

    def run(*arguments: str) -> None:
        written.append(Path(arguments[-1]))
        if len(written) == 1:
            beside = compiling._parsed_headers(tmp_path)  # another one, in the middle of this one
            assert beside.with_name(f"{beside.name}.gch").read_text() == "whole"
        Path(arguments[-1]).write_text("whole")

    monkeypatch.setattr(compiling, "run", run)
    target = compiling._parsed_headers(tmp_path)
    assert len(set(written)) == 2, "each has a name of its own"
    assert {path.name for path in tmp_path.iterdir()} == {target.name, f"{target.name}.gch"}
