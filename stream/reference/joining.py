"""The labels of a reference: a column of their own, or label events that meet the predictions of their id.

They meet as on the stream: of a version's predictions with one id the first counts, of its labels the first by time,
`correct` and `retract` change it. How late a label came does not matter here: all that is known is known.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from stream.encodings.identity import CORRECT, RETRACT
from stream.encodings.times import one as time_of
from stream.reference.categories import categories
from stream.reference.columns import Values, as_objects

NONE = -1


def own(values: Values | None) -> Values | None:
    """The labels of rows as texts, empty where there is none, (n,); None without a column, or where it is empty."""
    if values is None:
        return None
    found = categories(values)
    texts = np.array([text if isinstance(text, str) else "" for text in found.texts], np.object_)
    return None if not any(texts) else texts[found.codes]


def joined(columns: Mapping[str, Values], kind: Values) -> Values | None:
    """The label of each row of a log, (n,): its own, or that of its id among the rows of kind `label`."""
    labels = own(columns.get("label"))
    said = np.flatnonzero(kind == "label")
    if labels is None or not len(said):
        return labels
    n = len(kind)
    ids = _numbers(columns.get("id"), n)
    keys = np.where(ids == NONE, NONE, _numbers(columns.get("model"), n) * n + ids)
    said = said[keys[said] != NONE]
    answers = _answers(keys[said], labels[said], columns, said)
    told = np.flatnonzero((kind != "label") & (keys != NONE))
    versions = _numbers(columns.get("version"), n)
    first = told[np.unique(np.stack((keys[told], versions[told]), axis=1), axis=0, return_index=True)[1]]
    result = labels.copy()
    for i, key in zip(first.tolist(), keys[first].tolist(), strict=True):
        if not result[i]:
            result[i] = answers.get(key, "")
    return result


def _answers(
    keys: NDArray[np.int64], labels: Values, columns: Mapping[str, Values], rows: NDArray[np.intp]
) -> dict[int, str]:
    """What is known in the end of each key."""
    _, place, n = np.unique(keys, return_inverse=True, return_counts=True)
    several = n[place] > 1
    event = as_objects(columns["event"])[rows] if "event" in columns else np.full(len(rows), None)
    several |= (event == CORRECT) | (event == RETRACT)
    answers = dict(zip(keys[~several].tolist(), labels[~several].tolist(), strict=True))
    time = as_objects(columns["time"])[rows] if "time" in columns else np.zeros(len(rows), np.int64)
    places = np.flatnonzero(several).tolist()
    for i in sorted(places, key=lambda i: (_time(time[i]), i)):  # of few: who was labelled twice
        key, now = int(keys[i]), answers.get(int(keys[i]), "")
        if event[i] == RETRACT:
            answers[key] = ""
        elif labels[i] and (event[i] == CORRECT or not now):
            answers[key] = labels[i]
    return answers


def _numbers(values: Values | None, n: int) -> NDArray[np.int64]:
    """A number per distinct text of a column, (n,); NONE where it is missing, or none of the column."""
    if values is None:
        return np.zeros(n, np.int64)
    found = categories(values)
    number_of = {text: i for i, text in enumerate(sorted({text for text in found.texts if isinstance(text, str)}))}
    return found.numbered(number_of, NONE)


def _time(value: object) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return time_of(value) if isinstance(value, int | str) and not isinstance(value, bool) else NONE
