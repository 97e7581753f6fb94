"""Ctrl-C as a terminal sends it: whoever runs the tests in the background ignores it, and so would what they start."""

import signal

signal.signal(signal.SIGINT, signal.default_int_handler)
