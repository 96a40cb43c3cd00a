"""The pages tell their story without a script, and no name that a publisher chose can become markup."""

import re
from html import escape, unescape
from html.parser import HTMLParser

import msgspec
import numpy as np
import pytest

from sinks.commit import Columns, Commit
from sinks.memory import MemoryStore
from stream.config.settings import MINUTE, Events, Settings
from stream.web.app import Served
from stream.web.page.html import chart, tag
from stream.web.page.status import Model, Status
from tests.stream.web.client import Client, client_over
from tests.stream.web.seeded import (
    DRIFTING,
    ENOUGH_CAME,
    INCIDENT,
    LEARNING,
    SOME_CAME,
    WELL,
    WORDS,
    seeded_commit,
    seeded_status,
    seeded_store,
)

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


def client_of(store: MemoryStore, status: Status, settings: Settings | None = None) -> Client:
    """The application over a store and a status."""
    return client_over(Served.of(store, lambda: status, settings or Settings()))


def stored(rows: dict[str, Columns]) -> MemoryStore:
    """A store with these rows."""
    store = MemoryStore()
    store.write(Commit(1, rows))
    return store


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


def test_each_main_metric_is_drawn_with_its_interval() -> None:
    """Of two classes four, of numbers two; the band lies around the line."""
    for model, expected in ((DRIFTING, ["accuracy", "recall", "precision", "roc_auc"]), (WELL, ["mae", "rmse"])):
        page = page_of(f"/models/{model}")
        assert expected == re.findall(r"<h3>(\w+)</h3><figure>", page)[: len(expected)]
        for i in range(len(expected)):
            low, high, value, limit = (trace["y"] for trace in figure_of(page, f"performance_{i}")["data"])
            assert all(a < b <= c for a, b, c in zip(low, value, high, strict=True))
            assert set(limit) != {None}


def test_provisional_numbers_are_hollow() -> None:
    """Of the windows of which few labels have come the points are open, and their bars pale."""
    page = page_of(f"/models/{DRIFTING}")
    _, _, line, _ = figure_of(page, "performance_0")["data"]
    bars, enough = figure_of(page, "coverage")["data"]
    n = ENOUGH_CAME - SOME_CAME
    assert line["marker"]["symbol"][-n - 1 :] == ["circle", *["circle-open"] * n]
    assert bars["marker"]["color"][-n - 1 :] == ["var(--observed)", *["var(--expected)"] * n]
    assert (bars["y"][-n - 1 :], enough["y"]) == ([0.85, *[0.15] * n], [0.8, 0.8])


def test_a_chosen_metric_stands_alone() -> None:
    """It need not be a main one, and the form keeps it."""
    page = page_of(f"/models/{DRIFTING}?metric=log_loss&length=1h")
    assert ["log_loss", "labelled"] == re.findall(r"<h3>(\w+)</h3>", page)
    assert '<option value="log_loss" selected>' in page
    assert len(figure_of(page, "performance_0")["data"][2]["x"]) == 3


def test_a_page_counts_what_became_of_labels() -> None:
    """Each fate has its number, and its meaning when pointed at."""
    page = page_of(f"/models/{DRIFTING}")
    counts = re.findall(r'<dt title="[^"]{9,}">([\w ]+)</dt><dd>([\d,]+)</dd>', page)
    expected = ["13,600", "160", "80", "120", "40", "200", "0", "40"]
    assert (expected, ("too late", "40")) == ([count for _, count in counts], counts[4])


def test_windows_without_enough_labels_say_so() -> None:
    """Nobody must find out by pointing at each of them."""
    rows = dict(seeded_commit().tables)
    rows["performance"] = {
        name: column[rows["performance"]["status"] == "provisional"] for name, column in rows["performance"].items()
    }
    with client_of(stored(rows), seeded_status()) as client:
        page, first = client.get(f"/models/{DRIFTING}").text, client.get("/").text
    assert ("None of these 5m windows has enough labels yet" in page, ">Performance<" in first) == (True, False)


def test_numbers_of_a_sample_of_ids_say_so() -> None:
    """Beside each number, and how many labels are not in it."""
    rows = dict(seeded_commit().tables)
    for table, column, value in (("performance", "rate", 0.125), ("met", "unsampled", 7)):
        rows[table] = {**rows[table], column: np.full(len(rows[table]["model"]), value)}
    with client_of(stored(rows), seeded_status()) as client:
        page = client.get(f"/models/{DRIFTING}").text
    assert re.search(r"340 of 400 labelled \(1 more repeat others\) in a sample of 1 in 8 ids, in the window to", page)
    assert re.search(r">not in the sample</dt><dd>280</dd>", page)


LABELLED = Settings(events=Events(labels=("outcomes",)))


@pytest.mark.parametrize(
    ("kept", "settings", "sentence"),
    [
        ((), Settings(), "No topic of labels is configured"),
        ((), LABELLED, "No label of this model has come yet. They are expected on outcomes,"),
        (("labels",), LABELLED, "14,000 labels of this model have come, and none has met a prediction"),
        (("labels", "met"), LABELLED, "Labels have met predictions of this model, but nothing is measured yet"),
    ],
)
def test_a_model_without_numbers_says_why(kept: tuple[str, ...], settings: Settings, sentence: str) -> None:
    """No topic, no label, none that fits, or none in such windows: each is another thing to do."""
    left_out = {"labels", "met", "performance"} - set(kept)
    rows = {name: table for name, table in seeded_commit().tables.items() if name not in left_out}
    with client_of(stored(rows), seeded_status(), settings) as client:
        assert sentence in client.get(f"/models/{DRIFTING}").text


def test_the_first_page_tells_how_good_each_model_is() -> None:
    """By its main metric in the newest window with enough labels, and how many there are."""
    told = re.findall(r"<td>(accuracy|mae) [\d.]+ \([\d.]+ to [\d.]+\)<span[^>]*>85% labelled, 5m to", page_of("/"))
    assert told == ["accuracy", "mae"]


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
    assert "that are not counted" not in page_of(f"/models/{DRIFTING}")


def test_hostile_names_stay_text() -> None:
    """A model's, a feature's and a category's name are escaped in markup and in the charts' data."""
    rows = dict(seeded_commit().tables)
    rows["distances"] = {**rows["distances"], "feature": rows["distances"]["feature"].copy()}
    rows["distances"]["feature"][rows["distances"]["feature"] == "amount"] = HOSTILE
    with client_of(stored(rows), Status(models=(Model(HOSTILE),))) as client:
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


def test_the_shortest_windows_that_have_a_verdict_are_shown() -> None:
    """Of little traffic five minutes never have one; what was found in hours would not be seen."""
    commit = seeded_commit()
    windows = dict(commit.tables["windows"])
    windows["verdict"] = np.where(windows["length"] == 5 * MINUTE, "unknown", windows["verdict"])
    store = MemoryStore()
    store.write(Commit(1, {**commit.tables, "windows": windows}))
    with client_of(store, seeded_status()) as client:
        page = client.get(f"/models/{DRIFTING}").text
        asked = client.get(f"/models/{DRIFTING}?length=5m").text
        first = client.get("/").text
    assert '<option value="1h" selected>' in page
    assert '<option value="5m" selected>' in asked
    assert 'of 3 windows of 1h drift"' in first


def test_names_are_categories_and_what_changed_is_said_once() -> None:
    """Features may be called 0, 1, 2; the table names a feature in a column of its own."""
    page = page_of(f"/models/{DRIFTING}")
    axis = figure_of(page, "heatmap")["layout"]["yaxis"]
    assert ("category", axis["tickvals"]) == (axis["type"], axis["ticktext"])
    assert f'<span class="wraps">{WORDS}</span>' in page


def test_the_strip_reaches_as_many_windows_back_of_a_model_with_long_ones() -> None:
    """Not only as far as that of a model with short ones does."""
    commit = seeded_commit()
    windows = dict(commit.tables["windows"])
    long = (windows["model"] == WELL) & (windows["length"] != 5 * MINUTE)
    earlier = np.where(long, 10 * np.cumsum(long[::-1])[::-1] - 10, 0).astype("timedelta64[h]")
    windows |= {name: windows[name] - earlier for name in ("start", "end")}
    kept = long | (windows["model"] == DRIFTING)
    store = MemoryStore()
    store.write(Commit(1, {**commit.tables, "windows": {name: column[kept] for name, column in windows.items()}}))
    with client_of(store, seeded_status()) as client:
        assert 'aria-label="0 of 3 windows of 1h drift"' in client.get("/").text


def test_an_open_incident_says_what_changed_and_how_to_acknowledge_it() -> None:
    """Nobody looks for an id at night; where nothing is open, nothing is said."""
    page = page_of(f"/models/{DRIFTING}")
    assert "drift of amount, by the rule drift (warning)</strong>, open since <time" in page
    assert f"driftline control acknowledge {DRIFTING} {INCIDENT}</code>" in page
    assert "control acknowledge" not in page_of(f"/models/{WELL}")


def test_assets_are_asked_for_by_what_they_are() -> None:
    """Browsers keep them for a day, and two builds may have one release's number."""
    found = re.search(r"/assets/style[.]css[?]([0-9a-f]{12})", page_of("/"))
    assert found is not None
    assert f"/assets/page.js?{found[1]}" in page_of("/")
