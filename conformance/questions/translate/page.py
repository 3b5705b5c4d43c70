"""A translation as people read it: in a terminal, in a notebook, printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from optimizer_conformance.cases.case import mode_of
from optimizer_conformance.reports.paragraphs import Words, things
from optimizer_conformance.reports.text import typeset

if TYPE_CHECKING:
    from optimizer_conformance.questions.translate.result import Side, Translation


def show(found: Translation, console: Console) -> None:
    """For people: no line is broken inside a word."""
    words = Words(console)
    for side, what in ((found.first, "from"), (found.second, "to")):
        words.say(
            f"{what} {side.implementation}: {rule(side)}", style="bold", styled=len(what), indent=2
        )
        for line in side.formula:
            words.say(typeset(line), start="    ", indent=6)
        if side.departs:
            words.say(f"not what it documents: {side.departs}", start="    ", indent=6)
    words.say(found.words, style=f"bold {'green' if found.proved else 'yellow'}")
    if found.reason:
        words.say(found.reason, start="  ", indent=4)
    numbers(found, console)
    conditions(found, words)
    if found.runs:
        show_runs(found, words)
    if found.witness:
        show_witness(found, words)
    if found.drift:
        show_drift(found, words)
    if found.alternatives:
        words.say(f"does the same: {', '.join(found.alternatives)}", indent=2)
    if found.code:
        show_code(found, words)


def rule(side: Side) -> str:
    """What it was found to compute."""
    if not side.formula:
        return "follows no rule that was found"
    if side.rule:
        return f"follows the rule of {side.rule}"
    return "follows a rule that no document states"


def numbers(found: Translation, console: Console) -> None:
    """Both settings beside each other."""
    told = "second" if found.proved or found.outcome == "state" else "second, nearest"
    rows: list[tuple[str, ...]] = [
        (
            name,
            found.given.get(name, "–"),
            found.hyperparameters.get(name, "–"),
            found.formulas.get(name, ""),
        )
        for name in sorted({*found.given, *found.hyperparameters})
    ]
    for name in sorted({*found.features, *found.options} - set(found.given)):
        on = ["true" if name in options else "–" for options in (found.features, found.options)]
        rows.append((name, *on, ""))
    things(console, ("hyperparameter", "first", told, "is"), rows)


def conditions(found: Translation, words: Words) -> None:
    """What has to change from step to step, or to stand before the first."""
    for name, values in found.schedules.items():
        words.say(f"{name} of steps 1, 2, …: {', '.join(values)}, …", start="  ", indent=4)
    for name, value in found.state.items():
        words.say(f"before the first step: {name} = {value} in every element", start="  ", indent=4)
    if found.formulas and found.proved and not found.varying:
        words.say("only while the learning rate does not change", start="  ", style="yellow")


def show_runs(found: Translation, words: Words) -> None:
    """What the second did with the translated hyperparameters."""
    worst = max(found.runs, key=lambda run: run.score)
    elements = sum(run.elements for run in found.runs)
    words.say(
        f"run: {elements} elements and steps in {len(found.runs)} cases, {found.dtype}; "
        f"largest score {found.score:.3f} of the bound ({mode_of(worst.case)}), "
        f"largest distance {found.ulp:.3g} ulp",
        start="  ",
        indent=4,
    )
    for run in found.runs:
        bound = "" if run.bound == "first" else ", within the bound of the second one's own rule"
        words.say(f"{run.verdict}{bound}: {run.case}", start="    ", whole=True)


def show_witness(found: Translation, words: Words) -> None:
    """The numbers with which anybody can see that they differ."""
    seen = found.witness
    assert seen is not None
    gradients = ", ".join(map(repr, seen.gradients))
    words.say(
        f"witness: parameter {seen.parameter!r}, gradients {gradients}: first {seen.first!r}, "
        f"second {seen.second!r} ({seen.ulp:.3g} ulp from the first one's rule)",
        indent=2,
    )


def show_drift(found: Translation, words: Words) -> None:
    """How far they part."""
    words.say("drift: relative differences after so many steps, and the largest in ulp")
    rows = [
        (str(row.step), *(f"{value:.2g}" for value in (row.relative, row.median, row.ulp)))
        for row in found.drift
    ]
    things(words.console, ("step", "largest", "median", "ulp"), rows, counts=True)


def show_code(found: Translation, words: Words) -> None:
    """The wrapper, and what came of running it."""
    words.say("the first one's rule in the second one's framework", style="bold")
    words.console.print(Text(found.code), soft_wrap=True)
    if found.unchecked:
        words.say(f"not run: {found.unchecked}", indent=2)
        return
    worst = max((run.score for run in found.checked), default=0.0)
    verdicts = ", ".join(dict.fromkeys(run.verdict for run in found.checked))
    words.say(
        f"run in {len(found.checked)} cases: {verdicts}; largest score {worst:.3f} of the bound"
    )
