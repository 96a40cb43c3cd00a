"""Policies in the file: mistakes with their place, and sentences that say what they mean."""

import pytest

from stream.config.parse import ConfigurationError, parse
from stream.config.telling.explain import explanation

HEAD = "events: {predictions: [a], labels: [b]}\nmodels:\n  shop:\n    policy:\n      "
RULE = "rules: [{name: a, when: X}]"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (RULE.replace("X", "{drift: {}, quality: {}}"), "2 of them"),
        (RULE.replace("X", "{}"), "0 of them"),
        (RULE.replace("X", "{all: [{drift: {}}, {any: [{}]}]}"), "when.all[1].any[0]"),
        (RULE.replace("X", "{not: {drift: {}}}"), "only has `not`"),
        (RULE.replace("X", "{at_least: 3, of: [{drift: {}}, {quality: {}}]}"), "at most 2"),
        (RULE.replace("X", "{at_least: 3}"), "together with of"),
        (RULE.replace("X", "{drift: {for: 6 of 5 windows}}"), "k of n windows"),
        (RULE.replace("X", "{drift: {open: 0.5}}"), "1 or more"),
        (RULE.replace("X", "{drift: {open: 1.5, close: 2}}"), "from 1 to `open`"),
        (RULE.replace("X", "{drift: {window: 7m}}"), "one of the model's windows"),
        (RULE.replace("X", "{latency: {quorum: 0.5}}"), "only in drift and quality"),
        (RULE.replace("X", "{drfit: {}}"), "drift"),
        ("rules: [{when: {drift: {}}}, {when: {drift: {}}}]", "rule"),
        ("schedules: [{name: a}]", "either cron or events"),
        ("schedules: [{name: a, cron: '0 0 30 2 *'}]", "whose day comes"),
        ("maintenance: [{from: 2026-01-01T00:00:00Z}]", "from and to, or cron and for"),
        ("maintenance: [{from: 2026-01-02T00:00:00Z, to: 2026-01-01T00:00:00Z}]", "after `from`"),
        ("maintenance: [{from: 2026-01-02, to: 2026-01-03}]", "with its zone"),
        ("targets: {fatal: [airflow]}", "warning, critical, schedule or manual"),
    ],
)
def test_mistakes_are_told(text: str, expected: str) -> None:
    """Where they are, and what would be right."""
    with pytest.raises(ConfigurationError) as caught:
        parse(HEAD + text)
    assert expected in str(caught.value)
    assert "models.shop.policy" in str(caught.value)


DISPATCHED = "dispatch: {targets: [{kind: webhook, name: hook, url: 'https://a.example.com', secret: 'env:S'}]}\n"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("rules: [{name: a, when: {drift: {}}, targets: [hook, hok]}]", "rules[0].targets[1]"),
        ("schedules: [{name: a, events: 9, targets: [hok]}]", "schedules[0].targets[0]"),
        ("targets: {critical: [hok]}", "targets.critical[0]"),
    ],
)
def test_a_misspelt_target_is_a_mistake(text: str, place: str) -> None:
    """Nobody would start a run for it, and nobody would say so."""
    with pytest.raises(ConfigurationError) as caught:
        parse(DISPATCHED + HEAD + text)
    assert f"models.shop.policy.{place}: expected hook, found hok; did you mean hook?" in str(caught.value)


def test_a_target_of_another_dispatcher_is_named() -> None:
    """It may be meant; who reads what the file means sees it."""
    for text, named in (("targets: {critical: [pager], manual: [hook]}", True), ("targets: {manual: [hook]}", False)):
        sections = explanation(parse(DISPATCHED + HEAD + text)).sections
        spoken = " ".join(sentence for section in sections for sentence in section.sentences)
        assert named == ("Not among them: pager; triggers for these wait for a dispatcher that has them." in spoken)


def test_without_labels_a_rule_of_performance_is_a_mistake() -> None:
    """It would never hold."""
    with pytest.raises(ConfigurationError) as caught:
        parse(HEAD.replace(", labels: [b]", "") + RULE.replace("X", "{performance: {}}"))
    assert "topics of labels under `events`" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{}", "drift of what the model says or drift of attributions in 2 of 3 windows opens an incident (warning)"),
        ("{}", "worse performance in 2 of 3 windows opens one (critical) and asks for retraining, not again for 1d"),
        ("{targets: {critical: [pager]}}", "not again for 1d, for pager."),
        (
            "{rules: [{name: a, when: {all: [{drift: {feature: am*}}, {not: {quality: {}}}]}}]}",
            "a: drift of a feature like am* in 2 of 3 windows and no [broken input in 2 of 3 windows] opens an",
        ),
        (
            "{rules: [{name: a, when: {drift: {for: 1 of 3 windows}}}]}",
            "is kept by drift in 2 of 3 windows (`trigger`); a asks for less, and may be wrong more often.",
        ),
        ("{schedules: [{name: a, events: 5000}]}", "a: asks for retraining every 5,000 events."),
        (
            "{maintenance: [{cron: 0 2 * * *, for: 1h}]}",
            "nothing is asked for 1h from each 0 2 * * * on (maintenance).",
        ),
    ],
)
def test_check_says_what_a_policy_does(text: str, sentence: str) -> None:
    """In sentences for a stranger."""
    sections = explanation(parse(HEAD.replace("policy:\n      ", f"policy: {text}"))).sections
    spoken = " ".join(sentence for section in sections if section.title == "Policy" for sentence in section.sentences)
    assert sentence in spoken
