"""The formulas: RMSProp, Adam and their relatives as one pipeline with choices.

Every formula is written once, over a *number system* ``num`` (see :mod:`reference.numbers`):
float64 arrays give the reference value, running bounds the tolerance, SymPy symbols the printed
formula.  An update rule is a :class:`Choices`: a documented variant, a mutant and a hypothesis
about an implementation differ in nothing but these fields.

Sources: T. Tieleman, G. Hinton, "Lecture 6.5 - rmsprop", COURSERA 2012 (second moment);
D. Kingma, J. Ba, "Adam", arXiv:1412.6980 (bias correction, epsilon hat in section 2);
A. Graves, arXiv:1308.0850, eq. 38-45 (centred form); I. Loshchilov, F. Hutter, arXiv:1711.05101
(decoupled weight decay); S. Reddi et al., ICLR 2018 (AMSGrad).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal

Number = Any  # whatever the number system computes with


@dataclass(frozen=True, kw_only=True)
class Choices:
    """One update rule, stage by stage.

    centralize            the mean over all axes but the first is taken off the gradient
    maximize              the gradient's sign is turned
    weight_decay          ``l2`` adds decay x parameter to the gradient, ``decoupled`` shrinks the
                          parameter by learning rate x decay, ``decoupled-unscaled`` by decay,
                          ``decoupled-corrected`` by the rate that carries both bias corrections,
                          lr sqrt(1 - beta2^t) / (1 - beta1^t), x decay
    first_moment          a moving average of the gradient takes the gradient's place (Adam)
    correction            which moments are divided by 1 - beta^t
    initial_second_moment where the average of squares starts
    centered              the squared average gradient is subtracted from the second moment
    amsgrad               the largest second moment so far, before or after its bias correction
    epsilon               ``inside`` the root, ``outside`` it, outside and not bias-corrected
                          (``hat``: the order that Kingma and Ba give at the end of section 2), or
                          ``none``
    momentum              the buffer holds steps already ``scaled`` by the learning rate, or
                          ``unscaled`` ones that are multiplied by the current rate
    nesterov              the buffer is looked through once more before it is applied
    """

    centralize: bool = False
    maximize: bool = False
    weight_decay: Literal[
        "none", "l2", "decoupled", "decoupled-unscaled", "decoupled-corrected"
    ] = "none"
    first_moment: bool = False
    correction: Literal["none", "first", "second", "both"] = "none"
    initial_second_moment: Literal["0", "1"] = "0"
    centered: bool = False
    amsgrad: Literal["none", "raw", "corrected"] = "none"
    epsilon: Literal["inside", "outside", "hat", "none"] = "outside"
    momentum: Literal["none", "scaled", "unscaled"] = "none"
    nesterov: bool = False

    def differences(self, other: Choices) -> list[str]:
        """Names of the fields in which two rules differ."""
        return [
            field.name
            for field in fields(self)
            if getattr(self, field.name) != getattr(other, field.name)
        ]


@dataclass(frozen=True)
class State:
    """What a rule remembers between steps: a number (array) each, or None where there is none.

    second_moment          average of squared gradients
    first_moment           Adam's average of gradients
    mean_gradient          the centred form's average of gradients
    momentum               the buffer; positive values lower the parameter
    maximum_second_moment  AMSGrad's running maximum
    """

    second_moment: Number
    first_moment: Number = None
    mean_gradient: Number = None
    momentum: Number = None
    maximum_second_moment: Number = None

    def items(self) -> list[tuple[str, Number]]:
        """The parts that exist, in the order in which a step computes them."""
        return [(name, value) for name in ORDER if (value := getattr(self, name)) is not None]


# The order in which a step computes them.
ORDER = (
    "first_moment",
    "mean_gradient",
    "second_moment",
    "maximum_second_moment",
    "momentum",
)
STATE = tuple(field.name for field in fields(State))


def consistent(choices: Choices) -> bool:
    """Whether no stage of a rule asks for a correction or a moment that the rule lacks."""
    second = choices.correction in ("second", "both")
    return (
        (choices.correction == "both" or choices.weight_decay != "decoupled-corrected")
        and (choices.first_moment or choices.correction in ("none", "second"))
        and (second or (choices.epsilon != "hat" and choices.amsgrad != "corrected"))
    )


def state_names(choices: Choices) -> tuple[str, ...]:
    """The state tensors that a rule has."""
    present = {
        "second_moment": True,
        "first_moment": choices.first_moment,
        "mean_gradient": choices.centered,
        "momentum": choices.momentum != "none",
        "maximum_second_moment": choices.amsgrad != "none",
    }
    return tuple(name for name in STATE if present[name])


def initial_state(choices: Choices, like: Number, *, num: Any) -> State:
    """The state before the first step, shaped like ``like``."""
    start = {"second_moment": choices.initial_second_moment}
    return State(**{name: num.full(like, start.get(name, "0")) for name in state_names(choices)})


def step(
    choices: Choices, hyper: Any, state: State, parameter: Number, gradient: Number, *, num: Any
) -> tuple[Number, State]:
    """One step: the new parameter and the new state.

    ``hyper`` holds the coefficients of this step as numbers of the same system (see
    :class:`reference.numbers.Hyper`): ``rate``, ``decay``, ``beta1``, their complements,
    ``epsilon``, ``momentum``, ``weight_decay``, ``inverse_loss_scale`` and the bias corrections
    ``correction1`` and ``correction2``.
    """
    gradient = descent_gradient(choices, hyper, parameter, gradient, num)
    moments = update_moments(choices, hyper, state, gradient, num)
    direction = gradient if moments.first_moment is None else moments.first_moment
    numerators, denominators = preconditioned(choices, hyper, moments, direction, num)
    parameter = decay_parameter(choices, hyper, parameter, num)
    if choices.momentum == "none":
        change = num.quotient((hyper.rate, *numerators), denominators)
        return num.define("parameter", parameter - change), moments
    change, buffer = accumulate(choices, hyper, state.momentum, numerators, denominators, num)
    return num.define("parameter", parameter - change), State(
        **{**vars(moments), "momentum": buffer}
    )


def descent_gradient(
    choices: Choices, hyper: Any, parameter: Number, gradient: Number, num: Any
) -> Number:
    """Unscale the loss, centralise, turn the sign, add L2 decay: in this order."""
    if hyper.inverse_loss_scale is not None:
        gradient = gradient * hyper.inverse_loss_scale
    if choices.centralize:
        gradient = num.centralize(gradient)
    if choices.maximize:
        gradient = -gradient
    if choices.weight_decay == "l2":
        gradient = num.define("gradient", gradient + hyper.weight_decay * parameter)
    return gradient


def update_moments(choices: Choices, hyper: Any, state: State, gradient: Number, num: Any) -> State:
    """Move every average towards this gradient; the momentum buffer is left for later."""
    first = mean = maximum = None
    if choices.first_moment:
        first = num.define(
            "first_moment",
            num.average(hyper.beta1, hyper.one_minus_beta1, state.first_moment, gradient),
        )
    if choices.centered:
        mean = num.define(
            "mean_gradient",
            num.average(hyper.decay, hyper.one_minus_decay, state.mean_gradient, gradient),
        )
    second = num.define(
        "second_moment",
        num.average(hyper.decay, hyper.one_minus_decay, state.second_moment, num.square(gradient)),
    )
    if choices.amsgrad != "none":
        candidate = second
        if choices.amsgrad == "corrected":
            candidate = num.quotient((second,), (hyper.correction2,))
        maximum = num.define(
            "maximum_second_moment", num.maximum(state.maximum_second_moment, candidate)
        )
    return State(second, first, mean, None, maximum)


def preconditioned(
    choices: Choices, hyper: Any, moments: State, direction: Number, num: Any
) -> tuple[tuple[Number, ...], tuple[Number, ...]]:
    """The step before the learning rate, as numerators and denominators of one quotient."""
    spread, mean = moments.second_moment, moments.mean_gradient
    corrected = choices.correction in ("second", "both")
    if choices.amsgrad != "none":
        spread = moments.maximum_second_moment
        corrected = corrected and choices.amsgrad == "raw"

    numerators, denominators = [direction], []
    if choices.correction in ("first", "both"):
        denominators.append(hyper.correction1)
    if corrected and choices.epsilon == "hat":
        numerators.append(num.root(hyper.correction2))
    elif corrected:
        spread = num.quotient((spread,), (hyper.correction2,))
        mean = None if mean is None else num.quotient((mean,), (hyper.correction2,))
    if choices.centered:
        spread = num.variance(spread, mean)
    denominators.append(place_epsilon(choices, hyper, spread, num))
    return tuple(numerators), tuple(denominators)


def place_epsilon(choices: Choices, hyper: Any, spread: Number, num: Any) -> Number:
    """The denominator: the root of the spread with epsilon inside, outside, or nowhere."""
    if choices.epsilon == "inside":
        return num.root(spread + hyper.epsilon)
    if choices.epsilon == "none":
        return num.root(spread)
    return num.root(spread) + hyper.epsilon


def decay_parameter(choices: Choices, hyper: Any, parameter: Number, num: Any) -> Number:
    """Decoupled weight decay shrinks the parameter itself."""
    if choices.weight_decay == "decoupled":
        return num.shrink(parameter, hyper.rate * hyper.weight_decay)
    if choices.weight_decay == "decoupled-unscaled":
        return num.shrink(parameter, hyper.weight_decay)
    if choices.weight_decay == "decoupled-corrected":
        scaled = (hyper.rate, hyper.weight_decay, num.root(hyper.correction2))
        return num.shrink(parameter, num.quotient(scaled, (hyper.correction1,)))
    return parameter


def accumulate(
    choices: Choices,
    hyper: Any,
    buffer: Number,
    numerators: tuple[Number, ...],
    denominators: tuple[Number, ...],
    num: Any,
) -> tuple[Number, Number]:
    """Momentum: the change of the parameter and the new buffer."""
    scaled = choices.momentum == "scaled"
    push = num.quotient((hyper.rate, *numerators) if scaled else numerators, denominators)
    buffer = num.define("momentum", hyper.momentum * buffer + push)
    change = hyper.momentum * buffer + push if choices.nesterov else buffer
    return (change if scaled else hyper.rate * change), buffer
