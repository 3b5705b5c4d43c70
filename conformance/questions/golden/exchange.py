"""Golden vectors: questions to a machine that we do not have, and what its answers are worth.

The answers are replayed by a worker (:mod:`adapters.golden`), so a recorded implementation is
judged like a running one.  docs/golden-vectors.md describes the way and the format.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from optimizer_conformance import adapters
from optimizer_conformance.adapters.golden import AVERAGES, FAMILIES, NUMBERS
from optimizer_conformance.adapters.golden_file import (
    GoldenCase,
    GoldenFile,
    GoldenFileError,
    GoldenParameter,
    questions,
    read,
)
from optimizer_conformance.adapters.octave_process import sizes
from optimizer_conformance.cases.case import Case, draw_cases, parse
from optimizer_conformance.cases.inputs import Input, Inputs, expand
from optimizer_conformance.cases.plan import Selection
from optimizer_conformance.reference.numbers.precision import Array, to_bits
from optimizer_conformance.runs.outcome import Outcome
from optimizer_conformance.runs.run import conduct
from optimizer_conformance.runs.schedule import Listener
from optimizer_conformance.workers.process import command_for

SCRIPT = Path(adapters.__file__).parent / "octave" / "golden" / "golden_vectors.m"
QUESTIONS = "questions.txt"
MODES = ("injected", "origin", "trajectory", "rate-change")
DTYPES = ("float32", "float64")
SIZE = 12  # elements a regime: the functions work element by element, and files should stay small
STEPS = 8  # at most


def prepare(folder: Path, *, draws: int, seed: int = 0) -> int:
    """Put the script and its questions into ``folder``; the number of cases.

    ``draws`` of hyperparameters for each function, class and mode; at most twelve (six in double).
    Raises OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(SCRIPT, folder)
    asked = [question(function, case) for function, case in chosen(draws, seed)]
    text = "\n".join(questions(asked)) + "\n"
    (folder / QUESTIONS).write_text(text, encoding="utf-8")
    return len(asked)


def chosen(draws: int, seed: int) -> Iterator[tuple[str, Case]]:
    """Functions and cases."""
    for function, family in FAMILIES.items():
        for dtype in DTYPES:
            for mode in MODES:
                for case in draw_cases(family, (), dtype, mode, "full", seed)[:draws]:
                    yield function, replace(case, size=SIZE, steps=min(case.steps, STEPS))


def question(function: str, case: Case) -> GoldenCase:
    """A case with its inputs, as it is asked."""
    inputs = expand(case)
    return GoldenCase(
        case.identifier,
        function,
        case.dtype,
        inputs.taken,
        rates(case, inputs),
        doubles(case.decimals[name] for name in NUMBERS[function]),
        [parameter(function, case, item) for item in inputs.parameters],
    )


def rates(case: Case, inputs: Inputs) -> Array:
    """The learning rate of each step."""
    return doubles(inputs.rates or [case.decimals["learning_rate"]] * case.steps)


def doubles(decimals: Iterable[str]) -> Array:
    """Decimals as the doubles that a caller passes."""
    return np.array([float(decimal) for decimal in decimals])


def parameter(function: str, case: Case, item: Input) -> GoldenParameter:
    """One parameter as it is asked; its state only where the case puts one in."""

    def sent(values: Array) -> Array:
        return to_bits(values, case.dtype)

    names = AVERAGES[function] if case.mode == "injected" else []
    return GoldenParameter(
        item.name,
        sizes(item.value.shape),
        sent(item.value),
        [sent(item.state[name]) for name in names],
        [sent(gradient) for gradient in item.gradients],
    )


def answered(path: Path) -> GoldenFile:
    """The content of a file of answers.

    Raises GoldenFileError for a file that is none, or that holds questions alone; OSError.
    """
    found = read(path)
    if not found.system:
        raise GoldenFileError(f"{path} holds questions and no answers; run {SCRIPT.name} on it")
    if not found.cases:
        raise GoldenFileError(f"{path} holds no case")
    return found


def judged(path: Path, folder: Path, *, listener: Listener | None = None) -> Outcome:
    """Judge the answers of ``path``; everything is kept in the run folder ``folder``.

    Raises GoldenFileError, OSError, and what :func:`runs.run.conduct` raises.
    """
    recorded = answered(path)
    selection = Selection(
        adapters=(recorded.system,),
        cases=tuple(dict.fromkeys(parse(case.identifier) for case in recorded.cases)),
    )
    command = command_for(str(path.resolve()), sys.executable)
    return conduct(
        selection,
        folder,
        requested=(recorded.system,),
        commands={recorded.system: command},
        listener=listener,
    )
