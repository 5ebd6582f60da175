"""Takes the place of either program, never answers, and doesn't end when asked to."""

import signal
import time

signal.signal(signal.SIGTERM, signal.SIG_IGN)
while True:
    time.sleep(60)
