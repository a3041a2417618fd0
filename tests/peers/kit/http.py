"""Plain HTTP without any client library: the independent source that a client's answer is compared with."""

import base64
import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from email.message import Message

# Everything here is on loopback: a proxy of the environment must not come between.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Message
    body: bytes

    def json(self):
        return json.loads(self.body)


def basic(user, password):
    token = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"Authorization": f"Basic {token}"}


def call(url, *, method="GET", headers=None, body=None, seconds=60):
    """One request; a body that is not bytes is sent as JSON. Any status is an answer, not an exception."""
    headers = {"Accept": "application/json", **(headers or {})}
    if body is not None and not isinstance(body, bytes):
        headers.setdefault("Content-Type", "application/json")
        body = json.dumps(body).encode()
    request = urllib.request.Request(url, data=body, headers=headers, method=method)
    try:
        with _opener.open(request, timeout=seconds) as response:
            return Answer(response.status, response.headers, response.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.headers, error.read())
