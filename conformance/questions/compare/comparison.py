"""``compare``: the cells that a change can reach, run on both sides and told apart in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from optimizer_conformance.cases.case import parse
from optimizer_conformance.cases.patterns import wanted
from optimizer_conformance.cases.plan import Selection
from optimizer_conformance.questions.compare.affected import BranchChange
from optimizer_conformance.questions.compare.sources import BranchSide, packages_of
from optimizer_conformance.questions.repro.deviation import Deviation, NothingThereError
from optimizer_conformance.questions.repro.evidence import NotShownError
from optimizer_conformance.questions.repro.recipes import NoRecipeError
from optimizer_conformance.questions.repro.reproducer import reproduce
from optimizer_conformance.questions.repro.script import script
from optimizer_conformance.reports import diff, model
from optimizer_conformance.reports.verdicts import FAILS, ORDER
from optimizer_conformance.runs.run import conduct
from optimizer_conformance.workers import environments, interpreters
from optimizer_conformance.workers.process import Worker, WorkerError
from optimizer_conformance.workers.subject import SubjectError, subject

Say = Callable[[str], None]
REPRODUCED = 8  # changes that get a script; each is shrunk first


@dataclass(frozen=True)
class ChangeOf:
    """What a change does to one implementation, against its document.

    features every set of options with which it does so, ``plain`` without any
    sort     ``worse``: it departs from the document where it did not, or in another way;
             ``better``: brought to its document; ``added`` or ``removed``
    base, head  what it does on either side, in words
    cells    that changed, and one of their cases
    script   a reproducer of the framework alone; empty where none was sought
    """

    implementation: str
    features: tuple[str, ...]
    variant: str
    sort: str
    base: str
    head: str
    cells: int
    case: str
    dtypes: tuple[str, ...]
    script: str = ""
    command: str = ""

    @property
    def words(self) -> str:
        """One sentence."""
        plain = self.features == ("plain",)
        name = self.implementation + ("" if plain else f" ({', '.join(self.features)})")
        if self.sort == "better":
            return f"{name} now follows {self.variant}; before: {self.base}"
        if self.sort in ("added", "removed"):
            return f"{name} is {self.sort}"
        before = f"; before: {self.base}" if self.base else ""
        return f"{name} departs from {self.variant}: {self.head}{before}"


@dataclass(frozen=True)
class BranchComparison:
    """Base against head.

    asked    implementations that the change can reach, of how many
    shifted  cells of which only scores or bits moved, inside what was accepted before
    """

    base: str
    head: str
    adapter: str
    modules: tuple[str, ...]
    asked: tuple[str, ...]
    known: int
    cells: int
    changes: tuple[ChangeOf, ...] = ()
    shifted: dict[str, int] = field(default_factory=dict)
    failed: tuple[str, ...] = ()

    @property
    def clean(self) -> bool:
        """Whether nothing changed, or only towards documents."""
        return all(item.sort == "better" for item in self.changes)

    def to_dict(self) -> dict[str, Any]:
        """The same for JSON."""
        changes = [{**asdict(item), "words": item.words} for item in self.changes]
        return {**asdict(self), "changes": changes, "clean": self.clean}


def compare(
    base: BranchSide,
    head: BranchSide,
    adapter: str,
    folder: Path,
    *,
    profile: str = "quick",
    implementations: tuple[str, ...] = (),
    scripts: bool = True,
    say: Say = lambda line: None,
) -> BranchComparison:
    """Run on both sides what can differ, into ``folder``, and say what changed.

    ``implementations`` are globs; none: every one that the change can reach.

    Raises RunError for a folder that cannot be written, WorkerError where a side does not start.
    """
    names = packages_of(head.files) if head.files != base.files else ()
    names = tuple(name for name in names if name in interpreters.frameworks(adapter))
    change = BranchChange(base.files, head.files, names)
    known = offered(adapter, head) | offered(adapter, base)
    whole = base.interpreter.packages != head.interpreter.packages
    asked = sorted(
        name
        for name in known
        if wanted(name, implementations) and (whole or change.can_differ(name))
    )
    if not whole and not change.modules:
        asked = []
    modules = tuple(sorted(change.modules)) if not whole else ()
    if not asked:
        return BranchComparison(base.named, head.named, adapter, modules, (), len(known), 0)
    failed: list[str] = []
    for name, one in (("base", base), ("head", head)):
        say(f"{name}: {len(asked)} of {len(known)} implementations")
        failed += ran(adapter, one, asked, profile, folder / name)
    runs = [model.load(folder / name, incomplete=True) for name in ("base", "head")]
    found = diff.compare(*runs)
    told = changes(found)
    if failed:  # what a side that was cut short lacks was not taken away
        told = [item for item in told if item.sort in ("worse", "better")]
    shown = [(item, head if item.sort == "worse" else base) for item in told]
    told = [with_command(item, one) for item, one in shown]
    if scripts:
        sides = [one for _, one in shown[:REPRODUCED]]
        first = zip(told[:REPRODUCED], sides, strict=True)
        told[:REPRODUCED] = [with_script(item, one, say) for item, one in first]
    moved = found.cells[found.cells.status == "shifted"]
    counted = moved.groupby("implementation").size()
    return BranchComparison(
        base.named,
        head.named,
        adapter,
        modules,
        tuple(asked),
        len(known),
        len(found.cells),
        tuple(told),
        {str(name): int(count) for name, count in counted.items()},
        tuple(failed),
    )


def offered(adapter: str, one: BranchSide) -> set[str]:
    """The implementations that an adapter has on a side."""
    with (
        interpreters.standing_in(one.interpreter),
        Worker(environments.locate(adapter).command) as worker,
    ):
        return {item.name for item in worker.hello().implementations}


def ran(adapter: str, one: BranchSide, asked: list[str], profile: str, folder: Path) -> list[str]:
    """Run a side; what could not be run, in words."""
    chosen = Selection(adapters=(adapter,), implementations=tuple(asked), profile=profile)
    with interpreters.standing_in(one.interpreter):
        outcome = conduct(chosen, folder, requested=(adapter,))
    if outcome.interrupted:
        raise KeyboardInterrupt  # the other side is not begun
    return [f"{one.named}: {name}: {why}" for name, why in outcome.missing.items()]


def changes(found: diff.RunDifference) -> list[ChangeOf]:
    """One row an implementation and thing that it does otherwise, the worse first."""
    cells = found.cells
    loud = cells[cells.status.isin(["added", "removed", "changed"])]
    rows: dict[tuple[str, ...], ChangeOf] = {}
    for key, group in loud.groupby(["implementation", "features", "variant"], sort=True):
        implementation, features, variant = map(str, key)
        one = change(implementation, features, variant, group)
        same = (one.implementation, one.sort, one.base, one.head)
        rows[same] = joined(rows[same], one) if same in rows else one
    order = ("worse", "removed", "added", "better")
    return sorted(rows.values(), key=lambda row: (order.index(row.sort), -row.cells))


def change(implementation: str, features: str, variant: str, group: Any) -> ChangeOf:
    """What changed with one set of options."""
    group = group.assign(bad=group.verdict_b.isin(FAILS), other=group.dtype != "float32")
    group = group.sort_values(["bad", "other"], ascending=[False, True], kind="stable")
    return ChangeOf(
        implementation,
        (features or "plain",),
        variant,
        sort_of(group),
        said(group, "_a"),
        said(group, "_b"),
        len(group),
        str(group["case"].iloc[0]),
        tuple(dict.fromkeys(map(str, group.dtype))),
    )


def joined(first: ChangeOf, second: ChangeOf) -> ChangeOf:
    """The same with other options."""
    return replace(
        first,
        features=(*first.features, *second.features),
        cells=first.cells + second.cells,
        dtypes=tuple(dict.fromkeys((*first.dtypes, *second.dtypes))),
    )


def sort_of(group: Any) -> str:
    """Which way cells changed; one that got worse decides."""
    statuses = set(group.status)
    if statuses <= {"added"} or statuses <= {"removed"}:
        return str(next(iter(statuses)))
    bad = group.verdict_b.isin(FAILS)
    return "worse" if bad.any() else "better"


def said(group: Any, side: str) -> str:
    """What it does on a side, in words: the reasons, or the verdict where there is none."""
    bad = group[group[f"verdict{side}"].isin(FAILS)]
    whys = [str(why) for why in bad[f"why{side}"].dropna() if why]
    if whys:
        return max(dict.fromkeys(whys), key=whys.count)
    verdicts = [str(word) for word in group[f"verdict{side}"].dropna()]
    worst = max(verdicts, key=ORDER.index, default="")
    return "" if worst not in FAILS else worst


def with_command(item: ChangeOf, one: BranchSide) -> ChangeOf:
    """The same with the command that shows it."""
    command = (
        f"conformance repro '{item.implementation}' '{item.case}' --variant {item.variant} "
        f"--python {one.interpreter.path}"
    )
    return replace(item, command=command)


def with_script(item: ChangeOf, one: BranchSide, say: Say) -> ChangeOf:
    """The same with a script of the framework alone."""
    text = ""
    if item.sort in ("worse", "better"):
        say(f"reproducer of {item.implementation}")
        asked = Deviation(item.implementation, parse(item.case), item.variant)
        try:
            with (
                interpreters.standing_in(one.interpreter),
                subject(item.implementation) as found,
            ):
                text = script(reproduce(found, asked)).text
        except (NothingThereError, NotShownError, NoRecipeError, SubjectError, WorkerError):
            text = ""  # the command stands for it
    return replace(item, script=text)
