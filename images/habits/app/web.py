"""The service over HTTP."""

from flask import Flask, Response, abort, jsonify, request

from app import notes
from app.digest import digest, words

app = Flask(__name__)


@app.after_request
def say(response: Response) -> Response:
    """A line for each request, on stdout like all that the service says."""
    print(request.method, request.path, response.status_code)
    return response


@app.get("/healthz")
def health() -> Response:
    """Whether the service can answer."""
    return jsonify(status="ok")


@app.put("/notes/<name>")
def keep(name: str) -> Response:
    """Keep the body as a note."""
    text = request.get_data(as_text=True)
    notes.keep(name, text)
    return jsonify(digest=digest(text), words=words(text))


@app.get("/notes/<name>")
def find(name: str) -> Response:
    """A note, as it was kept."""
    text = notes.find(name)
    if text is None:
        abort(404)
    return Response(text, mimetype="text/plain", headers={"ETag": f'"{digest(text)}"'})
