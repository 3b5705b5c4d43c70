"""One unit carried out: a case sent to a worker, and its answer judged."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from optimizer_conformance.adapters import protocol
from optimizer_conformance.adapters.kit import to_array, to_tensor
from optimizer_conformance.cases.inputs import COPIES, Input, Inputs
from optimizer_conformance.cases.plan import Unit, required_state
from optimizer_conformance.judging.oracle import Oracle, Question, inputs_of
from optimizer_conformance.judging.verdict import (
    Divergence,
    Judgement,
    Observed,
    ParameterVerdict,
    Verdict,
    judge,
)
from optimizer_conformance.reference.numbers import PRECISIONS
from optimizer_conformance.reference.numbers.precision import (
    Array,
    component,
    from_bits,
    parts,
    to_bits,
)
from optimizer_conformance.reference.rules import STATE
from optimizer_conformance.reference.variants import Variant
from optimizer_conformance.workers.process import Asked, Refused

# Parameters times steps that are asked for at a time: a framework that compiles for each shape has
# until the deadline for each.
ARRAYS = 128


@dataclass
class Answer:
    """What an implementation did with one case.

    observed   quantity to values, steps x elements
    broken     what may not change and did: ``gradient`` (its bits) or ``dtype`` (the parameter's),
               to the first step and parameter
    positions  in the layout mode: how many experiments gave different bits at different places
    defaults   the constructor's defaults that were left in force
    """

    observed: Observed
    broken: dict[str, tuple[int, str]] = field(default_factory=dict)
    positions: int = 0
    defaults: dict[str, object] = field(default_factory=dict)


def carry_out(worker: Asked, unit: Unit, defaults: dict[str, object]) -> Answer:
    """Run the unit's case; raises WorkerError when the worker cannot."""
    inputs = inputs_of(unit.case)
    omitted = defaults if unit.case.mode == "defaults" else {}
    halves = [list(range(unit.case.steps))]
    if unit.case.mode == "restored":
        middle = unit.case.steps // 2
        halves = [halves[0][:middle], halves[0][middle:]]

    observations: list[protocol.Observation] = []
    state: dict[str, list[protocol.Tensor]] = {}
    for half in halves:
        session = worker.ask(opening(unit, inputs, omitted, observations), protocol.Opened).session
        try:
            prepare(worker, unit, inputs, session, state, len(observations))
            for part in stretches(half, inputs.reloads, len(inputs.parameters)):
                if part[0] in inputs.reloads:
                    worker.ask(protocol.Reload(session), protocol.Done)
                gradients = [[sent(p, step, unit) for p in inputs.parameters] for step in part]
                stepped = worker.ask(protocol.Step(session, gradients), protocol.Stepped)
                observations += checked(stepped.observations, inputs, len(part))
            state = worker.ask(protocol.GetState(session), protocol.State).state
        except Refused:
            worker.ask(protocol.Close(session), protocol.Done)
            raise
        worker.ask(protocol.Close(session), protocol.Done)
    broken = {
        "gradient": changed_gradient(observations, inputs, unit),
        "dtype": changed_dtype(observations, unit),
    }
    return Answer(
        gathered(observations, unit.case.width),
        {name: where for name, where in broken.items() if where},
        position_dependent(observations, inputs) if unit.case.mode in COPIES else 0,
        omitted,
    )


def stretches(steps: list[int], reloads: tuple[int, ...], parameters: int) -> list[list[int]]:
    """The steps between one loading and the next, as many at a time as one answer may hold."""
    ends = [*(step for step in reloads if step in steps), steps[-1] + 1]
    starts = [steps[0], *ends]
    most = max(1, ARRAYS // parameters)
    return [
        list(range(first, min(first + most, end)))
        for start, end in zip(starts, ends, strict=False)
        for first in range(start, end, most)
    ]


def sent(parameter: Input, step: int, unit: Unit) -> protocol.Tensor | None:
    """A gradient as it travels; None in a step that has none."""
    return None if step in parameter.absent else tensor(parameter.gradients[step], unit)


def prepare(
    worker: Asked,
    unit: Unit,
    inputs: Inputs,
    session: int,
    state: dict[str, list[protocol.Tensor]],
    taken: int,
) -> None:
    """Put in the state that was read midway, or the one that the case injects."""
    if not state and unit.case.mode == "injected":
        taken = inputs.taken
        state = {
            name: [tensor(p.state[name], unit) for p in inputs.parameters]
            for name in required_state(unit.implementation, unit.case.features)
        }
    if state:
        worker.ask(protocol.SetState(session, state, taken), protocol.Done)


def tensor(values: Array, unit: Unit) -> protocol.Tensor:
    """Values in the case's dtype, as they travel."""
    return to_tensor(to_bits(values, unit.case.dtype))


def opening(
    unit: Unit,
    inputs: Inputs,
    omitted: dict[str, object],
    taken: list[protocol.Observation],
) -> protocol.Open:
    """The request that constructs the optimizer, over the parameters as they stand now."""
    decimals = {name: value for name, value in unit.decimals.items() if name not in omitted}
    values = taken[-1].parameters if taken else [tensor(p.value, unit) for p in inputs.parameters]
    return protocol.Open(
        implementation=unit.implementation.name,
        device=unit.device,
        parameters=[
            protocol.Parameter(p.name, value, p.layout, p.group, p.memory, p.joins)  # type: ignore[arg-type]  # literals
            for p, value in zip(inputs.parameters, values, strict=True)
        ],
        hyperparameters={name: float(value) for name, value in decimals.items()},
        features=list(unit.case.features),
        groups=[
            {name: float(value) for name, value in group.items() if name in unit.decimals}
            for group in inputs.groups
        ],
        learning_rates=[float(rate) for rate in inputs.rates],
    )


def checked(
    observations: list[protocol.Observation], inputs: Inputs, steps: int
) -> list[protocol.Observation]:
    """The observations, if they can belong to the question.

    Raises ProtocolBreach for a missing step or tensor, a name that the protocol lacks, a shape that
    is not the parameter's, or bytes that do not fill it.
    """
    if len(observations) != steps:
        raise ProtocolBreach(f"{steps} steps were asked for, {len(observations)} came back")
    for observation in observations:
        answers = {
            **observation.state,
            "parameter": observation.parameters,
            "gradient": observation.gradients,
        }
        for name, tensors in answers.items():
            if name not in (*STATE, "parameter", "gradient"):
                raise ProtocolBreach(f"the worker shows a state {name!r} that the protocol lacks")
            if len(tensors) != len(inputs.parameters):
                raise ProtocolBreach(
                    f"{len(tensors)} tensors of {name} came back for {len(inputs.parameters)}"
                )
            for item, parameter in zip(tensors, inputs.parameters, strict=True):
                if item is None:
                    continue  # a gradient that was not there
                if item.shape != parameter.value.shape:
                    raise ProtocolBreach(
                        f"{name} of {parameter.name} came back with shape {item.shape}, "
                        f"{parameter.value.shape} was sent"
                    )
                if len(item.data) != parameter.value.size * protocol.ITEM_SIZE[item.dtype]:
                    raise ProtocolBreach(
                        f"{name} of {parameter.name} came back as {len(item.data)} bytes, which "
                        f"do not fill {item.dtype} of shape {item.shape}"
                    )
    return observations


def gathered(observations: list[protocol.Observation], width: int = 1) -> Observed:
    """Each quantity as steps x columns, in float64: one an element, or ``width`` of them."""
    # A parameter without a gradient so far has no state yet.
    shown = set.intersection(*(set(observation.state) for observation in observations))
    rows: dict[str, list[Array]] = {}
    for observation in observations:
        state = {name: tensors for name, tensors in observation.state.items() if name in shown}
        for name, tensors in {**state, "parameter": observation.parameters}.items():
            flat = [columns(item, width) for item in tensors]
            rows.setdefault(name, []).append(np.concatenate(flat))
    return {name: np.stack(values) for name, values in rows.items()}


def columns(item: protocol.Tensor, width: int) -> Array:
    """A tensor's elements; of complex numbers both parts, the second 0 where it is a real one."""
    values = from_bits(to_array(item), item.dtype).ravel()
    if width == 1 and np.iscomplexobj(values):
        raise ProtocolBreach(f"a tensor came back as {item.dtype}, and real numbers were sent")
    return values if width == 1 else parts(values.astype(np.complex128))


class ProtocolBreach(Exception):  # noqa: N818 - named for the situation
    """A worker answered with something that cannot belong to the question."""


def changed_gradient(
    observations: list[protocol.Observation], inputs: Inputs, unit: Unit
) -> tuple[int, str] | None:
    """The first gradient whose bits are not those that were sent."""
    for step, observation in enumerate(observations):
        for parameter, after in zip(inputs.parameters, observation.gradients, strict=True):
            came = after and after.data
            due = sent(parameter, step, unit)
            if came != (due and due.data):
                return step + 1, parameter.name
    return None


def changed_dtype(observations: list[protocol.Observation], unit: Unit) -> tuple[int, str] | None:
    """The first parameter that came back in another dtype than it was sent in."""
    for step, observation in enumerate(observations):
        for index, after in enumerate(observation.parameters):
            if after.dtype != unit.case.dtype:
                return step + 1, inputs_of(unit.case).parameters[index].name
    return None


def position_dependent(observations: list[protocol.Observation], inputs: Inputs) -> int:
    """How many experiments ended in different bits at different places."""
    first: dict[int, int] = {}
    different: set[int] = set()
    for parameter, after in zip(inputs.parameters, observations[-1].parameters, strict=True):
        array = to_array(after)
        bits = array.view(f"u{array.dtype.itemsize}").ravel() if array.size else array.ravel()
        if parameter.sign < 0:  # an update rule is odd in parameter and gradient together
            bits = bits ^ bits.dtype.type(1 << (8 * bits.dtype.itemsize - 1))
        assert parameter.experiment is not None
        where = parameter.experiment.ravel()
        for experiment in np.unique(where):
            found = np.unique(bits[where == experiment])
            if len(found) > 1 or first.setdefault(int(experiment), int(found[0])) != int(found[0]):
                different.add(int(experiment))
    return len(different)


def question_for(variant: Variant, unit: Unit, omitted: dict[str, object]) -> Question:
    """The variant's rule over the unit's case; what was ``omitted`` has its documented default."""
    documented = {name: variant.defaults[name] for name in omitted if name in variant.defaults}
    decimals = {**unit.case.decimals, **documented}
    ordered = tuple(sorted(decimals.items()))
    profile = unit.implementation.arithmetic.get(unit.device, "ieee")
    return Question(
        variant.rule,
        ordered,
        unit.case,
        variant.undecayed,
        profile=profile,
        squares=variant.squares,
    )


def judge_answer(
    oracle: Oracle,
    question: Question,
    unit: Unit,
    answer: Answer,
    *,
    parameters_only: bool = False,
    decide_only: bool = False,
) -> Judgement:
    """Judge one answer to one question.

    ``parameters_only`` leaves state and side effects aside and makes one line of all parameters;
    ``decide_only`` leaves aside what explains an element that is outside the bound.
    """
    observed = answer.observed
    if parameters_only:
        observed = {"parameter": observed["parameter"]}
    judgement = judge(oracle, question, observed, decide_only=decide_only, together=parameters_only)
    parameters, notes = judgement.parameters, judgement.notes
    if not parameters_only:
        parameters += tuple(broken_promise(*item, unit) for item in answer.broken.items())
    if answer.positions:
        many = f"{answer.positions} elements got different bits at different places, all judged"
        notes += (many,)
    return replace(judgement, parameters=parameters, notes=notes)


def broken_promise(what: str, where: tuple[int, str], unit: Unit) -> ParameterVerdict:
    """A changed gradient, or a parameter of another dtype, deviates from every document."""
    step, name = where
    nan = float("nan")
    divergence = Divergence(step, what, name, 0, nan, nan, float("inf"), float("inf"))
    counts = tuple(int(verdict is Verdict.deviates) for verdict in Verdict)
    precision = PRECISIONS[component(unit.case.dtype)]
    return ParameterVerdict(
        name, Verdict.deviates, float("inf"), 1 / precision.unit_roundoff, counts, divergence
    )
