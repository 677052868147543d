"""A signal ends the work, also where what its handler raises is lost."""

import os
import signal
from contextlib import suppress

import pytest

from dubbing_pipeline.cli.ending import Ending


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_with_its_exit_code(number: signal.Signals) -> None:
    with pytest.raises(SystemExit) as caught, Ending().orderly():
        os.kill(os.getpid(), number)
    assert caught.value.code == 128 + number


def test_a_signal_that_was_lost_is_heeded_at_the_next_sign_of_progress() -> None:
    ending = Ending()
    with ending.orderly():
        with suppress(SystemExit):  # as a library's callback does
            os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(SystemExit) as caught:
            ending.check()
    assert caught.value.code == 143


def test_without_a_signal_nothing_ends() -> None:
    ending = Ending()
    with ending.orderly():
        ending.check()


def test_afterwards_the_handlers_are_as_before() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with Ending().orderly():
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before
