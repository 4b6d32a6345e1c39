"""A restart that nobody asked for, told from all that were."""

from harness.guest.service_processes import ServiceProcesses

NAME = "Agent"


def test_the_same_process_is_no_restart_and_another_one_is() -> None:
    seen = ServiceProcesses()
    for pid in (10, 10, None, 0, 10):
        seen.saw(NAME, pid)
    assert not seen.unasked
    seen.saw(NAME.upper(), 11)
    assert seen.unasked == ["AGENT: process 10, then 11"]
    seen.saw(NAME, 12)
    assert len(seen.unasked) == 2


def test_whoever_asks_for_a_restart_gets_one_and_no_more() -> None:
    seen = ServiceProcesses()
    seen.saw(NAME, 10)
    seen.asked(NAME)
    seen.saw(NAME, 11)
    assert not seen.unasked
    seen.saw(NAME, 12)
    assert seen.unasked == ["Agent: process 11, then 12"]


def test_after_a_boot_every_process_is_another_one_by_right() -> None:
    seen = ServiceProcesses()
    for boot, pid in ((1, 10), (1, 10), (2, 14)):
        seen.at_boot(boot)
        seen.saw(NAME, pid)
    assert not seen.unasked
    seen.at_boot(2)
    seen.saw(NAME, 15)
    assert seen.unasked


def test_a_change_of_the_product_starts_its_services_anew() -> None:
    seen = ServiceProcesses()
    seen.saw(NAME, 10)
    seen.forget()
    seen.saw(NAME, 11)
    assert not seen.unasked


def test_one_that_ended_with_an_error_unasked_is_known_by_it() -> None:
    seen = ServiceProcesses()
    seen.saw_down(NAME, 1077)  # ERROR_SERVICE_NEVER_STARTED: it did not run before
    seen.saw(NAME, 10)
    seen.saw_down(NAME, 0)
    seen.asked(NAME)
    seen.saw_down(NAME, 1067)
    assert not seen.ended
    seen.saw(NAME, 11)
    seen.saw_down(NAME, 1067)
    assert seen.ended == {NAME: 1067}
