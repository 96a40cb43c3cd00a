"""From text to settings: merging, patterns, panes, onboarding."""

from itertools import count
from math import gcd

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.config.panes import MILLISECOND, decision_delay, open_panes, pane, reread
from stream.config.parse import onboarding, parse
from stream.config.sections.references import Reference
from stream.config.settings import DAY, HOUR, MINUTE, PANE_MAX, SECOND, Model, Settings


def model(text: str, name: str) -> Model:
    """The settings of a model that has some."""
    found = parse(text).model(name)
    assert found is not None
    return found


@pytest.mark.parametrize("text", ["", "\n# nothing\n", "~", "{}", "kafka:\nmodels:\n", "models: {}", "models: {'*': }"])
def test_nothing_said_is_the_defaults(text: str) -> None:
    """Empty files and sections whose keys are all commented out mean what driftline ships."""
    assert Settings() == parse(text)


def test_models_are_merged_over_the_defaults_key_by_key() -> None:
    """Nested sections too: what a model does not say is the defaults'."""
    text = """
    defaults: {tolerate: 0.1, trigger: {of: 7, cooldown: 1h}, output: {threshold: 0.9}}
    models: {a: {trigger: {windows: 5}, output: {kind: binary}}}
    """
    merged = model(text, "a")
    expected = (0.1, 5, 7, HOUR, "binary", 0.9)
    actual = merged.tolerate, merged.trigger.windows, merged.trigger.of, merged.trigger.cooldown
    assert expected == (*actual, merged.output.kind, merged.output.threshold)


def test_features_replace_those_of_the_defaults() -> None:
    """They are names of the user's, not keys of ours."""
    text = "defaults: {features: {a: numeric}}\nmodels: {m: {features: {b: categorical}}}"
    assert model(text, "m").features == {"b": "categorical"}


@pytest.mark.parametrize(
    ("defaults", "own", "expected"),
    [
        ("{file: f}", "{learn: 1h}", Reference(learn=HOUR)),
        ("{learn: 1h}", "{file: f}", Reference(file="f", learn=HOUR)),
        ("{file: f}", "{}", Reference(file="f")),
        ("{learn: 1h}", "{}", Reference(learn=HOUR)),
    ],
)
def test_a_reference_of_its_own_takes_the_place_of_the_defaults(defaults: str, own: str, expected: Reference) -> None:
    """It is a choice: naming one of the two drops the other."""
    text = f"defaults: {{reference: {defaults}}}\nmodels: {{a: {{reference: {own}}}}}"
    assert expected == model(text, "a").reference


def test_exact_names_come_first_then_longer_patterns() -> None:
    """Whatever their order in the file."""
    settings = parse("models: {'*': , 'fraud-*': , b: , 'fraud-eu-*': , a: , '?': }")
    expected = ["a", "b", "fraud-eu-*", "fraud-*", "*", "?"]
    assert expected == [name for name, _ in settings.patterns]


def test_a_model_that_nothing_fits_has_no_settings() -> None:
    """Only a `*` watches models that are not named."""
    assert parse("models: {a: {}}").model("b") is None


def test_texts_mean_what_their_key_says() -> None:
    """YAML 1.1 would make a boolean, a number in base 60 and a float of them."""
    assert model("models: {a: {segments: [NO, 1:30, 1e3]}}", "a").segments == ("NO", "1:30", "1e3")
    assert model("models: {007: {tolerate: 0.5}}", "007").tolerate == 0.5


def test_windows_ascend() -> None:
    """Their order in the file means nothing, so it is lost."""
    assert model("models: {a: {windows: [1d, 1m, 60m]}}", "a").windows == (MINUTE, HOUR, DAY)


@pytest.mark.parametrize(
    ("windows", "expected"),
    [
        ("5m, 1h, 1d", 5 * MINUTE),
        ("1h", 5 * MINUTE),
        ("7m", 210 * SECOND),
        ("7m, 1h", MINUTE),
        ("1d", 5 * MINUTE),
        ("90s, 1h", 90 * SECOND),
        ("500ms, 1s", SECOND // 2),
    ],
)
def test_the_pane_is_derived_from_all_windows(windows: str, expected: int) -> None:
    """The greatest common divisor, cut into equal pieces of at most five minutes."""
    assert expected == parse(f"defaults: {{windows: [{windows}]}}").pane


def test_the_pane_serves_every_model() -> None:
    """One pane for the service: a length of one model shortens it for all."""
    settings = parse("models: {a: {windows: [7m]}, b: {windows: [10m]}}")
    assert settings.pane == MINUTE


@given(st.lists(st.integers(1, 31 * 86_400_000), min_size=1, max_size=12))
def test_every_window_is_a_whole_number_of_panes(milliseconds: list[int]) -> None:
    """Law: the pane divides every length, and is the longest that does within five minutes, unless none is whole."""
    lengths = [n * MILLISECOND for n in milliseconds]
    shared = gcd(*lengths)
    n = next(n for n in count(1) if shared <= n * PANE_MAX)
    if shared % (n * MILLISECOND):
        with pytest.raises(ValueError, match="whole number of milliseconds"):
            pane(lengths)
    else:
        assert shared // n == pane(lengths)


def test_what_follows_from_the_pane() -> None:
    """Pane 5m, lateness 2m, max_ahead 5m: 7m ahead are two panes begun, beside the one that is closing."""
    settings = Settings()
    assert (open_panes(settings), decision_delay(settings), reread(settings)) == (3, 10 * MINUTE, 12 * MINUTE)


def test_onboarding_needs_no_file() -> None:
    """Topics and brokers from the command line, all else as shipped."""
    settings = onboarding(["a", "b"], "broker:9092", labels=["c"])
    assert settings.events.labels == ("c",)
    assert (settings.events.predictions, settings.kafka.bootstrap) == (("a", "b"), "broker:9092")
    assert Settings().patterns == settings.patterns


def test_onboarding_hears_the_environment() -> None:
    """What is typed counts more; what is not typed comes from the variables."""
    environment = {"DRIFTLINE_KAFKA_BOOTSTRAP": "other:1", "DRIFTLINE_STORE_PATH": "x.duckdb"}
    assert onboarding(["a"], "", environment).kafka.bootstrap == "other:1"
    settings = onboarding(["a"], "typed:1", environment)
    assert (settings.kafka.bootstrap, settings.store.path) == ("typed:1", "x.duckdb")
