"""What all tests share: signals as a terminal would give them."""

import signal


def pytest_configure():
    """Hear Ctrl-C again.

    A shell that starts us in the background has SIGINT ignored, every child inherits that, and a test that
    interrupts a command would wait for ever. A handler of our own is reset to the default in what we start.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
