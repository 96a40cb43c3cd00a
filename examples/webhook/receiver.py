"""What driftline's `webhook` target calls: it believes a signature, remembers ids, and starts a training.

`WEBHOOK_SECRET=... python receiver.py 8090 python train.py` starts `python train.py` for each trigger, which comes on
its standard input. Only the standard library. Put TLS in front of it, or name its network in the entry (`networks:`).
"""

import base64
import hashlib
import hmac
import json
import os
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

SEEN = Path("seen")  # a file per id that was taken: a trigger may come twice
AGE_MAX = 300  # seconds; what is older was perhaps listened to, and is said again by somebody else


def answered(headers: dict[str, str], body: bytes, secret: str, now: float) -> tuple[int, str]:
    """The status of the answer, and the trigger's id if it is to be acted on."""
    said = {name.lower(): value for name, value in headers.items()}
    name, moment = said.get("webhook-id", ""), said.get("webhook-timestamp", "")
    key = base64.b64decode(secret[6:]) if secret.startswith("whsec_") else secret.encode()
    digest = hmac.new(key, f"{name}.{moment}.".encode() + body, hashlib.sha256).digest()
    wanted = "v1," + base64.b64encode(digest).decode()
    if not any(hmac.compare_digest(wanted, each) for each in said.get("webhook-signature", "").split()):
        return 401, ""
    if abs(now - int(moment)) > AGE_MAX or not name.isalnum():
        return 400, ""
    return 204, name


class Receiver(BaseHTTPRequestHandler):
    """One address; it answers at once, for what the training makes of it is its own affair."""

    def do_POST(self) -> None:
        """Start the training, once per id, and not on data that is broken."""
        body = self.rfile.read(int(self.headers["content-length"]))
        status, name = answered(dict(self.headers), body, os.environ["WEBHOOK_SECRET"], time.time())
        if name and not json.loads(body)["data"]["hold_training"] and not started(name, body):
            status = 500  # driftline asks again
        self.send_response(status)
        self.end_headers()


def started(name: str, body: bytes) -> bool:
    """Whether the training has been started for this id, now or before."""
    SEEN.mkdir(exist_ok=True)
    try:
        (SEEN / name).touch(exist_ok=False)
    except FileExistsError:
        return True
    try:
        training = subprocess.Popen(sys.argv[2:], stdin=subprocess.PIPE)  # noqa: S603 - what this program was told
    except OSError:
        (SEEN / name).unlink()
        return False
    with training.stdin as given:
        given.write(body)
    return True


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()
