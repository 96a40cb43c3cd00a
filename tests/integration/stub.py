"""A system that starts runs, on 127.0.0.1: it answers and misbehaves as it is told, and records everything."""

import json
import socket
import ssl
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

from msgspec import Struct

from sinks.dispatch.targets.plans.exchange import Reply, Request

Behaviour = Callable[["Handler", Request], bool]  # whether it has dealt with the request


class Stub:
    """One server. `answer` says what a request gets; `behaves` may do something else instead."""

    def __init__(self, server: ThreadingHTTPServer, scheme: str) -> None:
        self.url = f"{scheme}://127.0.0.1:{server.server_port}"
        self.port = server.server_port
        self.asked: list[Request] = []
        self.answer: Callable[[Request], Reply] = lambda _: Reply(404)
        self.behaves: Behaviour | None = None
        self.over = Event()  # set when the test is: whoever dawdles stops


class Handler(BaseHTTPRequestHandler):
    """Hands requests to the stub."""

    protocol_version = "HTTP/1.1"
    stub: Stub

    def _serve(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, self.rfile.read(length), headers)
        self.stub.asked.append(request)
        with suppress(OSError):
            if self.stub.behaves is None or not self.stub.behaves(self, request):
                self.say(self.stub.answer(request))

    do_GET = do_POST = do_PUT = _serve  # noqa: N815 - as http.server asks for them

    def say(self, reply: Reply) -> None:
        """Send a reply whole."""
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.status != 204:
            self.send_header("content-length", str(len(reply.body)))
        self.end_headers()
        if reply.status != 204:
            self.wfile.write(reply.body)

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


class Tls(Struct, frozen=True):
    """A certificate and its key, as files."""

    certificate: str
    key: str


@contextmanager
def stub(tls: Tls | None = None) -> Iterator[Stub]:
    """A server until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {}))
    server.daemon_threads = True
    server.block_on_close = False
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls.certificate, tls.key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    own = Stub(server, "https" if tls else "http")
    server.RequestHandlerClass.stub = own  # type: ignore[attr-defined]
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield own
    finally:
        own.over.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


def silent(handler: Handler, _request: Request) -> bool:
    """Takes the request and never answers."""
    handler.stub.over.wait(30)
    handler.close_connection = True
    return True


def reset(handler: Handler, _request: Request) -> bool:
    """Breaks the connection by an RST."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    handler.close_connection = True
    return True


def cut(handler: Handler, _request: Request) -> bool:
    """Promises a hundred bytes, sends three, and is gone."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{}{")
    handler.wfile.flush()
    handler.connection.shutdown(socket.SHUT_RDWR)
    handler.close_connection = True
    return True


def slow(handler: Handler, _request: Request) -> bool:
    """Begins a body and never ends it."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{")
    handler.wfile.flush()
    handler.stub.over.wait(30)
    handler.close_connection = True
    return True


def endless(handler: Handler, _request: Request) -> bool:
    """A body without an end, as fast as it is read."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
    with suppress(OSError):
        while not handler.stub.over.is_set():
            handler.wfile.write(b" " * 65_536)
    handler.close_connection = True
    return True


def nonsense(handler: Handler, _request: Request) -> bool:
    """No HTTP at all."""
    handler.wfile.write(b"220 mail.example.com ESMTP\r\n")
    handler.wfile.flush()
    handler.connection.shutdown(socket.SHUT_RDWR)
    handler.close_connection = True
    return True


def as_json(document: object, status: int = 200) -> Reply:
    """A reply with a JSON body."""
    return Reply(status, json.dumps(document).encode(), {"content-type": "application/json"})
