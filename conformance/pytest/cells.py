"""Cells as test items: collected from each adapter's plan, run group by group."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from optimizer_conformance.cases.case import PROFILES
from optimizer_conformance.cases.patterns import wanted
from optimizer_conformance.cases.plan import Group, Selection, Unit
from optimizer_conformance.expectations import ledger as expectations
from optimizer_conformance.expectations.ledger import FOLDER, ExpectationError, Ledger
from optimizer_conformance.judging.group import Campaign
from optimizer_conformance.judging.oracle import Oracle, inputs_of
from optimizer_conformance.reference import nearest
from optimizer_conformance.reference.nearest import suggestion
from optimizer_conformance.reference.variants import VARIANTS
from optimizer_conformance.reports.records import Cell
from optimizer_conformance.reports.terminal import number
from optimizer_conformance.reports.verdicts import AGREES, FAILS, Verdict, does
from optimizer_conformance.workers import environments
from optimizer_conformance.workers.process import WorkerError

ROOT = "conformance"  # the first part of every node id


@dataclass
class AdapterUnderTest:
    """One adapter in this process: its plan, its worker while it is needed, and what came out.

    ``cells`` holds the cells of each group that was carried out, by the group's place in the plan.
    """

    campaign: Campaign
    ledger: Ledger
    groups: list[Group] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    cells: dict[int, list[Cell]] = field(default_factory=dict)
    running: bool = False

    def start(self) -> None:
        """Start the worker.  Raises WorkerError."""
        if not self.running:
            self.ledger.versions = self.campaign.start().versions
            self.running = True

    def close(self) -> None:
        """End the worker; it is started again when it is needed."""
        if self.running:
            self.campaign.close()
            self.running = False

    def plan(self) -> None:
        """Everything that was selected, as groups."""
        self.start()
        self.keys = [outline.key for outline in self.campaign.plan()]
        self.groups = list(self.campaign.groups)

    def result(self, index: int) -> list[Cell]:
        """The claimed cells of one group, which is carried out and explained as a whole."""
        if index not in self.cells:
            self.start()
            carried = self.campaign.carry(index, self.keys[index])
            if not carried.whole:
                raise self.campaign.lost or WorkerError("crash", "the worker kept crashing")
            found = [cell for cell in carried.finished.cells if cell.relation == "claimed"]
            self.cells[index] = found
        return self.cells[index]


class ConformanceFailure(Exception):  # noqa: N818 - named for the situation
    """A cell is not what is expected; the message is the whole report."""


class CellItem(pytest.Item):
    """One cell: an implementation, a case and a regime."""

    def __init__(
        self, *, bench: AdapterUnderTest, index: int, unit: Unit, regime: str, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.bench, self.index, self.unit, self.regime = bench, index, unit, regime
        self.add_marker("conformance")
        # Cells of one group are carried out together: `--dist loadgroup` keeps them together.
        if self.config.pluginmanager.hasplugin("xdist"):
            group = bench.groups[index]
            name = f"{group.implementation.name}@{group.device}@{'+'.join(group.features)}"
            self.add_marker(pytest.mark.xdist_group(name))

    def runtest(self) -> None:
        """Agree, fail, or be known to deviate."""
        cells = [cell for cell in self.bench.result(self.index) if self.holds(cell)]
        if not cells:
            raise ConformanceFailure(f"{self.nodeid} gave no result")
        bad = [cell for cell in cells if cell.verdict in FAILS]
        for cell in bad:
            if not self.bench.ledger.settle(cell):
                raise ConformanceFailure(report(cell))
        if bad:
            pytest.xfail(known(self.bench.ledger, bad[0]))
        if any(cell.verdict == str(Verdict.unsupported) for cell in cells):
            pytest.skip(cells[0].why)
        for cell in cells:
            agreement(self.bench.ledger, cell)
        self.user_properties.append(("score", max(cell.score for cell in cells)))

    def holds(self, cell: Cell) -> bool:
        """Whether a cell is this item's; one without a regime is that of a whole case."""
        return cell.case == self.unit.case.identifier and cell.regime in ("", self.regime)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Words instead of a traceback."""
        if isinstance(excinfo.value, ConformanceFailure):
            return str(excinfo.value)
        if isinstance(excinfo.value, WorkerError):
            return f"{self.unit.implementation.name}: {excinfo.value.kind}: {excinfo.value}"
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Where it is from, and its name in headlines."""
        return self.path, None, f"{self.unit.implementation.name} {self.unit.case.identifier}"


class AbsentItem(pytest.Item):
    """An adapter that cannot run: skipped, with the reason."""

    def __init__(self, *, reason: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.reason = reason
        self.add_marker("conformance")

    def runtest(self) -> None:
        """Skip."""
        pytest.skip(self.reason)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Where it is from, and its name in headlines."""
        return self.path, None, self.nodeid


class Cells:
    """The plugin that is there only with ``--conformance``.

    Raises pytest.UsageError for options that name what does not exist.
    """

    def __init__(self, config: pytest.Config) -> None:
        self.selection = selection(config)
        folder = config.getoption("conformance_expectations")
        self.folder = folder or FOLDER
        if not self.folder.is_dir():
            raise pytest.UsageError(f"--conformance-expectations: {self.folder} is no folder")
        self.benches: list[AdapterUnderTest] = []
        self.oracle = Oracle()

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(
        self, session: pytest.Session, items: list[pytest.Item]
    ) -> None:
        """Add the cells before ``-k`` and ``-m`` choose among all items."""
        for name in self.selection.adapters or tuple(environments.ADAPTERS):
            items += self.collected(session, name)

    def collected(self, session: pytest.Session, name: str) -> Iterator[pytest.Item]:
        """The items of one adapter."""
        place = environments.locate(name)
        reason = ""
        try:
            ledger = expectations.ledger(name, self.folder)
        except ExpectationError as error:
            raise pytest.UsageError(str(error)) from error
        if not place.complete:
            reason = f"{name}: {place.absence}"
        else:
            bench = AdapterUnderTest(
                Campaign(name, place.command, self.selection, oracle=self.oracle), ledger
            )
            try:
                bench.plan()
            except WorkerError as error:
                reason = f"{name} cannot start: {error}"
            else:
                reason = bench.campaign.description.unavailable
            finally:
                self.closed(bench)
        if reason:
            yield AbsentItem.from_parent(
                session, name=name, nodeid=f"{ROOT}::{name}", reason=reason
            )
            return
        self.benches.append(bench)
        yield from of_bench(session, bench)

    def closed(self, bench: AdapterUnderTest) -> None:
        """Close a worker after the plan, unless it is the only one and will be asked next."""
        if len(self.selection.adapters) != 1:
            bench.close()

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_teardown(self, item: pytest.Item, nextitem: pytest.Item | None) -> None:
        """One worker at a time: the next adapter's is started when this one's is closed."""
        if isinstance(item, CellItem):
            following = nextitem.bench if isinstance(nextitem, CellItem) else None
            if following is not item.bench:
                item.bench.close()

    def pytest_sessionfinish(self) -> None:
        """No worker outlives the session."""
        for bench in self.benches:
            bench.close()


def of_bench(session: pytest.Session, bench: AdapterUnderTest) -> Iterator[pytest.Item]:
    """An item for each cell that judges an implementation by its own documentation."""
    for index, group in enumerate(bench.groups):
        device = "" if group.device == "cpu" else f"@{group.device}"
        for unit in group.units:
            if not unit.claimed:
                continue
            # Two parameters of a layout may have one name: they are one item.
            regimes = dict.fromkeys(item.name for item in inputs_of(unit.case).parameters)
            for regime in regimes:
                name = f"{unit.implementation.name}{device}::{unit.case.identifier}::{regime}"
                yield CellItem.from_parent(
                    session,
                    name=name,
                    nodeid=f"{ROOT}::{name}",
                    bench=bench,
                    index=index,
                    unit=unit,
                    regime=regime,
                )


def selection(config: pytest.Config) -> Selection:
    """What the options select."""
    adapters = tuple(dict.fromkeys(config.getoption("conformance_adapter")))
    for name in adapters:
        if name not in environments.ADAPTERS:
            raise pytest.UsageError(
                f"--conformance-adapter {name}: unknown{suggestion(name, environments.ADAPTERS)}"
            )
    profile = config.getoption("conformance_profile")
    if profile not in PROFILES:
        raise pytest.UsageError(
            f"--conformance-profile {profile}: unknown{suggestion(profile, PROFILES)}"
        )
    variants = tuple(config.getoption("conformance_variant"))
    for pattern in variants:
        if not any(wanted(name, (pattern,)) for name in VARIANTS):
            raise pytest.UsageError(
                f"--conformance-variant {pattern}: fits none{nearest.variants(pattern, VARIANTS)}"
            )
    return Selection(adapters=adapters, variants=variants, profile=profile)


def report(cell: Cell) -> str:
    """A deviating cell as a person reads it."""
    where = f"{cell.implementation} ({cell.device}, {cell.dtype})"
    lines = [f"{where} {does(cell.verdict)} {cell.variant}"]
    if cell.why:
        lines.append(f"  why: {cell.why}")
    if cell.nearest and cell.nearest != cell.variant:
        lines.append(f"  it follows {cell.nearest} instead")
    if cell.step:
        lines.append(
            f"  first divergence: step {cell.step}, {cell.quantity} of {cell.element}: "
            f"{cell.observed}, exact {cell.expected}"
        )
        lines.append(
            f"  {number(cell.divergence_score)} times the bound, "
            f"{number(cell.divergence_ulp)} units in the last place"
        )
    lines.append(f"  smallest case: conformance repro '{cell.implementation}' '{cell.case}'")
    return "\n".join(lines)


def known(ledger: Ledger, cell: Cell) -> str:
    """The entry that expects a deviation, and its reason."""
    name = ledger.settle(cell)
    entry = next(item for item in ledger.active if item.id == name)
    return f"{entry.id}: {entry.reason} ({entry.link})"


def agreement(ledger: Ledger, cell: Cell) -> None:
    """Fail where a cell agrees although an entry expects every such cell to deviate."""
    for entry in ledger.active:
        if not entry.partly and entry.covers(cell) and cell.verdict in AGREES:
            raise ConformanceFailure(
                f"{cell.implementation} ({cell.device}, {cell.dtype}) agrees with {cell.variant}, "
                f"and {entry.id} expects that it deviates: narrow the entry or remove it\n"
                f"  again: conformance run -i '{cell.implementation}' --case '{cell.case}'"
            )
