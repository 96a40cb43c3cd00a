"""What a configuration is said to mean follows from its numbers."""

import json

import msgspec
import pytest

from stream.config.digest import digest
from stream.config.parse import parse
from stream.config.settings import Settings
from stream.config.telling import estimate
from stream.config.telling.estimate import Assumed, memory, rows
from stream.config.telling.explain import explain, explanation

FULL = """
kafka: {bootstrap: "kafka:9093", security: {protocol: SASL_PLAINTEXT, username: me, password: env:KAFKA_PASSWORD}}
events: {predictions: [scores], labels: [labels], max_ahead: 10m}
http: {listen: "0.0.0.0:8080"}
defaults: {windows: [1m, 1h], lateness: 3m}
models: {fraud: {segments: [country], features: {a: numeric, b: categorical}, reference: {file: train.parquet}}}
"""


@pytest.mark.parametrize(
    "sentence",
    [
        "Reads predictions and features from scores, and labels from labels, at kafka:9093.",
        "Events are summed in panes of 1m, of which every window is a whole number: the greatest common divisor",
        "A window closes when every partition of its model's topics has reached its end plus 3m.",
        "holds from T, 13 min later",
        "Model fraud: windows (panes) 1m (1), 1h (60); compared with train.parquet; 2 declared features; segments by",
        "Events of a model that nothing fits are rejected.",
        "A label counts for a prediction of the same model and id that is at most 7d away; a window's numbers are",
        "Where more than about 20,000,000 predictions of a model would wait for labels, a sample of ids does",
        "What waits for labels takes up to 1.49 GiB more, at limits.pending",
        "each model may ask for retraining in error about once a month, shared equally by its 2 window lengths",
        "A restart reads at most 14 min of event time again",
        "keeps history for 90d of event time",
        "Kafka: SASL_PLAINTEXT, not encrypted, as me (PLAIN, password from the environment variable KAFKA_PASSWORD).",
        "Warning: the password crosses the network readable",
        "HTTP listens on 0.0.0.0:8080, so other machines can read everything it shows.",
    ],
)
def test_the_consequences_are_said(sentence: str) -> None:
    """A stranger reads what follows from the file, not the file again."""
    spoken = " ".join(sentence for section in explanation(parse(FULL)).sections for sentence in section.sentences)
    assert sentence in spoken


def test_the_text_fits_a_terminal() -> None:
    """At most 100 characters a line."""
    assert max(map(len, explain(explanation(parse(FULL))).splitlines())) <= 100


def test_intended_shares_are_said() -> None:
    """Of the pattern that has them."""
    told = explanation(parse('models: {a: {versions: {shares: {"3": 0.9, "4": 0.1}}}}'))
    spoken = [sentence for section in told.sections for sentence in section.sentences]
    assert "Versions of a are meant to share its traffic like this: 3 0.9, 4 0.1; others are not counted." in spoken


def test_distances_beside_the_verdict_are_said() -> None:
    """Of the pattern that has them, and the rows that they take."""
    text = "defaults: {drift: {measures: [hellinger, wasserstein]}, features: {a: numeric, b: numeric}}"
    spoken = " ".join(sentence for section in explanation(parse(text)).sections for sentence in section.sentences)
    assert "; shown beside the verdict: hellinger, wasserstein; output" in spoken
    found = rows(parse(text))
    assert found.effects == 2 * found.distances
    assert f"{found.distances:,} distances, {found.effects:,} effects." in spoken


def test_moving_references_are_said() -> None:
    """What each window is compared with, how many are kept for it, and which promise nothing."""
    text = "defaults: {windows: [5m, 1h, 1d], reference: {days: 7, previous: 1}}"
    spoken = [sentence for section in explanation(parse(text)).sections for sentence in section.sentences]
    (said,) = (each for each in spoken if each.startswith("Windows of * "))
    assert "5m with the window before and the same 5 minutes of the last 7 days; 1h with the window before" in said
    assert f"At most {14 * (24 * (12 + 1) + 1):,} windows of a version are kept for that." in said
    (warned,) = (each for each in spoken if each.startswith("Warning: "))
    assert warned.startswith("Warning: windows of * of 1d promise no rate of false alarms against those of other days")


def test_a_choice_of_earlier_windows_drops_that_of_the_defaults() -> None:
    """And leaves what cells are made of."""
    text = "models: {a: {reference: {previous: 2}}, b: {reference: {learn: 2d}}}\n"
    text += "defaults: {reference: {file: a.csv, days: 7}}"
    a, b = (model.reference for _, model in parse(text).patterns)
    assert ("a.csv", 2, 0, 0) == (a.file, a.previous, a.days, a.weeks)
    assert ("", 0, 7, 0) == (b.file, b.previous, b.days, b.weeks)


def test_tests_beside_the_verdict_are_said() -> None:
    """What is tested on what, what is a finding, and what it takes; nothing where nobody asked."""
    text = "models: {a: {features: {x: numeric, c: categorical}, drift: {DRIFT}}}"
    plain = parse(text.replace("DRIFT", ""))
    asked = parse(text.replace("DRIFT", "tests: [ks, g], together: [pca], findings: {ks: 0.2}"))
    spoken = [sentence for section in explanation(asked).sections for sentence in section.sentences]
    what = "each feature by ks, g; all numeric features together by pca; numbers on samples of 500 events"
    finding = "An effect of ks above 0.2 that chance seldom makes is a finding; none asks for retraining."
    assert f"Windows of a are tested beside the verdict: {what}. {finding}" in spoken
    assert rows(asked).tested == (5 + 1 + 1) * rows(asked).windows  # four outputs are numbers, too
    assert memory(asked).samples > memory(plain).samples
    assert 0 == rows(plain).tested


def test_what_is_judged_beside_columns_is_said() -> None:
    """Pairs where they are asked for, attributions where they are not read."""
    told = explanation(parse("models: {a: {drift: {pairs: 24}}, b: {drift: {attribution: 0}}}"))
    spoken = [sentence for section in told.sections for sentence in section.sentences]
    assert "Whether features of a still go together is judged: all pairs of at most 24." in spoken
    assert "Attributions of b are not read." in spoken
    assert 2 == sum("go together" in each or "Attributions" in each for each in spoken)


def test_crossed_fields_with_many_values_are_warned_of() -> None:
    """At ten values of each field; and what a condition is, is said."""
    told = explanation(parse("models: {a: {segments: [[x, y], [x, big], {name: big, where: n > 1}]}}"))
    spoken = [sentence for section in told.sections for sentence in section.sentences]
    assert "Segment big of a: events where n > 1." in spoken
    (warned,) = (sentence for sentence in spoken if sentence.startswith("Warning: "))
    assert warned.startswith("Warning: x x y of a may have 100 values, 10 of each field; only the 50 most frequent")
    assert 1 + 50 + 20 + 2 == segment_rows(parse("models: {a: {segments: [[x, y], c, d, {name: b, where: n > 1}]}}"))


def segment_rows(settings: Settings) -> int:
    """Rows of the only model."""
    return estimate.segment_rows(settings, settings.patterns[0][1], estimate.ASSUMED)


def test_metrics_of_a_model_are_said() -> None:
    """As they are written, and what its decisions are worth."""
    text = (
        "models: {a: {output: {worth: {false_negative: -5}}, metrics: {misses: 1 - recall, cost: 5 * false_negatives},"
        " better: {cost: low}}}"
    )
    spoken = [sentence for section in explanation(parse(text)).sections for sentence in section.sentences]
    worth = "true_negative 0, false_positive 0, false_negative -5, true_positive 0"
    assert f"What a decision of a is worth: {worth}." in spoken
    assert (
        "Metrics of a beside those of its kind: cost = 5 * false_negatives (low is better); misses = 1 - recall."
        in spoken
    )


def test_the_worth_of_classes_is_said() -> None:
    """By pairs of what is said and what is true, the first twelve of them."""
    text = "models: {a: {output: {kind: multiclass, worth: {bug: {bug: 1, cost: -3}, cost: {bug: -0.5}}}}}"
    spoken = [sentence for section in explanation(parse(text)).sections for sentence in section.sentences]
    pairs = "bug where bug is true 1, bug where cost is true -3, cost where bug is true -0.5"
    assert f"What a decision of a is worth: {pairs}, all others 0." in spoken
    many = ", ".join(f"c{i}: 1" for i in range(20))
    text = f"models: {{a: {{output: {{kind: multiclass, worth: {{bug: {{{many}}}}}}}}}}}"
    spoken = [sentence for section in explanation(parse(text)).sections for sentence in section.sentences]
    assert any(each.endswith("is true 1, 8 more pairs, all others 0.") for each in spoken)


def test_programs_get_the_numbers() -> None:
    """`--json`: ns and bytes, beside the sentences."""
    decoded = json.loads(msgspec.json.encode(explanation(parse(""))))
    actual = [decoded[key] for key in ("pane", "open_panes", "decision_delay", "reread")]
    assert actual == [300 * 10**9, 3, 600 * 10**9, 720 * 10**9]


def test_memory_is_the_documented_formula() -> None:
    """By hand: 14 open panes, 2 windows, a reference; 11 segment rows; 5 numeric columns and a categorical one.

    Each window and the one before it are followed: a minute in one step, an hour in 20 of three minutes.
    """
    expected = memory(parse(FULL), Assumed(models=10, versions=2, segment_values=10, partitions=3))
    cells = 5 * (38 + 5) + 1 * (100 + 4)
    followed = 2 * (1 + 20) * (5 * 38 + 1 * (100 + 4)) * 2
    assert 1 * 2 * ((11 * cells + 933) * (14 + 2 + 1) * 8 + followed) == expected.summaries
    assert expected.tables == 1 * 2 * 5 * 65_536
    assert expected.samples == 0
    assert expected.buffers == 2 * 3 * 3 * 1024**2
    assert expected.store == 10**9
    parts = expected.process + expected.buffers + expected.store + expected.summaries + expected.tables
    assert parts == expected.total


def test_windows_that_slide_take_their_pieces_and_their_rows() -> None:
    """By hand: 12 pieces packed to 2 bytes a number, one more summary; 288 windows a day, not 24; said in words."""
    plain, slid = (FULL.replace("[1m, 1h]", f"[1m, {one}]") for one in ("1h", "{length: 1h, every: 5m}"))
    numbers = 11 * (5 * (38 + 5) + 1 * (100 + 4))
    more = memory(parse(slid)).summaries - memory(parse(plain)).summaries
    assert numbers * 8 + 933 * 8 + 12 * numbers * 2 == more
    assert 11 * (288 - 24) == rows(parse(slid)).windows - rows(parse(plain)).windows
    told = " ".join(sentence for section in explanation(parse(slid)).sections for sentence in section.sentences)
    assert "windows (panes) 1m (1), 1h every 5m (60)" in told
    assert "A window that slides ends at every whole multiple of its step" in told
    assert digest(parse(plain)) != digest(parse(slid))


def test_the_limits_bound_the_estimate() -> None:
    """Nothing that is expected exceeds what the limits let in."""
    expected = memory(parse(FULL))
    assert expected.total < expected.limit


def test_rows_are_counted_per_day() -> None:
    """1,440 panes and 1,440 + 24 windows a day for each of 11 segment rows, with 6 columns each."""
    expected = rows(parse(FULL))
    assert (expected.panes, expected.windows, expected.distances) == (11 * 1440, 11 * 1464, 11 * 1464 * 6)
    assert expected.kept_bytes == 11 * 1464 * 7 * 90 * 67


def test_a_window_of_a_week_is_not_a_row_a_day() -> None:
    """Ten models close ten of them in seven days: not quite two a day."""
    assert rows(parse("defaults: {windows: [7d]}"), Assumed(models=10)).windows == 2


@pytest.mark.parametrize(
    "change",
    [
        "events: {predictions: [other]}",
        "events: {max_skew: 1m}",
        "events: {max_ahead: 6m}",
        "events: {idle: 1s}",
        "limits: {sample: 9}",
        "defaults: {lateness: 1m}",
        "defaults: {tolerate: 0.1}",
        "defaults: {versions: {shares: {a: 0.5, b: 0.5}}}",  # the journal says since when they hold
        "defaults: {drift: {measures: [hellinger]}}",
        "models: {a: {}}",
        "defaults: {output: {worth: {true_positive: 1}}}",
        "defaults: {metrics: {misses: 1 - recall}}",
        "defaults: {sequential: {errors: [ddm]}}",
        "models: {'*': {}, a: {windows: [7m]}}",
    ],
)
def test_what_influences_results_changes_the_digest(change: str) -> None:
    """Each of these may give other rows from the same log."""
    assert digest(parse("")) != digest(parse(change))


def test_what_makes_no_difference_keeps_the_digest() -> None:
    """Topics and detectors are sets."""
    text = """
    events: {predictions: [a, b]}
    models: {m: {topics: TOPICS, reference: {file: f}, sequential: {errors: CHOSEN}}}
    """
    one = text.replace("TOPICS", "[a, b]").replace("CHOSEN", "[ddm, eddm]")
    other = text.replace("TOPICS", "[b, a]").replace("CHOSEN", "[eddm, ddm, ddm]")
    assert digest(parse(one)) == digest(parse(other))


@pytest.mark.parametrize(
    "change",
    [
        "kafka: {bootstrap: 'a:1', from: latest}",
        "store: {path: x, keep: 30d}",
        "http: {listen: 'a:1'}",
        "topics: {triggers: t}",
        "events: {max_skew: 2m}",
        "defaults: {windows: [1d, 60m, 300s]}",
    ],
)
def test_what_moves_results_keeps_the_digest(change: str) -> None:
    """Brokers, files, ports, and other spellings of the same."""
    assert digest(parse("")) == digest(parse(change))


def test_which_way_a_metric_is_better_keeps_the_digest() -> None:
    """It is in no row: whoever compares asks."""
    text = "defaults: {metrics: {misses: 1 - recall}, better: BETTER}"
    assert digest(parse(text.replace("BETTER", "{misses: low}"))) == digest(parse(text.replace("BETTER", "{}")))


def test_the_digest_is_the_same_tomorrow() -> None:
    """Golden: it is stored beside results, so it must not depend on the process or the order of keys."""
    text = "models: {a: {features: {x: numeric, y: categorical}}}"
    turned = "models: {a: {features: {y: categorical, x: numeric}}}"
    assert digest(parse(text)) == digest(parse(turned))
    assert digest(parse("")) == "blake2b:e3e925bdd790920efb4f8125d5b1fecb"
