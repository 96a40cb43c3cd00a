"""What is said of a change beside the verdict: the section `drift` of a model."""

from msgspec import Struct

from stream.config.sections.kinds import Count, Couples, Positive, Share, Text


class Drift(Struct, frozen=True, forbid_unknown_fields=True):
    """What is said of a change beside the verdict."""

    measures: tuple[Text, ...] = ()  # distances that are kept and shown, and judge nothing
    limits: dict[str, Positive] = {}  # distances that judge: above, all events of a feature have drifted
    tests: tuple[Text, ...] = ()  # two-sample tests of each feature
    together: tuple[Text, ...] = ()  # of all numeric features together
    sample: Count = 500  # events of a window, and of the reference, whose values these tests are given
    findings: dict[str, Positive] = {}  # by test, of its effect: what surely exceeds one is a finding
    pairs: Couples = 0  # of how many numeric features it is judged whether they still go together
    attribution: Share = 0.9  # how well the order of attributions agrees with the reference's, at least; 0: not read
