"""Serve on port 8080 until SIGTERM."""

import signal
import sys

from waitress import serve

from app import notes
from app.web import app

# Process 1 has no default action for SIGTERM: without a handler it would be ignored.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
notes.create()
print("serving on port 8080")
serve(app, host="0.0.0.0", port=8080, threads=1)
