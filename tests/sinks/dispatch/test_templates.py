"""Places are filled once, as data, and a field can neither leave its place nor make another one."""

from sinks.dispatch.targets.plans.templates import NAMES, fields, filled, segment, strangers, text
from tests.sinks.dispatch.entries import MESSAGE, trigger


def test_a_text_that_is_one_place_keeps_the_type_of_the_field() -> None:
    """Lists stay lists; inside of other words they are JSON."""
    known = fields(trigger())
    tree = {"all": "${trigger}", "n": 5, "list": ["${evidence}", "see ${evidence}"], "hold": "${hold_training}"}
    assert {
        "all": MESSAGE,
        "n": 5,
        "list": [MESSAGE["data"]["evidence"], "see " + text("${evidence}", known)],
        "hold": False,
    } == filled(tree, known)
    assert text("${evidence}", known).startswith('[{"detector":"verdict"')


def test_what_is_filled_in_is_not_read_again() -> None:
    """A model may be called `${reason}`."""
    known = fields(trigger(model="${reason} $$ {0} %s"))
    assert "${reason} $$ {0} %s is drift, 5 $" == text("${model} is ${reason}, 5 $$", known)


def test_a_segment_is_left_by_no_name() -> None:
    """Whatever a server decodes."""
    for name, expected in (("a/b", "a_b"), ("../x", ".._x"), ("..", "__"), ("%2e%2e", "_2e_2e"), ("é?#", "___")):
        assert expected == segment("${model}", fields(trigger(model=name)))
    assert "retrain%20_" == segment("retrain ${model}", fields(trigger(model="\n")))


def test_every_name_can_be_filled_whatever_the_trigger_lacks() -> None:
    """A trigger of a later policy, or of an earlier one."""
    for data in ({}, {"fresh_data": None, "reference": "x", "evidence": None}):
        known = fields(trigger(data=data, raw=b"nonsense"))
        assert set(NAMES) == set(known)
        assert isinstance(filled({name: f"${{{name}}}, ${{{name}}}" for name in NAMES}, known), dict)


def test_strangers_are_found_wherever_they_stand() -> None:
    """With the path to them."""
    tree = {"a": ["${model}", {"b": "${who}"}], "c": "$${model}", "d": "${", "e": 5}
    assert [(("a", 1, "b"), "who"), (("d",), "${")] == list(strangers(tree))
