"""`driftline compare`, and docs/compare.md, which is held to its word: its example runs, its tables are complete."""

import json
import re
from pathlib import Path

import duckdb
import pytest

from detectors.conventions import CONVENTIONS
from tests.stream.cli.conftest import Command, Told

TEXT = (Path(__file__).parents[3] / "docs" / "compare.md").read_text(encoding="utf-8")
PLAIN, EVIDENTLY = (call.split() for call in re.findall(r"```console\n\$ driftline (.*?)\n```", TEXT))
DRIFTED = 3


@pytest.fixture(autouse=True)
def files(folder: Path) -> Path:
    """What the page's example writes."""
    exec(compile(re.findall(r"```python\n(.*?)\n```", TEXT, re.DOTALL)[0], "docs/compare.md", "exec"), {})
    return folder


def answer(told: Told) -> dict:
    """The JSON of a comparison that found drift."""
    assert (DRIFTED, "") == (told.code, told.err)
    return json.loads(told.out)


def rounded(score: dict) -> dict:
    """As people write it."""
    return {name: float(f"{value:.3g}") if isinstance(value, float) else value for name, value in score.items()}


def test_the_example_drifted(driftline: Command) -> None:
    """By a picture of each feature, and by the exit code."""
    told = driftline(*PLAIN)
    assert (DRIFTED, "") == (told.code, told.err)
    lines = told.out.splitlines()
    assert "driftline: drifted, 1 of 3 features" == lines[0]
    assert {"amount: drifted", "age: not drifted", "country: not drifted"} <= set(lines)
    assert 6 == sum(line.startswith(("  reference ", "  current ")) for line in lines)


def test_only_what_drifted_is_coloured_so(driftline: Command, folder: Path) -> None:
    """The page of a file beside itself has nothing red."""
    assert 0 == driftline("compare", "january.csv", "january.csv", "--html", "same.html").code
    classes = [found.split() for found in re.findall(r'class="(badge[^"]*)"', (folder / "same.html").read_text())]
    assert [["badge", "not-drifted"]] == classes


@pytest.mark.parametrize("by", ["driftline", "tfdv"])
def test_where_nothing_can_be_judged_the_whole_has_no_verdict(driftline: Command, folder: Path, by: str) -> None:
    """Of one row, or by a tool without limits: it is not called *not drifted*, though the exit code is 0."""
    few = folder / "few.csv"
    few.write_text("amount,age,country\n3.5,40,FR\n")
    told = driftline("compare", "january.csv", few.name, "--html", "few.html", *(("--by", by) if by == "tfdv" else ()))
    assert (0, "") == (told.code, told.err)
    assert f"{by}: no verdict, 0 of 3 features" == told.out.splitlines()[0]
    assert "1 row, 0 % missing" in told.out
    assert "not drifted" not in (folder / "few.html").read_text()


def test_numbers_with_a_decimal_comma_are_no_identifier(driftline: Command, folder: Path) -> None:
    """They are left out, and the reason says what is to be written otherwise."""
    (folder / "comma.csv").write_text("age;amount\n" + "".join(f"{i % 7};{i},5\n" for i in range(200)))
    told = driftline("compare", "comma.csv", "comma.csv")
    assert (0, "") == (told.code, told.err)
    assert "left out: amount (numbers with a decimal comma, such as 0,5)" in told.out


def test_what_surely_changed_is_told_once(driftline: Command, folder: Path) -> None:
    """By the words of the verdict; the greatest changes below are others."""
    for name, shares in (("before", (50, 30, 20)), ("after", (90, 6, 4))):
        countries = [f"{country}\n" * 5 * n for country, n in zip(("FR", "DE", "ES"), shares, strict=True)]
        (folder / f"{name}.csv").write_text("country\n" + "".join(countries))
    told = [line.strip() for line in driftline("compare", "before.csv", "after.csv").out.splitlines()]
    surely = told.index("category FR went from 50 % to 90 %")
    assert ["category DE: 30 % to 6 %", "category ES: 20 % to 4 %"] == told[surely + 1 :]


def test_a_file_beside_itself_is_not_drifted(driftline: Command) -> None:
    """Exit code 0, by ourselves and by every tool but popmon, for which files can be too alike."""
    assert 0 == driftline("compare", "january.csv", "january.csv").code
    for tool in CONVENTIONS:
        told = driftline("compare", "january.csv", "january.csv", "--by", tool, "--json")
        assert (DRIFTED if tool == "popmon" else 0, "") == (told.code, told.err), tool
        assert json.loads(told.out)["dataset"]["by"] == tool


def test_the_json_has_the_documented_shape(driftline: Command) -> None:
    """Ours alone, and beside a tool's."""
    documented = json.loads(re.findall(r"```json\n(.*?)\n```", TEXT, re.DOTALL)[0])
    ours = answer(driftline(*PLAIN, "--json"))
    assert documented.keys() == ours.keys()
    assert documented["dataset"] == ours["dataset"]
    assert documented["rows"] == ours["rows"]
    assert {"amount": {"verdict": {**rounded(ours["features"]["amount"]["verdict"])}}} == documented["features"]
    theirs = answer(driftline(*EVIDENTLY, "--json"))
    assert {"age": ["wasserstein"], "amount": ["wasserstein"], "country": ["jensenshannon"]} == {
        name: [*found] for name, found in theirs["features"].items()
    }
    assert ours["features"] == theirs["driftline"]["features"]


def test_the_form_of_the_files_is_no_matter(driftline: Command, folder: Path) -> None:
    """Parquet, CSV and JSON lines say the same, and events with `features` too."""
    for name in ("january", "february"):
        with duckdb.connect() as connection:
            connection.execute(f"CREATE TABLE t AS FROM read_csv('{folder}/{name}.csv')")
            connection.execute(f"COPY t TO '{folder}/{name}.parquet'")
            connection.execute(f"COPY t TO '{folder}/{name}.jsonl' (FORMAT json)")
        rows = (folder / f"{name}.jsonl").read_text().splitlines()
        events = [f'{{"model": "m", "time": "2026-01-01T00:00:00Z", "features": {row}}}\n' for row in rows]
        (folder / f"{name}-events.jsonl").write_text("".join(events))
    said = [
        answer(driftline("compare", f"january{ending}", f"february{ending}", "--by", "evidently", "--json"))
        for ending in (".csv", ".parquet", ".jsonl", "-events.jsonl")
    ]
    assert all(said[0]["features"] == other["features"] for other in said[1:])
    assert all(said[0]["driftline"] == other["driftline"] for other in said[1:])


def test_measures_and_features_are_chosen(driftline: Command) -> None:
    """By name, in that order; what a type has not is left out."""
    told = answer(driftline(*EVIDENTLY, "--measures", "psi,ks", "--features", "country,amount", "--json"))
    assert {"country": ["psi"], "amount": ["psi", "ks"]} == {name: [*found] for name, found in told["features"].items()}
    every = answer(driftline(*EVIDENTLY, "--measures", "all", "--json"))
    assert 12 == len(every["features"]["amount"])
    mine = answer(driftline(*PLAIN, "--measures", "psi", "--features", "amount", "--json"))
    assert {"amount": ["verdict", "psi"]} == {name: [*found] for name, found in mine["features"].items()}


@pytest.mark.parametrize(
    ("extra", "sentence"),
    [
        (("--measures", "psy"), "driftline has no 'psy'; it has psi"),
        (("--by", "alibi", "--measures", "psi"), "alibi has no 'psi'; it has ks"),
        (("--features", "amout"), "did you mean 'amount'?"),
        (("--by", "nobody"), "'nobody' is not one of"),
        (("--html", "nowhere/x.html"), "cannot be written"),
    ],
)
def test_a_mistake_is_a_sentence(driftline: Command, extra: tuple[str, ...], sentence: str) -> None:
    """Exit code 2."""
    told = driftline("compare", "january.csv", "february.csv", *extra)
    assert 2 == told.code
    assert sentence in " ".join(told.err.replace("│", " ").split())


def test_a_file_that_is_not_there_is_a_sentence(driftline: Command) -> None:
    """With the name that was meant."""
    told = driftline("compare", "january.csv", "februar.csv")
    assert (2, "") == (told.code, told.out)
    assert "did you mean" in told.err


def test_the_page_needs_nothing_else(driftline: Command, folder: Path) -> None:
    """No script, no link; a plot per feature; names are text, whatever is in them."""
    (folder / "odd.csv").write_text("<b>,x\n" + "".join(f"{i},{i % 3}\n" for i in range(200)))
    assert 0 == driftline("compare", "odd.csv", "odd.csv", "--html", "odd.html").code
    page = (folder / "odd.html").read_text(encoding="utf-8")
    assert not re.search(r"<script|<link|<img|https?://|<b>", page)
    assert 2 == page.count("<svg")
    assert DRIFTED == driftline(*EVIDENTLY, "--html", "page.html").code
    page = (folder / "page.html").read_text(encoding="utf-8")
    assert "wasserstein" in page
    assert "kolmogorov_smirnov" in page


def test_every_tool_and_measure_is_documented() -> None:
    """In both tables, with its measures in the first."""
    first, second = re.findall(r"^\| `--by` \|.*?\n\n", TEXT, re.DOTALL | re.MULTILINE)
    assert [*CONVENTIONS] == re.findall(r"^\| `(\w+)` \|", first, re.MULTILINE)
    assert [*CONVENTIONS] == re.findall(r"^\| `(\w+)` \|", second, re.MULTILINE)
    for tool, convention in CONVENTIONS.items():
        (row,) = re.findall(rf"^\| `{tool}` \|(.*)\|$", first, re.MULTILINE)
        assert set(convention.measures) - {"psi"} <= set(re.findall(r"`([\w-]+)`", row)), tool
