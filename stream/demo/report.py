"""What the audience sees: event time passing, then what was planted, what was found, and what to open next."""

import json
import sys
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from stream.demo.changes import CONCEPTS, PLANTED, STORY_H
from stream.demo.child import Child
from stream.demo.outcome import Discovery, Fall, Measured, Recovery, Told, spelled
from stream.demo.stage import Performance, Scene

# Asked of the store that a demo leaves behind. No quotes in it, so that any shell takes it.
QUESTION = "SELECT model, feature, length, excess FROM latest WHERE excess > 1 ORDER BY excess DESC"
# By hour of the story: what is planted, for people.
ANNOUNCED = sorted(
    [(change.begin_h, f"{change.model}.{change.feature}: {change.words}") for change in PLANTED]
    + [(concept.begin_h, f"{concept.model}, in its labels: {concept.words}") for concept in CONCEPTS]
)


class Screen:
    """Live progress on a terminal, from `with` to the end of the block."""

    def __init__(self, console: Console) -> None:
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        self._progress = Progress(*columns, console=console, transient=True)
        self._task = self._progress.add_task("starting a broker and the service", total=STORY_H)
        self._announced, self._retrained = 0, False

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._progress.stop()

    def show(self, scene: Scene) -> None:
        """Show how far it is, and what has happened since."""
        if not scene.watermark_ms:
            return
        story_h = (scene.watermark_ms - scene.world.start_ms) / scene.world.hour_ms
        words = f"{clock(scene.watermark_ms)}  {scene.n_published:,} events published"
        self._progress.update(self._task, completed=story_h, description=words)
        happened = [
            (scene.world.start_ms + round(begin_h * scene.world.hour_ms), f"[yellow]planted[/]  {words}")
            for begin_h, words in ANNOUNCED[self._announced :]
            if begin_h <= story_h
        ]
        self._announced += len(happened)
        if scene.retrained is not None and not self._retrained:
            made, self._retrained = scene.retrained, True
            words = f"{made.model} is fitted anew on {made.rows:,} labelled tickets: version {made.version}"
            happened.append((made.from_ms, f"[green]retrained[/] {words} from {clock(made.from_ms)} on"))
        happened += [(told.end_ms, f"[red]incident[/] {told.model}, by {told.feature}") for told in scene.opened]
        for at_ms, line in sorted(happened):
            self._progress.console.print(f"{clock(at_ms)}  {line}")


def clock(time_ms: int) -> str:
    """Event time for people."""
    return datetime.fromtimestamp(time_ms / 1_000, UTC).strftime("%a %H:%M")


def tell(performance: Performance, console: Console) -> None:
    """The tables, and the verdict in one sentence."""
    outcome = performance.outcome
    planted = Table("Planted", "Found", "After", title="Planted and found, in event time", show_lines=True)
    for discovery in outcome.discoveries:
        planted.add_row(*_row(discovery))
    for fall in outcome.falls:
        planted.add_row(*_fallen(fall))
    if performance.recovery is not None:
        planted.add_row(*_recovered(performance.recovery))
    console.print(planted)
    triggers = Table("Model", "Version", "At", "Id", "Delivered", title="Triggers: requests to retrain")
    for row in performance.triggers:
        at = datetime.fromisoformat(row["at"]).strftime("%a %H:%M")
        triggers.add_row(row["model"], row["version"], at, row["id"], "yes" if row["delivered"] else "no")
    console.print(triggers)
    for told in outcome.claims:
        console.print(f"[red]claimed of a model that was well:[/] {_told(told)}")
    for told in outcome.strays:
        console.print(f"a single finding of a model that was well, below what opens an incident: {_told(told)}")
    good = "[green]all changes found, nothing claimed of what was well, and what was retrained is well again[/]"
    bad = "[red]not as it should be[/]"
    events = f"{performance.n_published:,} events, {performance.n_broken} of them broken"
    console.print(f"{events}, in {performance.seconds:.0f} s: {good if performance.good else bad}")


def open_next(child: Child, console: Console, *, running: bool) -> None:
    """What to look at now."""
    if running:
        console.print(f"The page: {child.address}  for Prometheus: {child.address}/metrics")
        console.print(
            f"The store, which the service owns while it runs: {child.store}. Ctrl-C ends it.", soft_wrap=True
        )
        return
    console.print("`driftline demo --keep-running` leaves the page up. What was found stays in a DuckDB file; try")
    code = f"import duckdb; duckdb.connect('{child.store}').sql('{QUESTION}').show()"
    console.print(f'  {sys.executable} -c "{code}"', soft_wrap=True, highlight=False, markup=False)


def document(performance: Performance) -> str:
    """The same as JSON, for a program."""
    outcome = performance.outcome
    whole: dict[str, Any] = {
        "seed": performance.world.seed,
        "good": performance.good,
        "planted": [
            {
                "model": discovery.change.model,
                "feature": discovery.change.feature,
                "kind": discovery.change.kind,
                "words": discovery.change.words,
                "at_ms": discovery.begin_ms,
                "found": discovery.first is not None,
                "after_ms": discovery.delay_ms,
                "detector": discovery.first.detector if discovery.first else None,
                "finding": discovery.first.words if discovery.first else None,
            }
            for discovery in outcome.discoveries
        ],
        "performance": [
            {
                "model": fall.concept.model,
                "words": fall.concept.words,
                "at_ms": fall.begin_ms,
                "found": fall.found,
                "after_ms": fall.delay_ms,
                "detector": fall.first.detector if fall.first else None,
                "finding": fall.first.words if fall.first else None,
                "accuracy_before": _numbers(fall.before),
                "accuracy_after": _numbers(fall.after),
            }
            for fall in outcome.falls
        ],
        "retrained": _again(performance.recovery),
        "claims": [{"model": told.model, "at_ms": told.end_ms, "words": told.words} for told in outcome.claims],
        "strays": [{"model": told.model, "at_ms": told.end_ms, "words": told.words} for told in outcome.strays],
        "triggers": performance.triggers,
        "events": performance.n_published,
        "broken": performance.n_broken,
        "seconds": round(performance.seconds, 1),
    }
    return json.dumps(whole, indent=2)


def _row(discovery: Discovery) -> tuple[str, str, str]:
    change, first, delay_ms = discovery.change, discovery.first, discovery.delay_ms
    planted = f"[bold]{change.model} {change.feature}[/], {clock(discovery.begin_ms)}\n{change.words}"
    if first is None or delay_ms is None:
        return planted, "[red]no[/]", ""
    words = first.words.removeprefix(f"{change.feature}: ")
    return planted, f"[green]{clock(first.end_ms)}[/] by {first.detector}\n{words}", spelled(delay_ms)


def _fallen(fall: Fall) -> tuple[str, str, str]:
    planted = f"[bold]{fall.concept.model}, in its labels[/], {clock(fall.begin_ms)}\n{fall.concept.words}"
    first, before, after, delay_ms = fall.first, fall.before, fall.after, fall.delay_ms
    if first is None or before is None or after is None or delay_ms is None:
        return planted, "[red]no[/]", ""
    found = f"[green]{clock(first.end_ms)}[/] by {first.detector}\n{first.words}"
    accuracy = f"accuracy {_spelled(after)} at {clock(after.end_ms)},\nbefore {_spelled(before)}"
    return planted, f"{found}\n{accuracy}", spelled(delay_ms)


def _recovered(one: Recovery) -> tuple[str, str, str]:
    done = f"[bold]{one.made.model}, version {one.made.version}[/], {clock(one.made.from_ms)}\nfitted anew on "
    done += f"{one.made.rows:,} tickets\nfor trigger {one.made.trigger}"
    if one.after is None:
        return done, "[red]nothing is known of it[/]", ""
    accuracy = f"accuracy {_spelled(one.after)} at {clock(one.after.end_ms)}"
    left = f"{one.unclosed} incidents open, {one.triggers} triggers of the new version"
    return done, f"[{'green' if one.found else 'red'}]{accuracy}[/]\n{left}", ""


def _again(one: Recovery | None) -> dict[str, Any] | None:
    if one is None:
        return None
    told: dict[str, Any] = {name: getattr(one.made, name) for name in ("model", "version", "trigger", "rows")}
    left = {"incidents_open": one.unclosed, "triggers": one.triggers}
    return {**told, "at_ms": one.made.from_ms, "recovered": one.found, "accuracy": _numbers(one.after), **left}


def _spelled(measured: Measured) -> str:
    return f"{measured.value:.2f} ({measured.low:.2f} to {measured.high:.2f})"


def _numbers(measured: Measured | None) -> dict[str, float] | None:
    return None if measured is None else {"value": measured.value, "low": measured.low, "high": measured.high}


def _told(told: Told) -> str:
    return f"{told.model} at {clock(told.end_ms)}: {told.words}"
