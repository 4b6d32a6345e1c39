"""Every error says one clear thing."""

import pytest

from harness.model.deadline import Deadline
from harness.model.errors import (
    BackendError,
    CandidateError,
    ConfigurationError,
    DeadlineExceeded,
    GuestFault,
    GuestUnreachable,
    HarnessError,
    InfrastructureError,
    MachineLost,
    OutcomeUnknown,
    ToolMissing,
)


def test_a_configuration_error_names_file_line_and_key() -> None:
    error = ConfigurationError(
        "expected a number.", file="matrix.yaml", line=7, key="pools.lab.cpus", hint="Use 2."
    )
    assert str(error) == "matrix.yaml:7: pools.lab.cpus: expected a number. Use 2."


def test_a_missing_tool_says_how_to_get_it() -> None:
    assert "apt-get install msitools" in str(
        ToolMissing("msiinfo", package="msitools", needed_for="reading MSIs")
    )
    assert "./dev setup" in str(ToolMissing("thing"))


def test_a_deadline_that_passed_names_what_did_not_happen() -> None:
    with pytest.raises(DeadlineExceeded, match=r"the sky to fall did not happen within 0 s"):
        Deadline.after(0).require("the sky to fall")


def test_polling_ends_at_the_deadline() -> None:
    with pytest.raises(DeadlineExceeded):
        Deadline.after(0.02).poll(lambda: False, "nothing", interval_s=0.005)


@pytest.mark.parametrize(
    "kind", [GuestFault, GuestUnreachable, MachineLost, OutcomeUnknown, BackendError, ToolMissing]
)
def test_what_the_lab_does_wrong_is_never_the_candidates(kind: type[HarnessError]) -> None:
    assert issubclass(kind, InfrastructureError)
    assert not issubclass(kind, CandidateError)


def test_one_root_for_all() -> None:
    for kind in (ConfigurationError, CandidateError, InfrastructureError):
        assert issubclass(kind, HarnessError)
