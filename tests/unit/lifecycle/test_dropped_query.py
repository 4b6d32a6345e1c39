"""Whether a query was run on once its configuration was replaced: told by the times that its rows state."""

from harness.lifecycle.reconfiguration import ran_on


def test_rows_long_after_it_are_named() -> None:
    assert ran_on([10, 11, 12, 13, 20, 21, 22], 13) == [20, 21, 22]


def test_rows_that_were_on_their_way_are_not() -> None:
    assert ran_on([10, 11, 12, 13, 14, 17], 13) == []
    assert ran_on([10, 11, 12, 13, 30], 13) == []


def test_what_is_sent_in_batches_is_given_their_time() -> None:
    assert ran_on([10, 18, 26, 34, 40], 26) == []
    assert ran_on([10, 18, 26, 50, 58], 26) == [50, 58]


def test_a_query_that_tells_nothing_anew_shows_nothing() -> None:
    assert ran_on([10, 10, 10], 12) is None
    assert ran_on([], 12) is None
