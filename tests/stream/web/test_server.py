"""What holds for every address that is served."""

from http.client import HTTPConnection

import pytest

from sinks.memory import MemoryStore
from stream.config.settings import Settings
from stream.web.app import Served
from stream.web.page.status import Status
from tests.stream.web.served import listening


@pytest.mark.parametrize(("path", "status"), [("/", 200), ("/metrics", 200), ("/v1/models", 200), ("/v1/control", 405)])
def test_a_head_is_answered_as_a_get_without_its_body(path: str, status: int) -> None:
    """With the length that the body would have; and what only a POST may do is refused as ever."""
    with listening(Served.of(MemoryStore(), Status, Settings())) as address:
        connection = HTTPConnection(address, timeout=5)
        answers = []
        for method in ("HEAD", "GET"):  # on one connection: a body too many would be taken for the next answer
            connection.request(method, path)
            answer = connection.getresponse()
            answers.append((answer.status, answer.headers["content-type"], answer.headers["content-length"]))
            body = answer.read()
            assert (method == "GET") == bool(body)
        connection.close()
    assert answers[0] == answers[1]
    assert status == answers[0][0]
