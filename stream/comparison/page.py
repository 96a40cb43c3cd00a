"""A comparison as one HTML page that needs nothing else: no script, no style sheet, no picture beside it."""

from collections.abc import Mapping

from msgspec import UNSET

from detectors.conventions import Score
from stream.comparison.answer import Answer
from stream.comparison.own import Own
from stream.comparison.pairs import Pairs
from stream.comparison.picture import of_all, of_feature, verdict
from stream.comparison.shapes import Shape, absent, changes, shape
from stream.web.page.html import Html, badge, join, section, table, tag

WIDTH, HEIGHT, GAP = 22, 120, 5  # of a cell's pair of bars, in user units
STYLE = """
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;color:#222;background:#fff}
section{border:1px solid #ddd;border-radius:8px;padding:0 1rem 1rem;margin:1rem 0}
table{border-collapse:collapse}td,th{text-align:left;padding:.15rem .8rem .15rem 0}caption{display:none}
.badge{border-radius:4px;padding:0 .4rem;background:#e6e6e6}.drifted{background:#c0392b;color:#fff}
.reference{fill:#9aa7b8}.current{fill:#d35400}svg{max-width:100%;height:auto}.note{color:#666}
@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}section{border-color:#444}.badge{color:#222}
.drifted{color:#fff}}
"""


def page(said: Answer, ours: Own, pairs: Pairs, title: str) -> str:
    """The whole page."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"{title} · driftline"),
        tag("style", Html(STYLE)),
    )
    whole = said.dataset
    words = [f"{whole.by}: ", badge(of_all(said))]
    if said.driftline is not UNSET:
        words += [" driftline: ", badge(of_all(said.driftline))]
    features = [_feature(name, scores, said, ours, pairs) for name, scores in said.features.items()]
    left_out = [tag("li", f"{name}: {why}") for name, why in (said.left_out or {}).items()]
    rest = [section("Left out", tag("ul", *left_out))] if left_out else []
    legend = tag("p", "Grey: the reference. Orange: the current file. Shares of the values there are.", class_="note")
    body = tag("body", tag("h1", title), tag("p", *words), legend, *features, *rest)
    return join(Html("<!doctype html>\n"), tag("html", head, body, lang="en"))


def _feature(name: str, scores: Mapping[str, Score], said: Answer, ours: Own, pairs: Pairs) -> Html:
    mine, counted = ours.judged.features[name], ours.counted[name]
    rows = [_row(said.dataset.by, measure, score) for measure, score in scores.items()]
    if said.driftline is not UNSET:
        rows += [_row("driftline", measure, score) for measure, score in mine.items()]
    numbers = table(("by", "measure", "value", "limit", "p", ""), rows, f"{name}: measures")
    drifted = name in ours.judged.dataset.drifted_features
    lines = [tag("li", line) for line in changes(counted)] if drifted else []
    gone = [f"{100 * absent(counts, counted.regular):.3g} %" for counts in (counted.expected, counted.observed)]
    note = f"{of_feature(name, said)}; missing {gone[0]}, now {gone[1]}"
    return section(name, _plot(shape(pairs.columns[name]), name), tag("ul", *lines), numbers, note=note)


def _row(by: str, measure: str, score: Score) -> tuple[str, ...]:
    numbers = ["" if number is None else f"{number:.6g}" for number in (score.value, score.limit, score.p_value)]
    words = score.problem or ("" if score.drifted is None else verdict(score.drifted))
    return (by, measure, *numbers, badge(words) if score.drifted else words)


def _plot(drawn: Shape, name: str) -> Html:
    """Two bars a cell; each says its name and share when pointed at."""
    most = max(drawn.reference.max(initial=0), drawn.current.max(initial=0)) or 1.0
    bars = []
    for i, cell in enumerate(drawn.names):
        for j, (side, share) in enumerate((("reference", drawn.reference[i]), ("current", drawn.current[i]))):
            height = HEIGHT * float(share) / float(most)
            x, y = i * WIDTH + j * (WIDTH - GAP) / 2, HEIGHT - height
            about = tag("title", f"{cell}: {side} {100 * share:.3g} %")
            bars.append(
                tag(
                    "rect",
                    about,
                    class_=side,
                    x=f"{x:g}",
                    y=f"{y:.2f}",
                    width=f"{(WIDTH - GAP) / 2:g}",
                    height=f"{height:.2f}",
                )
            )
    box = f"0 0 {WIDTH * len(drawn.names)} {HEIGHT}"
    ends = f"{drawn.names[0]} … {drawn.names[-1]}" if len(drawn.names) > 1 else "".join(drawn.names)
    picture = tag(
        "svg", *bars, viewBox=box, width=str(WIDTH * len(drawn.names)), role="img", aria_label=f"{name}: shares"
    )
    return tag("figure", picture, tag("figcaption", ends, class_="note"))
