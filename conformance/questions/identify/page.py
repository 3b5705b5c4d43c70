"""An identification as people read it: in a terminal, in a notebook, printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console

from optimizer_conformance.questions.audit.naming import known
from optimizer_conformance.reports.paragraphs import Words
from optimizer_conformance.reports.text import typeset

if TYPE_CHECKING:
    from optimizer_conformance.questions.identify.result import FactorRow, Identification


def show(found: Identification, console: Console) -> None:
    """The formula, the factors, and what it took."""
    words = Words(console)
    asked = " + ".join(found.features) or "plain form"
    words.blank()
    words.say(f"{found.subject}, {asked}: {found.verdict}", style="bold", indent=2)
    words.say(found.why, indent=2)
    for text in found.formula:
        words.say(typeset(text), start="    ", indent=6)
    if found.rules:
        departing = f" (nearest; {found.departure})" if found.departure else ""
        words.say(f"documented as: {known(found.nearest_variants)}{departing}", indent=2)
    factors(found, words)
    for number, experiment in enumerate(found.experiments, start=1):
        words.say(f"experiment {number}: {experiment}", style="dim", indent=2)
    for line in found.attempts.lines:
        words.say(line, indent=2)
    words.say(f"{found.steps} steps, {found.seconds:.1f} s")


def factors(found: Identification, words: Words) -> None:
    """What an experiment has decided, what was seen, and what nothing can tell."""
    for row in found.factors:
        if row.experiment:
            words.say(decided(row), indent=2)
    others = [row for row in found.factors if not row.experiment]
    idle = [row.name for row in others if row.value in ("none", "false")]
    for row in others:
        if row.name not in idle:
            words.say(f"{row.name}: {row.value}", indent=2)
    if idle:
        words.say(f"not possible without a coefficient: {', '.join(idle)}", indent=2)
    for item in found.ambiguous:
        words.say(f"{item.factor}: {' or '.join(item.values)}: {item.reason}", indent=2)
    for note in found.notes:
        words.say(note, indent=2)


def decided(row: FactorRow) -> str:
    """A factor that an experiment has decided, and how far off its nearest other value would be."""
    return (
        f"{row.name}: {row.value}, not {row.rival} ({row.separation:.3g} bounds apart in step "
        f"{row.step} of experiment {row.experiment})"
    )
