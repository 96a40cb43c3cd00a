"""A plan as a file of its own, so that a reference is built once and used in many places."""

import hashlib
from dataclasses import replace

import msgspec

from stream import plan as plans
from stream.answers.chosen import answers_of
from stream.config.sections.segments import Segment
from stream.config.settings import Model
from stream.plan import Plan
from stream.reference.problem import ReferenceProblem
from stream.segments.fields import SegmentField

FORMAT = "driftline plan 1"
ENDING = ".driftline.json"


def save(plan: Plan) -> bytes:
    """The plan as a JSON document that says what it is, with a hash that shows whether it is whole."""
    return msgspec.json.encode({"format": FORMAT, "id": plan.id, "plan": msgspec.Raw(plan.body)}) + b"\n"


def load(document: bytes, source: str) -> Plan:
    """The plan that was saved; it may have been laid out anew. ReferenceProblem where it is none, or was changed."""
    try:
        saved = msgspec.json.decode(document)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ReferenceProblem(f"{source} is no JSON: {error}") from None
    if not isinstance(saved, dict) or saved.get("format") != FORMAT:
        raise ReferenceProblem(
            f"{source} is no saved plan; expected format {FORMAT!r}, as `driftline reference build` writes"
        )
    body = msgspec.json.encode(saved.get("plan"))
    if hashlib.blake2b(body, digest_size=8).hexdigest() != saved.get("id"):
        raise ReferenceProblem(f"{source} was changed after it was saved; build it again")
    return Plan.load(body)


def adopted(plan: Plan, model: str, settings: Model, *, since: int, source: str) -> Plan:
    """A saved plan for a model from `since` on. ReferenceProblem where the configuration asks for what it has not."""
    kinds = dict.fromkeys(plan.grid.numeric, "numeric") | dict.fromkeys(plan.grid.categorical, "categorical")
    for name, kind in settings.features.items():
        if kinds.get(name) != kind:
            found = f"has it {kinds[name]}" if name in kinds else "does not have it"
            raise ReferenceProblem(f"feature {name!r} is declared {kind}, but {source} {found}; build it again")
    features = {name for name in kinds if plans.is_feature(name)}
    if settings.features and features != settings.features.keys():
        extra = ", ".join(sorted(features - settings.features.keys()))
        raise ReferenceProblem(f"{source} watches features that are not declared: {extra}; build it again")
    built, asked = (", ".join(map(_written, each)) or "none" for each in (plan.segments, settings.segments))
    if {*map(_written, plan.segments)} != {*map(_written, settings.segments)}:
        raise ReferenceProblem(
            f"{source} was built for segments {built}, the configuration has {asked}; build it again"
        )
    answers = answers_of(settings, plan)
    if plan.truth is not None and (answers is None or answers.about != plan.truth.answers):
        asked = "none" if answers is None else answers.about
        counted = f"labels of {source} were counted as {plan.truth.answers}"
        raise ReferenceProblem(f"{counted}, the configuration has {asked}; build it again")
    names = dict.fromkeys((*plan.inferred, *plan.grid.columns))  # in the order in which they were inferred
    inferred = tuple(name for name in names if name not in settings.features)
    return replace(plan, model=model, since=since, source=source, inferred=inferred, sample=0)


def _written(segment: SegmentField | Segment | str) -> str:
    """What tells events apart, with the fields that are crossed, or the condition."""
    if isinstance(segment, str):
        return segment
    if isinstance(segment, SegmentField):
        segment = Segment(segment.name, tuple(part.name for part in segment.crossed), segment.where)
    about = segment.where or ", ".join(segment.crossed)
    return f"{segment} ({about})" if about else str(segment)
