"""The page in a real browser: models are listed, charts are drawn, nothing is loaded from elsewhere."""

import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sinks.memory import MemoryStore
from stream.config.settings import Settings
from stream.web.app import Served
from stream.web.page.status import Status
from stream.web.server import ListenFailed, listen
from tests.stream.web import rollout
from tests.stream.web.seeded import DRIFTING, LEARNING, WELL, seeded_status, seeded_store
from tests.stream.web.served import listening, program

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-component-update",
    "--disable-background-networking", "--disable-sync", "--hide-scrollbars", "--window-size=1400,1800",
    "--virtual-time-budget=8000", "--enable-logging=stderr", "--v=0",
)  # fmt: skip
Browse = Callable[..., str]
CHARTS = [f"performance_{i}" for i in range(4)]  # of two classes
CHARTS += ["coverage", "heatmap", "lines", "bars", "service_0", "service_1", "service_2"]
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The seeded story, served."""
    with listening(Served.of(seeded_store(), seeded_status, Settings())) as address:
        yield address


@pytest.fixture
def browse(tmp_path: Path) -> Browse:
    """Opens a page with further flags; gives what the browser printed, and fails if a script complained."""
    chromium = program("chromium", "chromium")

    def browsed(url: str, *flags: str) -> str:
        command = [chromium, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", *flags, url]
        done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=True)
        assert re.findall(r"CONSOLE.*", done.stderr) == []
        return done.stdout

    return browsed


def drawings(page: str) -> list[str]:
    """The charts in which Plotly has drawn."""
    return re.findall(r'<div[^>]*id="chart-(\w+)"[^>]*>.*?class="main-svg"', page)


def test_the_first_page_lists_all_models(address: str, browse: Browse) -> None:
    """Each model is there with its state, the worst first."""
    page = browse(f"http://{address}/", "--dump-dom")
    states = re.findall(r'class="name">(\w+)</a>.*?class="badge (\w+)"', page)
    assert states == [(DRIFTING, "drifting"), (LEARNING, "learning"), (WELL, "well")]


@pytest.mark.parametrize(("path", "charts"), [(f"/models/{DRIFTING}", CHARTS), (f"/models/{LEARNING}", ["bars"])])
def test_plotly_draws_every_chart(address: str, browse: Browse, path: str, charts: list[str]) -> None:
    """In each place for a chart there is a drawing, made without a complaint in the console."""
    page = browse(f"http://{address}{path}", "--dump-dom")
    assert charts == drawings(page)


def test_versions_side_by_side_are_drawn(browse: Browse) -> None:
    """The difference of two versions, under their performance."""
    settings = rollout.configured(v3=0.5, v4=0.5)
    with listening(Served.of(rollout.rollout((0.9, 0.85)), rollout.status, settings)) as address:
        page = browse(f"http://{address}/models/{rollout.MODEL}", "--dump-dom")
    assert ["performance_0", "coverage", "difference"] == drawings(page)


def test_the_page_refreshes_itself(address: str, browse: Browse) -> None:
    """After ten seconds the page has asked again, kept its charts, and says as of when it is."""
    page = browse(f"http://{address}/models/{DRIFTING}", "--virtual-time-budget=25000", "--dump-dom")
    refreshed = re.findall(r'id="refreshed"[^>]*>as of \d', page)
    assert (len(refreshed), drawings(page)) == (1, CHARTS)


def test_a_screenshot_can_be_taken(address: str, browse: Browse, tmp_path: Path) -> None:
    """The page is painted, in colours of more than one kind."""
    path = tmp_path / "page.png"
    browse(f"http://{address}/models/{DRIFTING}", f"--screenshot={path}")
    assert path.read_bytes().startswith(PNG)
    assert path.stat().st_size > 50_000


def test_a_port_in_use_is_a_sentence(address: str) -> None:
    """Whoever starts a second service is told what to do."""
    with pytest.raises(ListenFailed, match=rf"http.listen: cannot listen on {address} \(Address already in use\); end"):
        listen(address)


def test_a_foreign_address_is_a_sentence() -> None:
    """A name that is not this machine's is told by its name."""
    with pytest.raises(ListenFailed, match=r"http.listen: 'no.such.host.invalid' is not an address of this machine"):
        listen("no.such.host.invalid:0")


def test_an_empty_service_is_served_and_stopped() -> None:
    """Serving ends when it is cancelled, before anything has been seen."""
    with listening(Served.of(MemoryStore(), Status, Settings())) as address:
        assert address.startswith("127.0.0.1:")
