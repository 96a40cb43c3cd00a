"""The pages tell their story without a script, and no name that a publisher chose can become markup."""

import re
from html import escape, unescape
from html.parser import HTMLParser

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from sinks.commit import Commit
from sinks.memory import MemoryStore
from stream.config.settings import Events, Settings
from stream.web.app import application
from stream.web.html import chart, tag
from stream.web.status import Model, Status
from tests.stream.web.seeded import DRIFTING, LEARNING, WELL, WORDS, seeded_commit, seeded_status, seeded_store

HOSTILE = "</script><img src=x onerror=alert(1)>"
VOID = {"meta", "link", "img"}


class Outline(HTMLParser):
    """Which elements a page has, and whether each is closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what opens, and what it loads."""
        if tag not in VOID:
            self.open.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "action")]

    def handle_endtag(self, tag: str) -> None:
        """Close the innermost element, which must be this one."""
        assert tag == self.open.pop()


def client_of(store: MemoryStore, status: Status, settings: Settings | None = None) -> TestClient[Litestar]:
    """The application over a store and a status."""
    return TestClient(application(store, lambda: status, settings or Settings()))


def page_of(path: str) -> str:
    """A page of the seeded story."""
    with client_of(seeded_store(), seeded_status()) as client:
        answer = client.get(path, headers={"accept": "text/html"})
    assert answer.headers["content-type"].startswith("text/html")
    return answer.text


def figure_of(page: str, name: str) -> dict[str, object]:
    """The data of a chart, as the script reads it."""
    found = re.search(rf'id="figure-{name}">(.*?)</script>', page)
    assert found, name
    return msgspec.json.decode(found[1])


@pytest.mark.parametrize("path", ["/", f"/models/{DRIFTING}", f"/models/{LEARNING}", "/models/nobody"])
def test_pages_are_well_formed_and_load_nothing_from_elsewhere(path: str) -> None:
    """Every element is closed, and every address is this service's own."""
    outline = Outline(page_of(path))
    assert (outline.open, [link for link in outline.links if not link.startswith(("/", "?", "#"))]) == ([], [])


def test_the_worst_model_stands_first() -> None:
    """Drifting before learning before well."""
    names = re.findall(r'class="name">(\w+)<', page_of("/"))
    assert names == [DRIFTING, LEARNING, WELL]


def test_learning_shows_how_far_it_is() -> None:
    """The bar has its share, the words have the hours."""
    page = page_of("/")
    assert ('aria-valuenow="38"' in page, "9.0 of 24.0 h learned" in page) == (True, True)


def test_no_model_yet_says_what_to_publish_and_where() -> None:
    """An empty page is an instruction, with the configured topic."""
    settings = Settings(events=Events(predictions=("scores",)))
    with client_of(MemoryStore(), Status(ready=True, reason=""), settings) as client:
        page = client.get("/").text
    assert ("No model has been seen yet" in page, "<code>scores</code>" in page) == (True, True)


def test_a_problem_is_said_on_top() -> None:
    """A broker that is down is the first thing on the page."""
    with client_of(MemoryStore(), Status(problem="the broker kafka:9092 does not answer")) as client:
        page = client.get("/").text
    assert page.count('role="alert"><strong>Needs attention: </strong>the broker kafka:9092 does not answer') == 1


def test_a_model_whose_windows_are_open_says_what_it_waits_for() -> None:
    """Watching without a closed window is explained, not left blank."""
    status = Status(models=(Model("fraud", ("3",), "watching", 1.0),))
    with client_of(MemoryStore(), status) as client:
        assert "No window has closed yet" in client.get("/models/fraud").text


def test_the_heatmap_puts_the_drifting_feature_on_top() -> None:
    """Plotly draws upwards, so the last row is the one that people read first."""
    trace = figure_of(page_of(f"/models/{DRIFTING}"), "heatmap")["data"][0]
    assert (trace["y"][-1], trace["z"][-1][-10:]) == ("amount", [3.0] * 10)


def test_the_page_chooses_the_feature_that_drifts_most() -> None:
    """Without a choice, the chart over time is of the feature furthest beyond its limit."""
    page = page_of(f"/models/{DRIFTING}")
    assert (page.count("<h2>amount over time</h2>"), WORDS in page) == (1, True)


def test_a_chosen_feature_and_length_are_shown() -> None:
    """What a reader chooses in the form is what the charts show."""
    page = page_of(f"/models/{DRIFTING}?feature=country&length=1h")
    ends = figure_of(page, "lines")["data"][0]["x"]
    assert (ends[0], len(ends), "<h2>country over time</h2>" in page) == ("2026-11-20T13:00:00Z", 3, True)


def test_the_distribution_so_far_is_drawn_while_learning() -> None:
    """The sample's shares are there before any window is."""
    (bars,) = figure_of(page_of(f"/models/{LEARNING}?feature=country"), "bars")["data"]
    assert ({"FR", "DE", "IT", "ES", "PL"}, 1.0) == (set(bars["customdata"]), round(sum(bars["y"]), 9))


def test_fields_that_nobody_watches_are_named() -> None:
    """With the share of the events that carry them; a model without such fields has no such list."""
    assert re.search(r"features\.amuont</t[hd]><td[^>]*>50\.0%", page_of(f"/models/{WELL}"))
    assert "not counted" not in page_of(f"/models/{DRIFTING}")


def test_hostile_names_stay_text() -> None:
    """A model's, a feature's and a category's name are escaped in markup and in the charts' data."""
    rows = dict(seeded_commit().tables)
    rows["distances"] = {**rows["distances"], "feature": rows["distances"]["feature"].copy()}
    rows["distances"]["feature"][rows["distances"]["feature"] == "amount"] = HOSTILE
    store = MemoryStore()
    store.write(Commit(1, rows))
    with client_of(store, Status(models=(Model(HOSTILE),))) as client:
        pages = [client.get(path).text for path in ("/", f"/models/{DRIFTING}")]
    assert [page.count("<img src=x") for page in pages] == [0, 0]


@pytest.mark.parametrize("name", [HOSTILE, "team/fraud", "50 % off?", "Übung#1"])
def test_every_name_has_its_page(name: str) -> None:
    """The first page's link leads to the model, whatever it is called."""
    with client_of(MemoryStore(), Status(models=(Model(name),))) as client:
        (link,) = re.findall(r'<a href="([^"]+)" class="name">', client.get("/").text)
        page = client.get(unescape(link))
    assert (page.status_code, f"<h1>{escape(name)}</h1>" in page.text) == (200, True)


def test_a_chart_carries_data_that_cannot_end_its_script() -> None:
    """The data reads back as it was, without any opening bracket."""
    figure = {"data": [{"x": [HOSTILE]}]}
    markup = chart("any", figure, "a chart")
    assert figure == figure_of(markup, "any")


def test_attributes_are_escaped_and_left_out_when_false() -> None:
    """Quotes cannot end an attribute; False leaves it out, True needs no value."""
    assert tag("a", "x", href='"><b>', hidden=False, download=True) == '<a href="&quot;&gt;&lt;b&gt;" download>x</a>'


@pytest.mark.parametrize("path", ["/assets/style.css", "/assets/page.js", "/assets/icon.svg", "/assets/plotly.min.js"])
def test_assets_are_served_and_cached(path: str) -> None:
    """What the page loads is there, may be kept for a day, and only this service's scripts may run."""
    with client_of(MemoryStore(), Status()) as client:
        answer = client.get(path)
    policy = answer.headers["content-security-policy"]
    assert (
        answer.status_code,
        answer.headers["cache-control"],
        "script-src 'self';" in policy,
    ) == (200, "max-age=86400", True)
