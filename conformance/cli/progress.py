"""What ``conformance run`` says before and while it runs, on standard error."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from pathlib import Path

from rich.progress import BarColumn, Progress, TextColumn

from optimizer_conformance.cases.patterns import reaches
from optimizer_conformance.cases.plan import Selection
from optimizer_conformance.cli.console import errors
from optimizer_conformance.reports.folder import RunFolder, UnreadableRun
from optimizer_conformance.reports.paragraphs import Words
from optimizer_conformance.runs.schedule import Listener
from optimizer_conformance.runs.work import Result
from optimizer_conformance.workers import environments, interpreters

FAIR = 0.05  # of the work done, from which on what is left is told by what was done


def before(selection: Selection, folder: Path) -> int:
    """Say which environments will be used, which are not made, and how long such a run took.

    Returns how many adapters can start.
    """
    words = Words(errors)
    names = [
        name
        for name in selection.adapters or environments.ADAPTERS
        if reached(name, selection.implementations)
    ]
    if here := interpreters.current():
        words.say(f"with {here.path}: {', '.join(names)}", indent=2)
        return len(names)
    places = {name: environments.locate(name) for name in names}
    made = [name for name, place in places.items() if place.complete]
    absent = [name for name in names if name not in made]
    plural = "s" * (len(made) != 1)
    words.say(f"{len(made)} environment{plural}: {', '.join(made) or 'none'}", indent=2)
    if absent:
        words.say(f"not made: conformance env create {' '.join(absent)}", indent=2)
    if seconds := earlier(selection, folder):
        words.say(f"the last such run took {timedelta(seconds=round(seconds))}")
    return len(made)


def reached(adapter: str, patterns: tuple[str, ...]) -> bool:
    """Whether an implementation of an adapter can be meant."""
    return not patterns or any(reaches(adapter, pattern) for pattern in patterns)


def earlier(selection: Selection, folder: Path) -> float:
    """How many seconds the last run beside this one took that asked for the same; 0: none."""
    found = []
    for path in folder.absolute().parent.glob("*/footer.json"):
        try:
            run = RunFolder(path.parent)
            if run.footer and run.footer.seconds and same(run, selection):
                found.append((run.provenance.started, run.footer.seconds.wall))
        except UnreadableRun:
            continue
    return max(found, default=("", 0.0))[1]


def same(run: RunFolder, selection: Selection) -> bool:
    """Whether a run was asked for the same cells."""
    asked = run.provenance.selection
    kinds = ("adapters", "implementations", "variants", "dtypes", "devices", "modes", "cases")
    return run.provenance.profile == selection.profile and all(
        tuple(getattr(asked, kind)) == tuple(map(str, getattr(selection, kind))) for kind in kinds
    )


class Bars(Listener):
    """One bar over everything on a terminal, a line an adapter elsewhere.

    How many cases an adapter has is known once it has started; until then it is taken to have as
    many as those that have, and no time is told.
    """

    def __init__(self, *, quiet: bool, adapters: int = 0) -> None:
        self.adapters = adapters
        self.quiet = quiet
        self.shown = errors.is_terminal and not quiet
        self.bars = Progress(
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TextColumn("{task.fields[left]}"),
            TextColumn("{task.description}", markup=False),
            console=errors,
            transient=True,
            disable=not self.shown,
        )
        self.task = self.bars.add_task("starting", total=None, left="")
        self.counts: dict[str, tuple[int, int]] = {}
        self.ended: set[str] = set()
        self.began = time.monotonic()
        self.lock = threading.Lock()

    def __enter__(self) -> Bars:
        self.bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bars.stop()

    def progress(self, adapter: str, done: int, total: int, what: str) -> None:
        """Move the bar."""
        with self.lock:
            if adapter not in self.counts and not self.quiet and not self.shown:
                errors.print(f"{adapter}: {total} cases")
            self.counts[adapter] = (done, total)
            self.draw(f"{adapter} {what}".strip())

    def finished(self, result: Result) -> None:
        """Say so where there is no bar."""
        with self.lock:
            if result.adapter not in self.ended and not self.quiet and not self.shown:
                errors.print(f"{result.adapter}: done, {result.failure or 'ok'}", markup=False)
            self.ended.add(result.adapter)
            self.draw(f"{result.adapter} done")

    def draw(self, what: str) -> None:
        """The bar as it stands."""
        done = sum(one for one, _ in self.counts.values())
        known = sum(total for _, total in self.counts.values())
        waiting = max(self.adapters - len(self.counts.keys() | self.ended), 0)
        every = known + waiting * known / max(len(self.counts), 1)
        share = done / every if every else 0.0
        self.bars.update(
            self.task, total=1.0, completed=share, description=what, left=self.left(share)
        )

    def left(self, share: float) -> str:
        """The time that is left, once enough was done to tell."""
        spent = time.monotonic() - self.began
        if share < FAIR:
            return f"{timedelta(seconds=round(spent))} spent"
        return f"about {timedelta(seconds=round(spent * (1 - share) / share))} left"
