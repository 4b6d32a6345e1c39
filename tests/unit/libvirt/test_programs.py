"""Programs of the host say why they failed."""

import pytest

from harness.machines.libvirt.host.programs import run
from harness.model.errors import ProgramFailed


def test_a_program_that_fails_is_quoted_at_its_end_and_remembered_whole() -> None:
    lines = "\n".join(f"line {number}" for number in range(9))
    with pytest.raises(
        ProgramFailed, match=r"counting: \S*sh ended with 3: line 4\n(?s:.*)\nline 8$"
    ) as failed:
        run(["sh", "-c", f"echo '{lines}' >&2; exit 3"], what="counting", deadline_s=60)
    assert failed.value.said == lines
