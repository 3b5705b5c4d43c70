"""The coefficients of one step, and how an implementation may hold them.

A hyperparameter is the decimal that the user wrote.  What an implementation multiplies with is some
rounding of it, and what it uses for 1 - beta is worse: formed in float32, 1 - 0.999 is off by 110
units in the last place.  A :class:`Representation` says how each kind of coefficient was held.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import product
from math import ceil, inf, isfinite, prod
from typing import Any

from optimizer_conformance.reference.hyperparameters import HYPERPARAMETERS
from optimizer_conformance.reference.numbers.precision import PRECISIONS
from optimizer_conformance.reference.numbers.system import NumberSystem, RealFunction


@dataclass(frozen=True)
class Representation:
    """The formats in which coefficients were held before they met the working precision.

    rate        the learning rate, and the weight decay or L1 penalty that goes with it
    scalars     epsilon and the reciprocal of the loss scale
    moments     the decay rates and, formed from them, their complements 1 - beta
    correction  the decay rates from which 1 - beta^t is formed, in that format
    momentum    the momentum
    Empty means: taken exactly, and rounded once to the working precision.
    written     ways of writing the formula that lose digits: keys of ``LOSSES``
    """

    rate: str = ""
    scalars: str = ""
    moments: str = ""
    correction: str = ""
    momentum: str = ""
    written: tuple[str, ...] = ()

    def formats(self) -> dict[str, str]:
        """What was held in another format than exactly, in words, to that format."""
        every = {
            "learning rate": self.rate,
            "epsilon and loss scale": self.scalars,
            "decay and 1-decay": self.moments,
            "bias correction": self.correction,
            "momentum": self.momentum,
        }
        return {what: kept for what, kept in every.items() if kept}

    def __str__(self) -> str:
        formed = ("decay and 1-decay", "bias correction")
        parts = [
            f"{what} {'formed' if what in formed else 'held'} in {kept}"
            for what, kept in self.formats().items()
        ]
        lost = LOSES + " and ".join(LOSSES[how] for how in self.written) if self.written else ""
        return "; ".join(filter(None, (lost, ", ".join(parts)))) or "hyperparameters as written"


LOSES = "written so that it loses digits: "
LOSSES = {
    "logarithm": "beta^t as exp(t log beta)",
    "from the new": "averages as new + beta (old - new)",
    "in parts": "what is old and what is new taken from the parameter one after the other",
    "folded": "learning rate, epsilon and bias corrections folded into float32 numbers",
}


IDEAL = Representation()


def representations(dtype: str, *, corrected: bool) -> tuple[Representation, ...]:
    """Every way of holding coefficients that an implementation in ``dtype`` is known to use.

    The working precision itself and float32, which frameworks use for scalars (Keras for the
    learning rate of float64 variables, TensorFlow for the powers of beta).  ``corrected``: whether
    the rule has a bias correction at all.  Only without one is the momentum held in another format
    than epsilon, as by the RMSprop of Keras 2: with one the ways would be too many to try.
    """
    formats = ("", *dict.fromkeys((dtype, "float32")))
    single = ("", "float32") if dtype == "float64" else ("",)
    every = product(single, single, formats, formats if corrected else ("",), single)
    ways = (Representation(*formats) for formats in every)
    return tuple(way for way in ways if not corrected or way.momentum == way.scalars)[1:]


def may_lose(way: Representation, *, corrected: bool, reciprocal: bool = False) -> tuple[str, ...]:
    """What may lose digits where hyperparameters are held so: keys of ``LOSSES``.

    1 - beta^t loses them where a format forms it; scalars are folded where all are float32 numbers,
    and a rate that divides (``reciprocal``) with them.
    """
    formed = corrected and bool(way.correction)
    scalars = {way.rate, way.scalars, *((way.correction,) if corrected else ())}
    folded = (formed or reciprocal) and scalars == {"float32"}
    known = {"logarithm": formed, "folded": folded}
    return tuple(how for how in LOSSES if known.get(how, True))


# Which field of a Representation says how a hyperparameter was held.
KINDS = {
    "rate": "rate",
    "inverse_loss_scale": "scalars",
    "moment": "moments",
    "share_of_mean": "correction",
    **{name: record.held for name, record in HYPERPARAMETERS.items()},
}


def kept_in(way: Representation, kind: str) -> str:
    """The format in which ``way`` holds a coefficient: ``rate``, ``moment``, or its own name."""
    found: str = getattr(way, KINDS[kind])
    return found


def one(lift: Any) -> Any:
    """1."""
    return lift("1")


# Coefficient to how it is formed, from the exact values of hyperparameters, at a step.  What is no
# entry here is the hyperparameter of that name as it is.
Form = Callable[[NumberSystem, Mapping[str, Any], Any], Any]
FORMS: dict[str, Form] = {
    "rate": lambda num, of, count: num.coefficient("rate", of["learning_rate"]),
    "inverse_loss_scale": lambda num, of, count: num.coefficient(
        "inverse_loss_scale", 1 / of["loss_scale"]
    ),
    "decay": lambda num, of, count: num.coefficient("moment", of["decay"]),
    "one_minus_decay": lambda num, of, count: num.complement(of["decay"]),
    "correction2": lambda num, of, count: num.correction(of["decay"], count),
    "beta1": lambda num, of, count: num.coefficient("moment", of["beta1"]),
    "one_minus_beta1": lambda num, of, count: num.complement(of["beta1"]),
    "correction1": lambda num, of, count: num.correction(of["beta1"], count),
    "correction1_next": lambda num, of, count: num.correction(of["beta1"], count + 1),
    "beta3": lambda num, of, count: num.coefficient("moment", of["beta3"]),
    "one_minus_beta3": lambda num, of, count: num.complement(of["beta3"]),
    "correction3": lambda num, of, count: num.correction(of["beta3"], count),
    "begun": lambda num, of, count: None if count == 1 else num.real("1", one, (), 0),
}


@lru_cache(maxsize=4096)
def momentum(step: int) -> RealFunction:
    """Dozat's mu_t of a step, as a function of beta1 and the schedule's decay."""

    def value(lift: Any, beta1: Any, decay: Any) -> Any:
        return beta1 * (1 - lift("0.5") * lift("0.96") ** (step * decay))

    return value


@lru_cache(maxsize=4096)
def one_minus_momentum(step: int) -> RealFunction:
    """1 - mu_t."""
    return lambda lift, beta1, decay: 1 - momentum(step)(lift, beta1, decay)


@lru_cache(maxsize=4096)
def one_minus_product(count: int) -> RealFunction:
    """1 - mu_1 mu_2 ... mu_count."""

    def value(lift: Any, beta1: Any, decay: Any) -> Any:
        every = (momentum(step)(lift, beta1, decay) for step in range(1, count + 1))
        return 1 - prod(every, start=lift("1"))

    return value


def scheduled(
    symbol: str,
    function: Callable[[int], RealFunction],
    shift: int = 0,
    psi: Fraction | None = None,
) -> Form:
    """A coefficient of Dozat's schedule at this step or the next; ``psi`` is built in."""

    def form(num: NumberSystem, of: Mapping[str, Any], count: Any) -> Any:
        step = count + shift
        # A power within a few units, a product and a difference a factor; then their product.
        roundings = POWER + 3 if function is not one_minus_product else (POWER + 4) * (step + 1)
        decay = of["momentum_decay"] if psi is None else psi
        return num.real(symbol, function(step), (of["beta1"], decay), roundings)

    return form


POWER = 6  # roundings that a power function may be worth: three units in the last place


def schedules(psi: Fraction | None = None) -> dict[str, Form]:
    """The coefficients of Dozat's schedule."""
    return {
        "schedule_next": scheduled(r"\mu_{t+1}", momentum, 1, psi),
        "one_minus_schedule": scheduled(r"(1-\mu_t)", one_minus_momentum, 0, psi),
        "schedule_correction": scheduled(r"(1-\mu_1\cdots\mu_t)", one_minus_product, 0, psi),
        "schedule_correction_next": scheduled(
            r"(1-\mu_1\cdots\mu_{t+1})", one_minus_product, 1, psi
        ),
    }


SCHEDULES = schedules()
FORMS |= SCHEDULES
FORMS |= {f"fast_{name}": form for name, form in schedules(Fraction(1)).items()}


def length(decay: Any, count: Any) -> Any:
    """RAdam's rho_t: how many squares an average that began at step 1 is as steady as."""
    power = decay**count
    return 2 / (1 - decay) - 1 - 2 * count * power / (1 - power)


@lru_cache(maxsize=4096)
def rectification(count: int) -> RealFunction:
    """RAdam's r_t, as a function of the decay."""

    def value(lift: Any, decay: Any) -> Any:
        whole, now = lift("2") / (1 - decay) - 1, length(decay, count)
        return ((now - 4) * (now - 2) * whole / ((whole - 4) * (whole - 2) * now)) ** lift("0.5")

    return value


def rectified(threshold: int) -> Form:
    """r_t beyond a length; None up to it."""

    def form(num: NumberSystem, of: Mapping[str, Any], count: Any) -> Any:
        decay = of["decay"]
        if isinstance(decay, Fraction) and not (0 < decay < 1 and count > 0):
            return None
        if isinstance(decay, Fraction) and length(decay, count) <= threshold:
            return None
        return num.real("r_t", rectification(count), (decay,), rectifying(decay, count))

    return form


def rectifying(decay: Any, count: Any) -> int:
    """How many roundings r_t may be worth: its differences lose digits, as many as this says."""
    if not isinstance(decay, Fraction):
        return 0
    power, whole, now = decay**count, 2 / (1 - decay) - 1, length(decay, count)
    of_whole = 3 * whole
    of_now = of_whole + now + (whole - now) * (POWER + 4 + (POWER * power + 1) / (1 - power))
    lost = sum(of_now / abs(now - less) + of_whole / abs(whole - less) + 2 for less in (4, 2, 0))
    found: int = ceil(lost + 6)
    return found


FORMS |= {f"rectified_beyond_{threshold}": rectified(threshold) for threshold in (5, 4)}


@lru_cache(maxsize=4096)
def fourth_root(count: int) -> RealFunction:
    """The fourth root of a count of steps."""
    return lambda lift: lift(str(max(count, 0))) ** lift("0.25")


@lru_cache(maxsize=4096)
def one_of(count: int) -> RealFunction:
    """What one of so many steps is; one that is counted from 0 is all there is."""
    return lambda lift: lift("1") / lift(str(max(count, 1)))


@lru_cache(maxsize=4096)
def others_of(count: int) -> RealFunction:
    """What the other steps are."""
    return lambda lift: 1 - lift("1") / lift(str(max(count, 1)))


def share_of_step(num: NumberSystem, of: Mapping[str, Any], count: Any) -> Any:
    """1 / t; an implementation may add up as many weights first."""
    if not isinstance(count, int):  # a symbol
        return num.coefficient("share_of_step", 1 / count)
    return num.real("1/t", one_of(count), (), count + POWER)


def other_steps(num: NumberSystem, of: Mapping[str, Any], count: Any) -> Any:
    """1 - 1 / t."""
    if not isinstance(count, int):
        return num.coefficient("share_of_step", 1 - 1 / count)
    return num.real("(1-1/t)", others_of(count), (), count + POWER)


@lru_cache(maxsize=4096)
def fallen(count: int) -> RealFunction:
    """What is left of ASGD's rate at a step, as a function of rate, fading and power."""

    def value(lift: Any, rate: Any, fading: Any, power: Any) -> Any:
        return 1 / (1 + fading * rate * max(count - 1, 0)) ** power

    return value


def fallen_share(num: NumberSystem, of: Mapping[str, Any], count: Any) -> Any:
    """The same, formed with a power and four roundings more."""
    exact = (of["learning_rate"], of["fading"], of["power"])
    return num.real(r"\theta_t", fallen(count), exact, POWER + 4)


def mean_share(*, rest: bool) -> Form:
    """What ASGD's mean moves by, or what it keeps."""

    def form(num: NumberSystem, of: Mapping[str, Any], count: Any) -> Any:
        symbol = r"(1-\mu_t)" if rest else r"\mu_t"
        if not isinstance(count, int):
            return num.real(symbol, one, (), 0)
        after = count - 1 - of["delay"]
        if after <= 1:
            return None
        return num.coefficient("share_of_mean", 1 - 1 / after if rest else 1 / after)

    return form


FORMS |= {
    "fallen_share": fallen_share,
    "share_of_mean": mean_share(rest=False),
    "one_minus_share_of_mean": mean_share(rest=True),
}


def synchronized(num: NumberSystem, of: Mapping[str, Any], count: Any) -> Any:
    """Whether Lookahead goes back at a step; a symbol stands for one at which it does."""
    if isinstance(count, int) and count and (of["period"] <= 0 or count % of["period"]):
        return None  # after no number of steps is never
    return num.real("1", one, (), 0)


FORMS |= {
    "slow_share": lambda num, of, count: num.coefficient("slow_share", of["slow_share"]),
    "one_minus_slow_share": lambda num, of, count: num.complement(of["slow_share"]),
    "synchronized": synchronized,
    "ema_decay": lambda num, of, count: num.coefficient("ema_decay", of["ema_decay"]),
    "one_minus_ema_decay": lambda num, of, count: num.complement(of["ema_decay"]),
}


def limit(shift: int) -> Form:
    """ADOPT's limit, of a count that starts so much later."""
    return lambda num, of, count: num.real("c_t", fourth_root(count - shift), (), POWER)


FORMS |= {
    "interpolation": lambda num, of, count: num.coefficient("moment", of["interpolation"]),
    "one_minus_interpolation": lambda num, of, count: num.complement(of["interpolation"]),
    "share_of_step": share_of_step,
    "one_minus_share_of_step": other_steps,
}


@lru_cache(maxsize=4096)
def steps(count: int) -> RealFunction:
    """The count of steps."""
    return lambda lift: lift(str(count))


FORMS |= {"count": lambda num, of, count: num.real("t", steps(count), (), 0)}
FORMS |= {"limit_of_earlier": limit(1), "limit_of_all": limit(0)}


class Hyper:
    """The coefficients of one step as numbers of one system, each formed when first asked for.

    ``hyper.decay`` averages squared gradients, ``beta1`` gradients, ``one_minus_…`` are their
    complements; ``correction1`` and ``correction2`` are 1 - beta1^t and 1 - decay^t at this step;
    every other hyperparameter has its own name.  Raises AttributeError for one that was not given.
    """

    def __init__(self, num: NumberSystem, exact_values: Mapping[str, Any], count: Any) -> None:
        self._num, self._exact, self._count = num, exact_values, count

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or (name not in FORMS and name not in self._exact):
            raise AttributeError(f"no coefficient {name!r} was given")
        try:
            value = coefficient(self._num, name, self._exact, self._count)
        except KeyError as missing:
            raise AttributeError(f"{name} needs {missing.args[0]}, which was not given") from None
        setattr(self, name, value)
        return value

    def replaced(self, **coefficients: Any) -> Hyper:
        """The same with some of them others."""
        found = Hyper(self._num, self._exact, self._count)
        vars(found).update({**vars(self), **coefficients})
        return found


def coefficient(num: NumberSystem, name: str, of: Mapping[str, Any], count: Any) -> Any:
    """One coefficient in the number system ``num``.  Raises KeyError for a value not given."""
    form = FORMS.get(name)
    return form(num, of, count) if form else num.coefficient(name, of[name])


def hyper(
    decimals: Mapping[str, str], count: int, *, num: NumberSystem, rate: str | None = None
) -> Hyper:
    """The coefficients of step ``count`` (the first is 1) in the number system ``num``.

    ``decimals`` maps canonical names to decimals; ``rate`` replaces the learning rate at this step.
    """
    given = {**decimals, "learning_rate": rate or decimals["learning_rate"]}
    return Hyper(num, {name: exact(decimal) for name, decimal in given.items()}, count)


@lru_cache(maxsize=4096)
def exact(decimal: str) -> Fraction:
    """The rational number that a decimal names."""
    return Fraction(decimal)


@lru_cache(maxsize=65536)
def one_minus_power(beta: Fraction, count: int) -> Fraction:
    """1 - beta^count, exactly."""
    return 1 - beta**count


def difference(one: Fraction, other: Fraction) -> float:
    """one - other, rounded once; not reduced first, which takes longest where powers go in."""
    across = one.numerator * other.denominator - other.numerator * one.denominator
    return across / (one.denominator * other.denominator)


@lru_cache(maxsize=65536)
def held(value: Fraction, dtype: str) -> Fraction:
    """``value`` rounded to ``dtype``; exactly itself for the empty format."""
    rounded = float(PRECISIONS[dtype].round(float(value))) if dtype else inf
    return Fraction(rounded) if isfinite(rounded) else value
