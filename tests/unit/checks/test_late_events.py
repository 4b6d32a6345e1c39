"""When an event says that it was: told from when it was sent, and from when the agent looked."""

import pytest

from harness.checks.event_times import all_at_sending, fits, late_by
from tests.unit.cell.stand_ins import PROFILE


@pytest.mark.parametrize(
    ("stated", "fitting"),
    [(98.0, True), (97.0, False), (100.0, True), (174.0, True), (190.0, True), (192.0, False)],
)
def test_what_took_long_to_do_happened_between_its_begin_and_its_end(stated: float, *, fitting: bool) -> None:
    assert fits(stated, (100.0, 174.0), 15.0) is fitting


@pytest.mark.parametrize(
    ("times", "noticed_s", "late_s"),
    [
        ([(28.0, 28.2), (28.0, 28.2)], 3.0, 28.0),  # stamped when the outage was over
        ([(28.0, 28.2), (28.0, 28.2)], 32.0, 0.0),  # it looks every half a minute: it noticed only then
        ([(28.0, 28.2), (1.0, 28.2)], 3.0, 0.0),
        ([(12.0, 28.2)], 3.0, 0.0),  # noticed late, and sent later still
        ([(None, 28.2)], 3.0, 0.0),
        ([], 3.0, 0.0),
    ],
)
def test_what_was_noticed_late_is_not_stamped_at_sending(
    times: list[tuple[float | None, float]], noticed_s: float, late_s: float
) -> None:
    assert late_by(times, noticed_s) == late_s


@pytest.mark.parametrize(
    ("times", "looked_again"),
    [
        ([(2.0, 2.1), (1.4, 2.1)], True),  # noticed late, or stamped when it was sent: both look like this
        ([(0.6, 2.1), (2.0, 2.1)], False),
        ([(None, 2.1)], False),
        ([], False),
    ],
)
def test_what_may_be_stamped_at_sending_is_looked_at_again(
    times: list[tuple[float | None, float]], *, looked_again: bool
) -> None:
    assert all_at_sending(times) is looked_again


@pytest.mark.parametrize(
    ("schedule", "seconds"),
    [
        ({"q": {"query": "SELECT 1", "interval": 30}}, 30.0),
        ({"q": {"query": "SELECT 1", "interval": "30"}}, 30.0),
        ({"q": {"query": "SELECT 1", "interval": "often"}}, 0.0),
        ({"q": {"query": "SELECT 1"}}, 0.0),
        ({"other": {"interval": 30}}, 0.0),
        ([], 0.0),
    ],
)
def test_how_often_a_query_is_run_is_read_from_the_first_configuration(
    schedule: object, seconds: float
) -> None:
    assert PROFILE.configuration is not None
    pushed = PROFILE.configuration.model_copy(update={"base": {"schedule": schedule}})
    assert pushed.interval_s("q") == seconds
