"""A file of golden vectors as an adapter: it answers what was recorded, and nothing else.

So recorded results go through the same verdicts, run folders and reports as running ones.
``python -m optimizer_conformance.adapters.worker FILE.golden`` serves it.
"""

from __future__ import annotations

import re
from pathlib import Path

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.golden_file import GoldenCase, GoldenFile, GoldenParameter, read
from optimizer_conformance.adapters.kit import Array

SUFFIX = ".golden"
# function -> canonical names of the averages and of the scalars behind learnRate, in their order
AVERAGES = {
    "rmspropupdate": ["second_moment"],
    "adamupdate": ["first_moment", "second_moment"],
}
NUMBERS = {"rmspropupdate": ["decay", "epsilon"], "adamupdate": ["beta1", "decay", "epsilon"]}
FAMILIES: dict[str, protocol.Family] = {"rmspropupdate": "rmsprop", "adamupdate": "adam"}


class Golden:
    """What :class:`adapters.worker.Server` serves: the members of an adapter module."""

    def __init__(self, path: Path) -> None:
        self.file = read(path)
        self.name = self.file.system
        self.cases = {fingerprint(case): case for case in self.file.cases}

    def describe(self) -> protocol.Description:
        functions = sorted({case.function for case in self.file.cases})
        return protocol.Description(
            adapter=self.name,
            protocol=protocol.PROTOCOL,
            versions={self.name: self.file.version},
            devices={"cpu": f"recorded on {self.file.about.get('computer', 'a machine')}"},
            implementations=[self.implementation(name) for name in functions],
            flags={"recorded": self.file.about.get("place", "")},
        )

    def implementation(self, function: str) -> protocol.Implementation:
        dtypes = {case.dtype for case in self.file.cases if case.function == function}
        return protocol.Implementation(
            name=f"{self.name}:{function}",
            family=FAMILIES[function],
            claims=claims(function, self.file),
            features=[[]],
            hyperparameters=["learning_rate", *NUMBERS[function]],
            dtypes=sorted(dtypes),  # type: ignore[arg-type]  # the reader knows two
            devices=["cpu"],
            state=AVERAGES[function],
            documentation=f"https://www.mathworks.com/help/deeplearning/ref/{function}.html",
        )

    def open_session(self, request: protocol.Open) -> kit.Session:
        return Replay(self.cases, request)

    def probe(self, implementation: str) -> dict[str, float | bool | str | None]:
        return {}


def claims(function: str, file: GoldenFile) -> list[str]:
    """The variants that the function's page states for the release that answered."""
    if function == "adamupdate":
        return ["matlab-adamupdate", "matlab-adamupdate-hat"]
    release = re.search(r"R\d{4}[ab]", file.version)
    old = file.system == "matlab" and release is not None and release[0] < "R2020a"
    return ["matlab-rmspropupdate-r2019b" if old else "matlab-rmspropupdate-r2020a"]


def fingerprint(case: GoldenCase) -> tuple[object, ...]:
    """What a case is found by: everything that is known when it is opened."""
    values = tuple(parameter.value.tobytes() for parameter in case.parameters)
    return case.function, case.dtype, tuple(map(float, case.numbers)), values


class Replay:
    """A session over one recorded case; inputs must be those that were recorded, to the bit."""

    def __init__(self, cases: dict[tuple[object, ...], GoldenCase], request: protocol.Open) -> None:
        function = request.implementation.partition(":")[2]
        h = request.hyperparameters
        values = [kit.to_array(parameter.value) for parameter in request.parameters]
        dtype = request.parameters[0].value.dtype
        numbers = tuple(h[name] for name in NUMBERS[function])
        key = (function, dtype, numbers, tuple(value.tobytes(order="F") for value in values))
        if key not in cases:
            raise LookupError("the file holds no such case: were its questions made elsewhere?")
        self.case = cases[key]
        self.rates = list(request.learning_rates)
        self.rate = h["learning_rate"]
        self.shapes = [value.shape for value in values]
        self.last: list[list[Array]] = []
        self.steps = 0

    def step(self, gradients: list[Array]) -> list[Array]:
        rate = self.rates.pop(0) if self.rates else self.rate
        recorded = [p.gradients[self.steps] for p in self.case.parameters]
        same = all(
            a.tobytes() == b.tobytes(order="F") for a, b in zip(recorded, gradients, strict=True)
        )
        if rate != self.case.rates[self.steps] or not same:
            raise LookupError(f"step {self.steps + 1} is not the one that was recorded")
        self.last = [answer(p, self.steps) for p in self.case.parameters]
        self.steps += 1
        return gradients

    def shown(self, place: int) -> list[Array]:
        """One of the results of each parameter, in its shape."""
        return [
            results[place].reshape(shape, order="F").copy()
            for results, shape in zip(self.last, self.shapes, strict=True)
        ]

    def parameters(self) -> list[Array]:
        return self.shown(0)

    def state(self) -> dict[str, list[Array]]:
        names = AVERAGES[self.case.function]
        return {name: self.shown(place) for place, name in enumerate(names, start=1)}

    def set_state(self, state: dict[str, list[Array]], step: int) -> None:
        for place, name in enumerate(AVERAGES[self.case.function]):
            for parameter, array in zip(self.case.parameters, state[name], strict=True):
                there = parameter.averages[place : place + 1]
                if (
                    step != self.case.taken
                    or not there
                    or (there[0].tobytes() != array.tobytes(order="F"))
                ):
                    raise LookupError(f"{name} is not the one that was recorded")


def answer(parameter: GoldenParameter, step: int) -> list[Array]:
    """What was recorded for one step; raises what was raised."""
    if step >= len(parameter.answers):
        raise LookupError(f"no answer to step {step + 1} of {parameter.name} was recorded")
    found = parameter.answers[step]
    if isinstance(found, str):
        raise RuntimeError(found)
    return found
