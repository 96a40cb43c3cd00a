"""What every process answers to machines, with a store or without."""

from litestar.testing import TestClient

from sinks.prometheus import Exposition, Vitals, of_vitals
from stream.web.health import health_application
from stream.web.operations import Health

REASON = "no monitor has told anything yet"


def test_a_worker_is_alive_and_says_why_it_is_not_ready() -> None:
    """503 with the reason, then 200; nothing else is there."""
    reasons = iter([REASON, ""])
    exposition = Exposition(lambda: of_vitals(Vitals(ready=True)), "1.2.3")
    with TestClient(health_application(Health(lambda: next(reasons), exposition.text))) as client:
        paths = ("/health/live", "/health/ready", "/health/ready", "/v1/models")
        answers = [client.get(path) for path in paths]
        text = client.get("/metrics").text
    assert [200, 503, 200, 404] == [answer.status_code for answer in answers]
    assert {"status": 503, "error": REASON} == answers[1].json()
    assert "driftline_ready 1.0" in text.splitlines()
