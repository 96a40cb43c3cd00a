"""The table of kinds: whoever finds something is in it, under a name that the configuration knows."""

from stream.config.sections.policy import KINDS
from stream.monitor.acting import sighted
from stream.monitor.acting.triggers import REASONS
from stream.monitor.estimates import decay
from stream.monitor.labels import charts
from stream.monitor.performance import fairness, groups, selecting, standards
from stream.monitor.service import served, serving
from stream.monitor.verdicts import tested
from stream.plan import LATENCY, OUTPUTS, PREDICTION


def test_the_table_has_the_names_of_the_detectors() -> None:
    """They are written there, because everything that finds imports it."""
    finding = (standards, charts, decay, fairness, selecting, tested)
    assert {one.DETECTOR for one in finding} | {groups.WEAKEST} <= sighted.OF_DETECTOR.keys()
    assert (charts.DETECTOR, charts.FEATURE, served.DETECTOR) == (sighted.CHART, sighted.ERRORS, sighted.SERVICE)
    assert {f"service:{served.TRAFFIC}", f"service:{served.FAILING}", *OUTPUTS} == sighted.OF_FEATURE.keys()


def test_every_kind_is_one_of_the_configuration_and_has_a_reason() -> None:
    """So no finding falls through."""
    named = {*sighted.OF_DETECTOR.values(), *sighted.OF_FEATURE.values(), "drift", sighted.QUALITY}
    assert named | {"attribution"} == {*KINDS} == {*REASONS}
    assert {"latency", "errors", "traffic"} == {sighted.of_service(metric) for metric in serving.JUDGED}
    assert ("latency", "prediction_drift") == tuple(sighted.kind_of("verdict", name) for name in (LATENCY, PREDICTION))
