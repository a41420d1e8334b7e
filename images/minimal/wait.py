"""Says that it is ready, and ends when it is asked to."""

import signal

signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})  # from here on it waits, and is not lost
print("ready", flush=True)
signal.sigwait({signal.SIGTERM})
