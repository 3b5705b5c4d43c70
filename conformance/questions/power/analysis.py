"""All rules in all dtypes, by a pool of processes; what came of it as plain data."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from optimizer_conformance.questions.power import peers
from optimizer_conformance.questions.power.measurement import (
    BELOW,
    ENDS,
    EQUIVALENT,
    KILLED,
    OPEN,
    Measurement,
    MutantOutcome,
    Rewriting,
)
from optimizer_conformance.questions.power.parts import Parts
from optimizer_conformance.questions.power.tasks import Task, perform
from optimizer_conformance.reference.numbers.precision import COMPONENTS
from optimizer_conformance.reference.variants import VARIANTS

DTYPES = ("float32", "float64", "float16", "bfloat16")
EVERY_DTYPE = (*DTYPES, *COMPONENTS)  # complex ones when they are asked for
# Elements a regime of the cases that count element-steps; balls cost more than bounds.
SIZES = {
    "float16": 2048,
    "bfloat16": 2048,
    "float32": 2048,
    "float64": 128,
    "complex64": 512,
    "complex128": 64,
}
# Enough to see each part of the pipeline at work in under a minute.
QUICK = ("matlab-adamupdate", "torch-rmsprop-centered-momentum", "keras-rmsprop-weight-decay")
QUICK_SIZE = 64


@dataclass
class Power:
    """Everything that was measured."""

    profile: str
    measurements: list[Measurement] = field(default_factory=list)
    flooded: list[Rewriting] = field(default_factory=list)
    documents: dict[str, list[str]] = field(default_factory=dict)

    @property
    def outcomes(self) -> list[MutantOutcome]:
        """Of every rule and dtype."""
        return [outcome for item in self.measurements for outcome in item.outcomes]

    @property
    def rewritings(self) -> list[Rewriting]:
        """Of the cases of the profile, and at length."""
        return [*(r for item in self.measurements for r in item.rewritings), *self.flooded]

    @property
    def unexplained(self) -> list[MutantOutcome]:
        """Survivors that are neither equivalent nor below the resolution."""
        return [item for item in self.outcomes if item.status in (OPEN, ENDS)]

    @property
    def alarms(self) -> list[tuple[Rewriting, str]]:
        """Correct code that was said to deviate."""
        return [(item, alarm) for item in self.rewritings for alarm in item.alarms]


def rules(wanted: Callable[[str], bool], *, squares: bool = False) -> dict[str, list[str]]:
    """The first variant that states each rule with the same options, and the others that do.

    ``squares``: what they say of complex numbers tells rules apart as well.
    """
    found: dict[tuple[Any, ...], list[str]] = {}
    key: tuple[Any, ...]
    for variant in VARIANTS.values():
        if wanted(variant.identifier):
            key = (variant.family, variant.rule, variant.features, variant.undecayed)
            key += (variant.squares,) if squares else ()
            found.setdefault(key, []).append(variant.identifier)
    return {names[0]: names for names in found.values()}


def left_to_the_parent() -> None:
    """A worker takes no notice of Ctrl-C: who started it ends it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def conduct(
    work: list[Task],
    documents: dict[str, list[str]],
    *,
    jobs: int,
    progress: Callable[[int, int, str], None],
    folder: Path | None = None,
) -> Power:
    """Carry out all tasks; ``progress`` hears (done, in all, what was finished).

    With a ``folder`` each finished task is kept there, and what is there is not done again.
    """
    power = Power(work[0].profile if work else "default", documents=documents)
    context = get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=left_to_the_parent) as pool:
        carry_out = Parts(folder).result if folder else perform
        running = {pool.submit(carry_out, task): task for task in work}
        progress(0, len(work), "")
        try:
            for done, future in enumerate(as_completed(running), start=1):
                task, result = running[future], future.result()
                if isinstance(result, Measurement):
                    power.measurements.append(result)
                else:
                    power.flooded += result
                progress(done, len(work), f"{task.variant} in {task.dtype}")
        except BaseException:
            for future in running:  # leaving the pool takes back that it was to cancel them
                future.cancel()
            raise
    power.flooded.sort(key=lambda item: (item.variant, EVERY_DTYPE.index(item.dtype), item.style))
    power.measurements.sort(key=lambda item: (item.variant, EVERY_DTYPE.index(item.dtype)))
    return power


def summary(power: Power) -> list[dict[str, Any]]:
    """One row a rule and dtype: our figures, and how many mutants each peer misses."""
    rows = []
    for item in power.measurements:
        mine = [r for r in power.rewritings if (r.variant, r.dtype) == (item.variant, item.dtype)]
        count = Counter(outcome.status for outcome in item.outcomes)
        # What no test could tell is nobody's miss.
        visible = [o for o in item.outcomes if o.status not in (EQUIVALENT, BELOW)]
        rows.append(
            {
                "variant": item.variant,
                "dtype": item.dtype,
                "mutants": len(item.outcomes),
                KILLED: count[KILLED],
                EQUIVALENT: count[EQUIVALENT],
                BELOW: count[BELOW],
                "unexplained": count[OPEN] + count[ENDS],
                "styles": len({r.style for r in mine}),
                "element-steps": sum(r.element_steps for r in mine),
                "false alarms": sum(len(r.alarms) for r in mine),
                "missed by": {
                    peer.name: sum(peer.name in o.missed for o in visible) for peer in peers.peers()
                },
                "styles rejected by": {
                    peer.name: len({r.style for r in mine if peer.name in r.rejected_by})
                    for peer in peers.peers()
                },
            }
        )
    return rows


def totals(power: Power) -> list[dict[str, Any]]:
    """The rows of :func:`summary` added up by dtype."""
    found: dict[str, dict[str, Any]] = {}
    for row in summary(power):
        mine = found.setdefault(row["dtype"], {"dtype": row["dtype"], "rules": 0})
        mine["rules"] += 1
        for name, value in row.items():
            if isinstance(value, int):
                mine[name] = mine.get(name, 0) + value
            elif isinstance(value, dict):
                mine[name] = dict(Counter(mine.get(name, {})) + Counter(value))
    return list(found.values())


def content(power: Power) -> dict[str, Any]:
    """All of it, for JSON."""
    return {
        "profile": power.profile,
        "peers": [asdict(peer) for peer in peers.peers()],
        "documents": power.documents,
        "totals": totals(power),
        "summary": summary(power),
        "survivors": [asdict(o) for o in power.outcomes if o.status != KILLED],
        "killed": [asdict(o) for o in power.outcomes if o.status == KILLED],
        "false alarms": [{**asdict(item), "alarm": alarm} for item, alarm in power.alarms],
        "rewritings": [asdict(item) for item in power.rewritings],
    }
