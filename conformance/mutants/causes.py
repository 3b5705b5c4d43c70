"""What people get wrong, as data: a row a cause, with a number where it has one.

Mutants are every small change of a formula; causes are the faults that programs have been reported
with: a loss that is summed, a rate that falls, a state that is lost, a counter that stops.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

from optimizer_conformance.cases.inputs import Inputs
from optimizer_conformance.mutants.mutants import Mutant
from optimizer_conformance.mutants.slips import (
    ALONE,
    Make,
    Place,
    averaging,
    both_epsilons,
    built_in,
    clipped,
    counter,
    everything,
    exchanged,
    factor_of,
    gradient,
    grouped,
    lost,
    of_all,
    of_all_since_loading,
    of_norm,
    of_optimizer,
    only,
    power,
    rate,
    reciprocal,
    right,
    run_out,
    signed,
    since_loading,
    standing,
    times,
    turned,
    unsaved,
    unweighted,
    warmed,
    whole,
    wrapping,
)
from optimizer_conformance.reference.hyperparameters import HYPERPARAMETERS
from optimizer_conformance.reference.rules import Rule
from optimizer_conformance.reference.variants import VARIANTS

ENDS = (("first", 0), ("last", -1))  # of the parameter groups


def shared(name: str, place: int) -> Callable[[list[dict[str, str]]], list[dict[str, str]]]:
    """One hyperparameter of all groups as that of one has it; without a name all of them."""

    def of(groups: list[dict[str, str]]) -> list[dict[str, str]]:
        own = groups[place]
        if not name:
            return [own] * len(groups)
        taken = {name: own[name]} if name in own else {}
        return [{k: v for k, v in group.items() if k != name} | taken for group in groups]

    return of


@dataclass(frozen=True)
class KnownCause:
    """A kind of fault.

    words   the sentence; ``{}`` stands for the number
    make    the wrong rule, of a rule and the number; None where it has no room for the fault
    tried   the numbers that are tried
    sought  whether the number is then sought near the best of those
    apart   whether it looks at a parameter as a whole, or at which of them it is
    sent    what becomes of what was asked: the groups' numbers, say
    hyperparameter  the one that is multiplied with the number, if one is
    """

    words: str
    make: Make
    tried: tuple[str, ...] = ("1",)
    sought: bool = False
    apart: bool = False
    sent: Callable[[Inputs], Inputs] | None = None
    hyperparameter: str = ""

    def said(self, number: Fraction) -> str:
        """The sentence with its number."""
        return self.words.format(shown(number))


def shown(number: Fraction) -> str:
    """A number as people write it: an integer, a short decimal, a fraction of small integers."""
    if number.denominator == 1:
        return str(number.numerator)
    text = f"{float(number):.7g}".replace("e-0", "e-").replace("e+0", "e")
    if Fraction(text) == number or number.denominator > 64:
        return text
    return f"{number.numerator}/{number.denominator}"


SIZES = ("4", "2", "8", "16", "32", "64", "100", "10", "1/2", "1/4", "1/8", "1/10", "1/100", "-1")
NUMBERS = ("2", "1/2", "10", "1/10", "1/1000", "1000")
BOUNDS = ("1", "10", "1/10", "100", "1/100", "1000")
OFTEN = tuple(
    map(str, (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 20, 25, 32, 50, 64, 100, 128, 256, 500))
)
FALLING = ("1/100", "1/10", "1", "1/1000", "1/10000")
LASTS = ("256", "255", "127", "128", "10", "100", "1000", "50", "500", "8", "16", "32", "64", "512")


def documented(name: str) -> tuple[str, ...]:
    """What documents name as a hyperparameter's default, and 0 where it then does nothing."""
    stated = [item.defaults[name] for item in VARIANTS.values() if name in item.defaults]
    idle = ["0"] if name != "learning_rate" else []
    every = (*idle, *HYPERPARAMETERS[name].typical, *sorted(set(stated), key=float))
    return tuple(text for text in dict.fromkeys(every) if text in idle or float(text) > 0)


CAUSES: tuple[KnownCause, ...] = (
    KnownCause("it moves nothing: parameters stay what they were", standing(lambda index, _: True)),
    KnownCause("gradients are multiplied with {}", gradient(times), SIZES, sought=True),
    KnownCause(
        "gradients are multiplied with the number of the step",
        gradient(lambda course, g, _: times(course, g, Fraction(course.index + 1))),
    ),
    KnownCause(
        "gradients are divided by the number of the step",
        gradient(lambda course, g, _: times(course, g, Fraction(1, course.index + 1))),
    ),
    KnownCause("of gradients only the sign is used", gradient(signed)),
    KnownCause(
        "gradients are clipped to the range from -{0} to {0}",
        gradient(clipped),
        BOUNDS,
        sought=True,
    ),
    KnownCause(
        "a parameter's gradient is clipped to a norm of {}",
        gradient(of_norm),
        BOUNDS,
        sought=True,
        apart=True,
    ),
    KnownCause(
        "gradients are clipped to a norm of {} over all parameters", gradient(of_norm), BOUNDS
    ),
    KnownCause(
        "the learning rate falls: step n uses lr / (1 + {} (n - 1))",
        rate(lambda n, k: 1 / (1 + k * n)),
        FALLING,
        sought=True,
    ),
    KnownCause(
        "the learning rate falls: step n uses lr / (1 + {} n)",
        rate(lambda n, k: 1 / (1 + k * (n + 1))),
        FALLING,
        sought=True,
    ),
    KnownCause(
        "the learning rate changes: step n uses lr {}^(n - 1)",
        rate(lambda n, k: power(k, Fraction(n))),
        ("9/10", "99/100", "1/2", "999/1000", "11/10"),
        sought=True,
    ),
    KnownCause(
        "the learning rate changes: step n uses lr {}^n",
        rate(lambda n, k: power(k, Fraction(n + 1))),
        ("9/10", "99/100", "1/2", "999/1000"),
        sought=True,
    ),
    KnownCause(
        "the learning rate falls: step n uses lr / sqrt(n)",
        rate(lambda n, _: 1 / power(Fraction(n + 1), Fraction(1, 2))),
    ),
    KnownCause(
        "the learning rate is warmed up: step n uses lr n / {}, at most lr",
        rate(warmed),
        ("10", "5", "100", "1000", "2", "3", "4", "20", "50"),
        sought=True,
    ),
    KnownCause(
        "the learning rate falls along a line to nothing after {} steps",
        rate(run_out),
        ("10", "100", "1000"),
        sought=True,
    ),
    *(
        KnownCause(
            f"{record.words} is multiplied with {{}}",
            factor_of(name),
            NUMBERS,
            sought=True,
            hyperparameter=name,
        )
        for name, record in HYPERPARAMETERS.items()
    ),
    *(
        KnownCause(
            f"{record.words} is {{}} whatever is asked for",
            built_in(name),
            documented(name),
            sought=True,
        )
        for name, record in HYPERPARAMETERS.items()
    ),
    KnownCause(
        "the state starts anew in every step; only the step count goes on", lost(everything)
    ),
    KnownCause(
        "the state starts anew in every step, the step count too", lost(everything, counter=True)
    ),
    KnownCause(
        "the state starts anew every {} steps; only the step count goes on",
        lost(everything),
        OFTEN[1:],
    ),
    KnownCause(
        "the state starts anew every {} steps, the step count too",
        lost(everything, counter=True),
        OFTEN[1:],
    ),
    *(
        KnownCause(f"the {name.replace('_', ' ')} starts anew in every step", lost(only(name)))
        for name in ("first_moment", "second_moment", "mean_gradient", "momentum")
    ),
    KnownCause(
        "in the first step the averages are the gradient and its square themselves, without 1 - "
        "beta",
        averaging(whole, first=True),
    ),
    KnownCause(
        "what is new is added to all averages without a weight 1 - beta", averaging(unweighted)
    ),
    KnownCause("old and new have each other's weights in all averages", averaging(turned)),
    KnownCause("epsilon is added inside the root as well", both_epsilons),
    KnownCause(
        "the step count is no part of what is saved: after loading it begins again",
        counter(since_loading),
    ),
    KnownCause("the state is lost when it is saved and loaded", unsaved(everything)),
    *(
        KnownCause(
            f"the {name.replace('_', ' ')} is lost when it is saved and loaded",
            unsaved(only(name)),
        )
        for name in ("first_moment", "second_moment", "mean_gradient", "momentum")
    ),
    KnownCause(
        "the step count is the optimizer's, not the parameter's: one whose gradient is missing in "
        "some steps is corrected as if it had had one",
        counter(of_optimizer),
    ),
    KnownCause("the step count is one too small", counter(lambda count, _, place: count - 1)),
    KnownCause("the step count is one too large", counter(lambda count, _, place: count + 1)),
    KnownCause(
        "the step count is raised from the second step on: the first two are corrected alike",
        counter(lambda count, _, place: max(count - 1, 1)),
    ),
    KnownCause("the step count stays at 1", counter(lambda count, _, place: 1)),
    KnownCause("the step count is raised twice a step", counter(lambda count, _, place: 2 * count)),
    KnownCause(
        "one step count is shared by all parameters and raised once for each of them",
        counter(of_all),
        apart=True,
    ),
    KnownCause(
        "one step count is shared by all parameters and raised once for each of them, and it is no "
        "part of what is saved",
        counter(of_all_since_loading),
        apart=True,
    ),
    KnownCause(
        "the step count stops at {}",
        counter(lambda count, most, place: min(count, int(most))),
        LASTS,
    ),
    KnownCause("the step count is kept in {} bits and becomes negative", counter(wrapping), ("8",)),
    KnownCause(
        "the step count is kept in 8 bits and begins again at 0",
        counter(lambda count, _, place: count % 256),
    ),
    KnownCause(
        "both bias corrections multiply; the document divides",
        reciprocal("correction1", "correction2"),
    ),
    KnownCause("the first moment's bias correction multiplies", reciprocal("correction1")),
    KnownCause("the second moment's bias correction multiplies", reciprocal("correction2")),
    KnownCause("beta1 and beta2 are in each other's place", exchanged("beta1", "decay")),
    KnownCause(
        "the two bias corrections are in each other's place",
        exchanged("correction1", "correction2"),
    ),
    KnownCause(
        "it moves nothing after step {}",
        standing(lambda index, last: index >= last),
        OFTEN,
    ),
    KnownCause(
        "every {}th step is left out",
        standing(lambda index, every: (index + 1) % int(every) == 0),
        OFTEN[1:],
    ),
    *(
        KnownCause(
            f"the learning rate of the {which} parameter group is used for all",
            right,
            sent=grouped(shared("learning_rate", place)),
        )
        for which, place in ENDS
    ),
    *(
        KnownCause(
            f"the numbers of the {which} parameter group are used for all",
            right,
            sent=grouped(shared("", place)),
        )
        for which, place in ENDS
    ),
)


def wrong_rules(
    cause: KnownCause, rule: Rule
) -> Iterator[tuple[Fraction, Callable[[Place], Mutant]]]:
    """A cause with each number that is tried, as far as a rule has room for it."""
    for text in cause.tried:
        number = Fraction(text)
        if cause.make(rule, number, ALONE) is not None:
            yield number, partial(placed, cause, rule, number)


def placed(cause: KnownCause, rule: Rule, number: Fraction, place: Place) -> Mutant:
    """The wrong rule for one parameter."""
    found = cause.make(rule, number, place)
    assert found is not None
    return found


__all__ = ["ALONE", "CAUSES", "KnownCause", "Place", "placed", "shown", "wrong_rules"]
