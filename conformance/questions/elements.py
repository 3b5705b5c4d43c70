"""Every element of a cell, computed again: a run folder keeps the worst, and what deviates."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from optimizer_conformance.adapters import protocol
from optimizer_conformance.cases.case import parse
from optimizer_conformance.cases.plan import Selection, Unit, units
from optimizer_conformance.judging.execution import Answer, ProtocolBreach, carry_out, question_for
from optimizer_conformance.judging.oracle import Oracle
from optimizer_conformance.judging.rows import bits
from optimizer_conformance.judging.verdict import arranged, classify, places, sizes
from optimizer_conformance.reference.variants import VARIANTS
from optimizer_conformance.reports.verdicts import Verdict
from optimizer_conformance.workers import environments
from optimizer_conformance.workers.process import Worker, WorkerError

LIMIT = 20_000  # elements of one cell: a site is to be sent around
COLUMNS = (
    "step", "quantity", "element", "observed", "expected", "bound", "score", "ulp", "verdict",
    "observed_bits", "expected_bits",
)  # fmt: skip
Json = dict[str, Any]


class NotComputed(Exception):  # noqa: N818 - named for the situation
    """A cell cannot be computed again here; the message says why."""


@dataclass
class Recomputation:
    """Asks implementations again; a worker an adapter, which stays.  Use as a context manager."""

    oracle: Oracle = field(default_factory=Oracle)
    workers: dict[str, tuple[Worker, protocol.Description]] = field(default_factory=dict)
    open: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Recomputation:
        return self

    def __exit__(self, *_: object) -> None:
        self.open.close()

    def elements(self, cell: Json) -> Json:
        """Each element of a cell that a run folder has, by its columns.  Raises NotComputed."""
        if cell["variant"] not in VARIANTS:
            raise NotComputed(f"no document {cell['variant']} is known here")
        try:
            unit, answer = self.answer(cell)
        except (WorkerError, ProtocolBreach, ValueError) as error:
            raise NotComputed(str(error)) from error
        found = list(self.rows(cell, unit, answer))
        return {"columns": list(COLUMNS), "rows": found[:LIMIT], "of": len(found)}

    def answer(self, cell: Json) -> tuple[Unit, Answer]:
        """What the implementation does with the case now."""
        worker, description = self.worker(cell["implementation"].partition(":")[0])
        wanted = [it for it in description.implementations if it.name == cell["implementation"]]
        if not wanted:
            raise NotComputed(f"the adapter that is here has no {cell['implementation']}")
        probed = worker.ask(protocol.Probe(wanted[0].name), protocol.Probed).defaults
        defaults = {name: value for name, value in probed.items() if value is not None}
        selection = Selection(cases=(parse(cell["case"]),))
        for unit in units(wanted[0], selection, dict(defaults)):
            if unit.device == cell["device"]:
                return unit, carry_out(worker, unit, dict(defaults))
        raise NotComputed(f"{cell['implementation']} takes no such case on {cell['device']} here")

    def worker(self, adapter: str) -> tuple[Worker, protocol.Description]:
        """The worker of an adapter; started where none runs."""
        if adapter not in self.workers:
            if adapter not in environments.ADAPTERS:
                raise NotComputed(f"no adapter {adapter} is known here")
            place = environments.locate(adapter)
            if not place.complete:
                raise NotComputed(place.absence)
            worker = self.open.enter_context(Worker(place.command))
            self.workers[adapter] = (worker, worker.hello())
        return self.workers[adapter]

    def rows(self, cell: Json, unit: Unit, answer: Answer) -> Iterator[list[Any]]:
        """Each element of the cell's parameter."""
        question = question_for(VARIANTS[cell["variant"]], unit, answer.defaults)
        names, observed, pick = arranged(question, answer.observed)
        precision = question.precisions(names)
        codes, way = classify(self.oracle, question, observed, pick, False, precision)
        table = pick(self.oracle.table(question))
        score, ulp = sizes(observed, table, precision)
        error = table.error
        held = codes == Verdict.representation
        if held.any():
            judged = pick(self.oracle.table(question, "none", way))
            score = np.where(held, sizes(observed, judged, precision)[0], score)
            error = np.where(held, judged.error, error)
        part = dict(places(unit.case)).get(cell["regime"], slice(0, observed.shape[1]))
        dtype = unit.case.dtype
        for row, column in np.ndindex(observed.shape[0], len(range(*part.indices(codes.shape[1])))):
            at = row, part.start + column
            seen, exact = float(observed[at]), float(table.value[at])
            yield [
                row // len(names) + 1,
                names[row % len(names)],
                column,
                seen,
                exact,
                float(error[at]),
                float(score[at]),
                float(ulp[at]),
                str(Verdict(int(codes[at]))),
                bits(seen, dtype),
                bits(exact, dtype),
            ]
