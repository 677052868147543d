"""What holds for every test."""

import signal


def pytest_configure() -> None:
    """Undo an ignored Ctrl-C.

    A shell that starts the tests in the background has interrupts ignored, and every program
    under test would inherit that.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
