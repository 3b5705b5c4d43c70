"""What the oracle costs: the bound and balls an element-step, beside a framework's own step."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from optimizer_conformance.questions.bench.measure import (
    Measure,
    alone,
    in_turn,
    measured,
    nanoseconds,
    seconds,
)
from optimizer_conformance.questions.steps.judge import judge_step
from optimizer_conformance.questions.steps.probes import Probe, probe_inputs
from optimizer_conformance.reference.numbers import (
    FLOAT64,
    PRECISIONS,
    BallArithmetic,
    BoundArithmetic,
)
from optimizer_conformance.reference.numbers.ball import BITS, working_bits
from optimizer_conformance.reference.rules import taken
from optimizer_conformance.reference.trajectory import trajectory
from optimizer_conformance.reference.variants import VARIANTS

RULES = ("torch-rmsprop", "torch-rmsprop-centered-momentum", "torch-adam")
STEPS = 10
GROUP = "the oracle, of one element's step"
# Elements: few; as many as stay in a core's cache with all that a step computes; more than that.
BOUND_SIZES, BALL_SIZES, TORCH_SIZE = (1_024, 16_384, 262_144), (128, 512, 2_048), 1_000_000
ARRAY_SIZES = (10_000, 100_000, 1_000_000)
# Nanoseconds an element-step that the oracle is meant to stay under, at the sizes that it works at.
AIMS = {"bound": (None, 60.0, None), "ball": (None, None, 3000.0)}
ARRAY_AIM = 1000.0  # nanoseconds an element: a million in a second

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
    found[name] = []
    for _ in range(repeats):
        start = time.process_time()
        for _ in range(steps):
            optimizer.step()
        found[name].append((time.process_time() - start) / steps / size)
print(json.dumps(found))
"""


def oracles(python: Path | None, repeats: int) -> Iterator[Measure]:
    """Each rule on each number system, with what PyTorch's own step of it takes.

    ``python`` is an interpreter with torch; without one there are no ratios.
    """
    torch = torch_steps(python, repeats) if python else {}
    systems: tuple[tuple[str, Any, tuple[int, ...]], ...] = (
        ("bound", BoundArithmetic(PRECISIONS["float32"]), BOUND_SIZES),
        ("ball", BallArithmetic(), BALL_SIZES),
    )
    for rule in RULES:
        for system, num, sizes in systems:
            for size, aim in zip(sizes, AIMS[system], strict=True):
                call = element_steps(rule, num, size)
                call()
                times = [seconds(call) / STEPS for _ in range(repeats)]
                found = alone(
                    GROUP, f"{system}, {rule}", f"{size:,}", nanoseconds(size), times, aim
                )
                yield found
                if rule in torch and size == sizes[1]:
                    own = median(torch[rule])
                    yield measured(
                        "the oracle beside PyTorch's own step",
                        f"{system}, {rule}",
                        f"{size:,}",
                        nanoseconds(1),
                        [(one / size, own) for one in times],
                        "torch's step of a million",
                    )


def element_steps(rule: str, num: Any, size: int) -> Any:
    """A call that takes ``STEPS`` steps of so many elements on a number system."""
    random = np.random.Generator(np.random.Philox(key=1))
    variant = VARIANTS[rule]
    decimals = {one.name: one.usual for one in taken(variant.family, variant.features)}
    with working_bits(BITS):
        parameter, *gradients = (num.given(random.standard_normal(size)) for _ in range(STEPS + 1))

    def call() -> None:
        with np.errstate(all="ignore"), working_bits(BITS):
            for _ in trajectory(variant.rule, decimals, parameter, gradients, num=num):
                pass

    return call


def arrays(repeats: int) -> Iterator[Measure]:
    """The verdict on a step that came as arrays, beside the same step in float64."""
    for rule in ("torch-rmsprop", "torch-adam"):
        for size in ARRAY_SIZES:
            probe = next(iter(probe_inputs(rule, size, n=1)))
            asked: dict[str, Any] = {
                "before": probe.before,
                "after": rounded(carried_out(rule, probe)),
                "hyperparameters": probe.hyperparameters,
                "count": probe.count,
            }
            pairs = in_turn(
                partial(judge_step, rule, **asked),
                partial(carried_out, rule, probe),
                repeats,
                time.process_time,
            )
            unit = nanoseconds(size)
            beside = "the step in float64"
            yield measured("judge_step", rule, f"{size:,}", unit, pairs, beside)
        times = [one for one, _ in pairs]
        yield alone("judge_step, a million", rule, f"{size:,}", unit, times, ARRAY_AIM)


def carried_out(rule: str, probe: Probe) -> dict[str, Any]:
    """The step in float64."""
    stages = VARIANTS[rule].rule
    decimals = {name: repr(value) for name, value in probe.hyperparameters.items()}
    wide = {name: values.astype(float) for name, values in probe.before.items()}
    ((parameter, kept),) = trajectory(
        stages,
        decimals,
        wide["parameter"],
        [wide["gradient"]],
        num=FLOAT64,
        state={name: wide[name] for name in stages.state},
        taken=probe.count - 1,
    )
    return {**kept, "parameter": parameter}


def rounded(found: dict[str, Any]) -> dict[str, Any]:
    """Once, to float32."""
    return {name: values.astype(np.float32) for name, values in found.items()}


def torch_steps(python: Path, repeats: int) -> dict[str, list[float]]:
    """Seconds an element-step of PyTorch's own, float32 on one thread.

    Raises RuntimeError when the interpreter cannot run it.
    """
    words = [str(python), "-c", TORCH, str(TORCH_SIZE), str(STEPS), str(repeats)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode:
        last = next(iter(reversed(done.stderr.strip().splitlines())), "it said nothing")
        raise RuntimeError(f"torch could not be timed in {python}: {last}")
    found: dict[str, list[float]] = json.loads(done.stdout)
    return found
