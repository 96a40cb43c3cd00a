"""Stands between clients and a broker, and can withhold what clients ask for, by its kind, without a word."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

FETCH = b"\x00\x01"  # Kafka's number for it, with which a request begins
CHUNK = 1 << 16


class Proxy:
    """Passes on what goes between clients and `target`; while `withholding`, no fetch reaches the broker."""

    def __init__(self, port: int, target: int) -> None:
        self.withholding = Event()
        self.withheld = 0
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", port), backlog=128)

    @contextmanager
    def standing(self) -> Iterator[None]:
        """Until the block ends; connections end with either side."""
        Thread(target=self._accept, daemon=True).start()
        try:
            yield
        finally:
            self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                try:
                    broker = socket.create_connection(("127.0.0.1", self._target))
                except OSError:
                    client.close()
                    continue
                for work in (self._ask, self._answer):
                    Thread(target=work, args=(client, broker), daemon=True).start()

    def _ask(self, client: socket.socket, broker: socket.socket) -> None:
        """Requests, each with its length before it."""
        with suppress(OSError), client.makefile("rb") as requests, broker:
            while length := requests.read(4):
                request = requests.read(int.from_bytes(length))
                if self.withholding.is_set() and request.startswith(FETCH):
                    self.withheld += 1
                else:
                    broker.sendall(length + request)
            broker.shutdown(socket.SHUT_RDWR)

    def _answer(self, client: socket.socket, broker: socket.socket) -> None:
        with suppress(OSError), client:
            while answer := broker.recv(CHUNK):
                client.sendall(answer)
            client.shutdown(socket.SHUT_RDWR)
