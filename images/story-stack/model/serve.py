"""Serves a GGUF model with llama.cpp's own HTTP server, which the package carries.

It answers on /health with 503 while the model is being loaded, and then with 200.
"""

import os
import signal
import threading

import xllamacpp


def main() -> None:
    over = threading.Event()
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, lambda *_: over.set())
    params = xllamacpp.CommonParams()
    params.model.path = os.environ["MODEL"]
    params.hostnames = ["0.0.0.0"]
    params.port = 8080
    params.n_ctx = int(os.environ.get("CONTEXT", "512"))
    params.n_parallel = 1
    params.cpuparams.n_threads = int(os.environ.get("THREADS", "2"))
    server = xllamacpp.Server(params)
    print("ready on", server.listening_address, flush=True)
    over.wait()


if __name__ == "__main__":
    main()
