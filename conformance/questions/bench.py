"""What the oracle costs: time an element-step of the bound and of balls, beside a framework's step.

Times depend on the machine; what can be compared between machines is the ratio to PyTorch's own
step, measured in the same run.  So it is with the start of a command, beside an interpreter's.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from optimizer_conformance.questions.steps.judge import judge_step
from optimizer_conformance.questions.steps.probes import Probe, probe_inputs
from optimizer_conformance.reference.numbers import (
    FLOAT64,
    PRECISIONS,
    BallArithmetic,
    BoundArithmetic,
)
from optimizer_conformance.reference.numbers.ball import BITS, working_bits
from optimizer_conformance.reference.rules import Rule, taken
from optimizer_conformance.reference.trajectory import trajectory
from optimizer_conformance.reference.variants import VARIANTS

RULES = ("torch-rmsprop", "torch-rmsprop-centered-momentum", "torch-adam")
STEPS = 10
# Elements: as many as stay in a core's cache with everything that a step computes on the way.
BOUND_SIZE, BALL_SIZE, TORCH_SIZE = 16_384, 2_048, 1_000_000
# Nanoseconds an element-step that the oracle is meant to stay under.
AIMS = {"bound": 60.0, "ball": 3000.0}

TORCH = """
import json, sys, time, torch
torch.set_num_threads(1)
size, steps, repeats = map(int, sys.argv[1:])
rules = {
    "torch-rmsprop": lambda w: torch.optim.RMSprop(w, lr=0.01),
    "torch-rmsprop-centered-momentum":
        lambda w: torch.optim.RMSprop(w, lr=0.01, centered=True, momentum=0.9),
    "torch-adam": lambda w: torch.optim.Adam(w, lr=0.01),
}
found = {}
for name, make in rules.items():
    parameter = torch.nn.Parameter(torch.randn(size))
    parameter.grad = torch.randn(size)
    optimizer = make([parameter])
    optimizer.step()
    best = float("inf")
    for _ in range(repeats):
        start = time.process_time()
        for _ in range(steps):
            optimizer.step()
        best = min(best, time.process_time() - start)
    found[name] = best / steps / size * 1e9
print(json.dumps({"version": torch.__version__, "nanoseconds": found}))
"""


# Commands that should be there at once.
COMMANDS = (("--help",), ("list", "adapters"), ("list", "variants"))


@dataclass(frozen=True)
class Start:
    """CPU seconds that a command takes, and how many times ``python -c pass`` that is."""

    command: str
    seconds: float
    ratio: float


@dataclass(frozen=True)
class StepCost:
    """One rule on one number system; ``ratio`` is to PyTorch's own step of the same rule."""

    rule: str
    system: str
    nanoseconds: float
    aim: float
    ratio: float | None

    @property
    def met(self) -> bool:
        """Whether it stays under its aim."""
        return self.nanoseconds <= self.aim


def starts(repeats: int = 5) -> Iterator[Start]:
    """Yield what the start of each command costs."""
    nothing = min(cpu_seconds("-c", "pass") for _ in range(repeats))
    package = __name__.partition(".")[0]
    for words in COMMANDS:
        seconds = min(cpu_seconds("-m", package, *words) for _ in range(repeats))
        yield Start(" ".join(words), seconds, seconds / nothing)


def cpu_seconds(*words: str) -> float:
    """What this interpreter takes for a command line, start and end included."""
    before = os.times()
    subprocess.run([sys.executable, *words], stdout=subprocess.DEVNULL, check=True)
    after = os.times()
    return sum(after[2:4]) - sum(before[2:4])


def measure(python: Path | None, repeats: int = 5) -> Iterator[StepCost]:
    """Yield the cost of each rule on each number system.

    ``python`` is an interpreter with torch; without one there are no ratios.
    """
    torch = torch_steps(python, repeats) if python else {}
    bound, ball = BoundArithmetic(PRECISIONS["float32"]), BallArithmetic()
    for rule in RULES:
        for system, num, size in (("bound", bound, BOUND_SIZE), ("ball", ball, BALL_SIZE)):
            # The smallest: everything else that the machine does adds to it.
            cost = min(element_step(rule, num, size) for _ in range(repeats))
            ratio = cost / torch[rule] if rule in torch else None
            yield StepCost(rule, system, cost, AIMS[system], ratio)


def element_step(rule: str, num: Any, size: int) -> float:
    """Nanoseconds that a step of one element takes on a number system, on one core."""
    random = np.random.Generator(np.random.Philox(key=1))
    variant = VARIANTS[rule]
    decimals = {one.name: one.usual for one in taken(variant.family, variant.features)}
    with np.errstate(all="ignore"), working_bits(BITS):
        parameter, *gradients = (num.given(random.standard_normal(size)) for _ in range(STEPS + 1))
        start = time.process_time()
        for _ in trajectory(variant.rule, decimals, parameter, gradients, num=num):
            pass
        return (time.process_time() - start) / STEPS / size * 1e9


@dataclass(frozen=True)
class ArrayCost:
    """What judging one step of so many elements takes, in CPU seconds; ``aim`` is the most."""

    rule: str
    elements: int
    seconds: float
    aim: float = 1.0

    @property
    def met(self) -> bool:
        """Whether it stays under its aim."""
        return self.seconds <= self.aim


def arrays(repeats: int = 5, size: int = 1_000_000) -> Iterator[ArrayCost]:
    """Yield the cost of the verdict on a step that is right, in float32."""
    for rule in ("torch-rmsprop", "torch-adam"):
        variant = VARIANTS[rule]
        probe = next(iter(probe_inputs(rule, size, n=1)))
        after = carried_out(variant.rule, probe)
        seconds = []
        for _ in range(repeats):
            start = time.process_time()
            judge_step(
                rule,
                before=probe.before,
                after=after,
                hyperparameters=probe.hyperparameters,
                count=probe.count,
            )
            seconds.append(time.process_time() - start)
        yield ArrayCost(rule, size, min(seconds))


def carried_out(rule: Rule, probe: Probe) -> dict[str, Any]:
    """The step, rounded once to float32."""
    decimals = {name: repr(value) for name, value in probe.hyperparameters.items()}
    wide = {name: values.astype(float) for name, values in probe.before.items()}
    state = {name: wide[name] for name in rule.state}
    ((parameter, kept),) = trajectory(
        rule,
        decimals,
        wide["parameter"],
        [wide["gradient"]],
        num=FLOAT64,
        state=state,
        taken=probe.count - 1,
    )
    found = {**kept, "parameter": parameter}
    return {name: values.astype(np.float32) for name, values in found.items()}


def torch_steps(python: Path, repeats: int) -> dict[str, float]:
    """Nanoseconds an element-step of PyTorch's own, float32 on one thread.

    Raises RuntimeError when the interpreter cannot run it.
    """
    words = [str(python), "-c", TORCH, str(TORCH_SIZE), str(STEPS), str(repeats)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode:
        last = next(iter(reversed(done.stderr.strip().splitlines())), "it said nothing")
        raise RuntimeError(f"torch could not be timed in {python}: {last}")
    found: dict[str, float] = json.loads(done.stdout)["nanoseconds"]
    return found
