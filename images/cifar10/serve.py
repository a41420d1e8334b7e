"""Say what is on an image, over HTTP, with a model that was trained before.

Usage: serve.py MODEL

MODEL is `*.pt`, weights for the network in net.py; `*.ts`, a compiled network that needs no code
of its own; or `*.onnx`, a network for ONNX Runtime, which needs no PyTorch. Before it listens it
classifies one image, and says how long that took. `GET /healthz` answers when it listens, `POST
/classify` takes an image as CIFAR-10 has them (3072 bytes) and gives its class.
"""

import json
import signal
import sys
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer

IMAGE_BYTES = 3 * 32 * 32
PORT = 8080

Classify = Callable[[bytes], int]
"""From the bytes of an image to its class."""


def _with_torch(load: Callable) -> Classify:
    import torch

    net = load(torch)
    net.eval()

    def classify(image: bytes) -> int:
        pixels = torch.frombuffer(bytearray(image), dtype=torch.uint8).view(1, 3, 32, 32)
        with torch.inference_mode():
            return int(net(pixels.float() / 127.5 - 1).argmax())

    return classify


def weights(path: str) -> Classify:
    """Of weights, and the code of the network."""

    def load(torch):
        from net import Net

        net = Net()
        net.load_state_dict(torch.load(path, weights_only=True))
        return net

    return _with_torch(load)


def compiled(path: str) -> Classify:
    """Of a network that was compiled."""
    return _with_torch(lambda torch: torch.jit.load(path))


def onnx(path: str) -> Classify:
    """Of a network for ONNX Runtime."""
    import numpy as np
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name

    def classify(image: bytes) -> int:
        pixels = np.frombuffer(image, dtype=np.uint8).reshape(1, 3, 32, 32)
        scores = session.run(None, {name: pixels.astype(np.float32) / 127.5 - 1})[0]
        return int(scores.argmax())

    return classify


LOADERS = {".pt": weights, ".ts": compiled, ".onnx": onnx}


class Server(HTTPServer):
    """Answers one request at a time, with one model."""

    def __init__(self, classify: Classify, port: int = PORT) -> None:
        self.classify = classify
        super().__init__(("", port), Handler)


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        if self.path == "/healthz":
            self._answer(200, {"status": "ok"})
        else:
            self._answer(404, {"error": "there are /healthz and /classify"})

    def do_POST(self) -> None:
        size = self.headers.get("Content-Length", "")
        if self.path != "/classify" or size != str(IMAGE_BYTES):
            self._answer(400, {"error": f"send {IMAGE_BYTES} bytes to /classify"})
            return
        self._answer(200, {"class": self.server.classify(self.rfile.read(IMAGE_BYTES))})

    def _answer(self, status: int, body: dict) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Probes ask many times a second, and nobody reads that."""


def milliseconds(begin_s: float) -> float:
    return round((time.perf_counter() - begin_s) * 1000, 3)


def main(path: str) -> None:
    # process 1 has no default action for it
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    begin_s = time.perf_counter()
    classify = LOADERS[path[path.rindex(".") :]](path)
    load_ms = milliseconds(begin_s)
    begin_s = time.perf_counter()
    classify(bytes(IMAGE_BYTES))
    print(json.dumps({"load_ms": load_ms, "first_inference_ms": milliseconds(begin_s)}), flush=True)
    Server(classify).serve_forever()


if __name__ == "__main__":
    main(sys.argv[1])
