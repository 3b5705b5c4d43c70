"""Naive evaluations in a working precision, written without the package's pipeline.

Every operation is rounded to the working precision; wherever an implementation may choose an order
(or a fused multiply-add, or a product with a reciprocal), ``random`` chooses.  Float64 holds the
values: the double rounding is innocuous for formats of at most 24 bits.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from fractions import Fraction

import mpmath
import numpy as np

from optimizer_conformance.cases.case import parse
from optimizer_conformance.cases.inputs import expand
from optimizer_conformance.reference.numbers import PRECISIONS

SIGN = np.frompyfunc(lambda x: type(x)((x > 0) - (x < 0)), 1, 1)


def sign(x):
    """-1, 0 or 1, of any numbers."""
    return np.sign(x) if np.asarray(x).dtype != object else SIGN(x)


@dataclass
class Arithmetic:
    """One implementation's arithmetic: a precision, and the orders that it happens to use.

    moments, correction  form 1 - beta and 1 - beta^t in the working precision
    """

    dtype: str
    random: random.Random = field(default_factory=lambda: random.Random(0))
    moments: bool = False
    correction: bool = False
    flush: bool = False

    def r(self, x):
        with np.errstate(all="ignore"):
            rounded = PRECISIONS[self.dtype].round(x)
        if self.flush:
            tiny = np.abs(rounded) < PRECISIONS[self.dtype].smallest_normal
            rounded = np.where(tiny, 0.0 * rounded, rounded)
        return rounded

    def mul(self, x, y):
        with np.errstate(all="ignore"):
            return self.r(np.multiply(x, y))

    def add(self, x, y):
        with np.errstate(all="ignore"):
            return self.r(np.add(x, y))

    def sub(self, x, y):
        return self.add(x, np.negative(y))

    def fma(self, x, y, z):
        with np.errstate(all="ignore"):
            return self.r(np.add(np.multiply(x, y), z))

    def div(self, x, y):
        with np.errstate(all="ignore"):
            return self.r(np.divide(x, y))

    def over(self, x, y):
        """x / y, or x times the rounded reciprocal of y."""
        return self.random.choice((self.div(x, y), self.mul(x, self.div(1.0, y))))

    def root(self, x):
        with np.errstate(all="ignore"):
            return self.r(np.sqrt(x))

    def plus_product(self, z, x, y):
        """z + x y, fused or not."""
        return self.fma(x, y, z) if self.random.random() < 0.5 else self.add(z, self.mul(x, y))

    # Coefficients -----------------------------------------------------------------------------

    def held(self, decimal):
        return float(self.r(float(Fraction(decimal))))

    def complement(self, decimal):
        if self.moments:
            return float(self.r(1.0 - self.held(decimal)))
        return float(self.r(float(1 - Fraction(decimal))))

    def one_minus_power(self, decimal, count):
        if not self.correction:
            return float(self.r(float(1 - Fraction(decimal) ** count)))
        power = beta = self.held(decimal)
        for _ in range(count - 1):
            power = float(self.r(power * beta))
        return float(self.r(1.0 - power))

    def real(self, value):
        """A real number, rounded once."""
        return float(self.r(float(value)))

    # Composites -------------------------------------------------------------------------------

    def average(self, b, c, old, factors):
        """b old + c new, where new is the product of one or two factors."""
        new = factors[0] if len(factors) == 1 else self.mul(*factors)
        order = self.random.randrange(6 if np.all(b >= c) else 7)
        if order == 0:
            return self.add(self.mul(b, old), self.mul(c, new))
        if order == 1:
            return self.fma(b, old, self.mul(c, new))
        if order == 2:
            return self.fma(c, new, self.mul(b, old))
        if order == 3:  # ((1 - beta) g) g
            left = self.mul(c, factors[0])
            last = factors[1] if len(factors) == 2 else 1.0
            return self.plus_product(self.mul(b, old), left, last)
        if order in (4, 5):
            return self.plus_product(old, c, self.sub(new, old))
        return self.plus_product(new, b, self.sub(old, new))

    def pair(self, numerators, denominators):
        """Two factors whose product is the quotient, everything else multiplied out at random."""
        items = [(x, True) for x in numerators] + [(x, False) for x in denominators]
        self.random.shuffle(items)
        while len(items) > 2:
            (x, above), (y, other) = items.pop(), items.pop()
            if above == other:
                items.append((self.mul(x, y), above))
            else:
                items.append((self.over(x, y) if above else self.over(y, x), True))
            self.random.shuffle(items)
        items.sort(key=lambda item: not item[1])
        if len(items) == 1:
            return items[0][0], 1.0
        (x, _), (y, above) = items
        return (x, y) if above else (self.over(x, y), 1.0)

    def quotient(self, numerators, denominators):
        x, y = self.pair(numerators, denominators)
        return self.mul(x, y)

    def shrink(self, x, c):
        if self.random.random() < 0.5:
            return self.mul(x, self.sub(1.0, c))
        return self.plus_product(x, -c, x)

    def centralize(self, x):
        if x.ndim < 2:
            return x
        rows = x.reshape(x.shape[0], -1)
        columns = list(range(rows.shape[1]))
        self.random.shuffle(columns)
        total = np.zeros(rows.shape[0])
        for column in columns:
            total = self.add(total, rows[:, column])
        mean = self.over(total, float(rows.shape[1]))
        return self.sub(x, mean.reshape(-1, *[1] * (x.ndim - 1)))

    def summed_squares(self, rows):
        """The sum of each row's squares, in any order."""
        columns = list(range(rows.shape[1]))
        self.random.shuffle(columns)
        total = np.zeros(rows.shape[0])
        for column in columns:
            total = self.plus_product(total, rows[:, column], rows[:, column])
        return total

    def squared_norm(self, x):
        """The same over everything; the norm may be formed, and squared again."""
        total = self.summed_squares(x.reshape(1, -1))
        if self.random.random() < 0.5:
            norm = self.root(total)
            total = self.mul(norm, norm)
        return np.zeros(x.shape) + total

    def mean_square(self, x):
        if x.ndim < 2:
            return self.mul(x, x)
        rows = x.reshape(x.shape[0], -1)
        mean = self.over(self.summed_squares(rows), float(rows.shape[1]))
        return np.zeros(x.shape) + mean.reshape(-1, *[1] * (x.ndim - 1))


def start(rule, shape, held=float):
    """The initial state, as plain arrays; ``held`` says how a decimal is."""
    state = {name: np.zeros(shape) for name in rule.state}
    if "second_moment" in state:
        begins = rule.state["second_moment"].start
        state["second_moment"] = state["second_moment"] + held(begins)
    if rule["initial_second_moment"] == "0.000001":
        state["first_moment"] = state["first_moment"] + held("0.000001")
    return state


def schedule(decimals, count):
    """Dozat's momentum of each step up to ``count``, in 1,000 bits."""
    with mpmath.workprec(1000):
        beta, psi = (
            mpmath.mpf(x.numerator) / x.denominator
            for x in (Fraction(decimals[name]) for name in ("beta1", "momentum_decay"))
        )
        rate = mpmath.mpf(96) / 100
        return [beta * (1 - rate ** (t * psi) / 2) for t in range(1, count + 1)]


def differences(rule, decimals, count, state, new, m, g, a):
    """Adan's direction, and the gradient that is squared."""
    kept, lost = a.held(decimals["beta3"]), a.complement(decimals["beta3"])
    change = np.zeros_like(g) if count == 1 else a.sub(g, state["previous_gradient"])
    d = new["average_difference"] = a.average(kept, lost, state["average_difference"], [change])
    new["previous_gradient"] = g
    share = kept if rule["differences"] == "kept" else lost
    mean = a.over(m, a.one_minus_power(decimals["beta1"], count))
    more = a.quotient([share, d], [a.one_minus_power(decimals["beta3"], count)])
    return a.add(mean, more), a.plus_product(g, share, change)


def gathered(rule, decimals, count, w, state, new, g, eps, a):
    """What is divided, and by what, where one number serves a tensor or a row."""
    before = state["second_moment"]
    if rule["scale"] == "row squares":
        v = a.add(before, a.mean_square(g))
    else:
        v = a.squared_norm(g)
        if count > 1 or rule["initial_second_moment"] == "0":
            rho = decimals["decay"]
            v = a.average(a.held(rho), a.complement(rho), before, [v])
    new["second_moment"] = v
    root = a.root(a.add(v, eps) if rule["epsilon"] == "inside" else v)
    divisor = a.add(root, eps) if rule["epsilon"] == "outside" else root
    if rule["weight_decay"] != "joined":
        return g, [divisor]
    return a.plus_product(a.over(g, divisor), a.held(decimals["weight_decay"]), w), []


def ahead(rule, decimals, count, m, g, a):
    """NAdam's direction, as two quotients."""
    if rule["first_moment"] == "ahead steadily":
        beta, left = a.held(decimals["beta1"]), a.complement(decimals["beta1"])
        then = a.one_minus_power(decimals["beta1"], count + 1)
        now = a.one_minus_power(decimals["beta1"], count)
        return a.add(a.quotient([beta, m], [then]), a.quotient([left, g], [now]))
    if rule["first_moment"] == "ahead by itself":
        decimals = {**decimals, "momentum_decay": "1"}
    with mpmath.workprec(1000):
        mus = schedule(decimals, count + 1)
        now, then = 1 - mpmath.fprod(mus[:-1]), 1 - mpmath.fprod(mus)
        following, mine, now, then = (a.real(x) for x in (mus[-1], 1 - mus[-2], now, then))
    past = a.quotient([following, m], [then])
    return a.add(past, a.quotient([mine, g], [now]))


def own_step(rule, u, v, g, eps, a):
    """Adadelta's step before the learning rate."""
    inside = rule["epsilon"] == "inside"
    above, below = (a.root(a.add(x, eps)) if inside else a.add(a.root(x), eps) for x in (u, v))
    return a.quotient([g, above], [below])


def largest(rule, rho, before, g, eps, a):
    """Adamax's norm."""
    size, faded = np.abs(g), a.mul(rho, before)
    if rule["epsilon"] == "new":
        size = a.add(size, eps)
    if rule["epsilon"] == "kept":
        faded = a.add(faded, eps)
    return np.maximum(faded, size)


def other_average(rule, decimals, count, state, new, g, top, a):
    """Yogi's, AdaBelief's and RAdam's divisors: what is multiplied, and what it is divided by."""
    rho, rho_c = a.held(decimals["decay"]), a.complement(decimals["decay"])
    eps, v = a.held(decimals["epsilon"]), state["second_moment"]
    second = rule["correction"] in ("second", "both")
    c2 = a.one_minus_power(decimals["decay"], count) if second else 1.0
    tops = [top]
    if rule["scale"] == "signed squares":
        square = a.mul(g, g)
        pull = a.mul(a.mul(rho_c, np.sign(a.sub(v, square))), square)
        v = a.sub(v, pull)
    if rule["scale"] == "surprise":
        far = a.sub(g, new["first_moment"])
        v = a.average(rho, rho_c, v, [far, far])
        v = v if rule["epsilon"] == "outside" else a.add(v, eps)
    if rule["scale"] == "rectified":
        v = a.average(rho, rho_c, v, [g, g])
    new["second_moment"] = v
    if rule["scale"] == "rectified":
        rho_t, factor = rectification(decimals["decay"], count)
        if rho_t <= int(rule["rectification"]):
            return tops, []
        tops = [*tops, a.real(factor)]
        if rule["epsilon"] == "hat":
            return [*tops, a.root(c2)], [a.add(a.root(v), eps)]
    root = a.root(a.over(v, c2) if second else v)
    return tops, [root if rule["epsilon"] == "kept" else a.add(root, eps)]


def rectification(decay, count):
    """RAdam's rho_t and r_t, in 1,000 bits."""
    with mpmath.workprec(1000):
        beta = mpmath.mpf(Fraction(decay).numerator) / Fraction(decay).denominator
        rho = 2 / (1 - beta) - 1
        rho_t = rho - 2 * count * beta**count / (1 - beta**count)
        squared = (rho_t - 4) * (rho_t - 2) * rho / ((rho - 4) * (rho - 2) * rho_t)
        return rho_t, mpmath.sqrt(abs(squared))


def leader(rule, decimals, w, state, g, eta, a):
    """FTRL: the parameter, the sum of squares, and what is summed beside it."""
    l1, l2, beta = (a.held(decimals[name]) for name in ("l1", "l2", "steadiness"))
    before = state["second_moment"]
    n = a.plus_product(before, g, g)
    sigma = a.over(a.sub(a.root(n), a.root(before)), eta)
    z = a.plus_product(a.add(state["linear"], g), -sigma, w)
    l2 = 2 * l2 if rule["penalty"] == "twice" else l2
    steady = a.add(a.over(a.add(beta, a.root(n)), eta), l2)
    return a.over(a.sub(np.clip(z, -l1, l1), z), steady), n, z


def dual(decimals, count, state, g, eta, a):
    """Adagrad by dual averages: the parameter, the sum of squares and that of gradients."""
    l1, l2 = (a.mul(a.held(decimals[name]), float(count)) for name in ("l1", "l2"))
    n = a.plus_product(state["second_moment"], g, g)
    z = a.add(state["linear"], g)
    left = a.mul(sign(z), np.maximum(a.sub(np.abs(z), l1), 0))
    return -a.quotient([eta, left], [a.add(a.mul(l2, eta), a.root(n))]), n, z


def trial(decimals, count, state, g, eta, a):
    """Rprop: what is taken from the parameter, the size of it, and the gradient remembered."""
    up, down, least, most = (
        a.held(decimals[name]) for name in ("growth", "shrinkage", "least_step", "largest_step")
    )
    before = np.full_like(g, eta) if count == 1 else state["step_size"]
    side = np.sign(a.mul(g, state["previous_gradient"]))
    size = a.mul(before, np.where(side < 0, down, np.where(side > 0, up, 1.0)))
    size = np.minimum(np.maximum(size, least), most)
    g = np.where(side < 0, 0.0, g)
    return a.mul(size, np.sign(g)), size, g


def beforehand(rule, decimals, count, w, state, new, g, eta, eps, a):
    """ADOPT: the first step moves nothing."""
    if count == 1:
        new["second_moment"] = a.mul(g, g)
        return w, new
    over = np.maximum(a.root(state["second_moment"]), eps)
    push = a.over(g, over)
    if rule["limit"] != "none":
        with mpmath.workprec(1000):
            root = mpmath.mpf(count - 1 if rule["limit"] == "earlier" else count) ** 0.25
        bound = a.real(root)
        push = np.minimum(np.maximum(push, -bound), bound)
    beta, beta_c = a.held(decimals["beta1"]), a.complement(decimals["beta1"])
    rho, rho_c = a.held(decimals["decay"]), a.complement(decimals["decay"])
    m = new["first_moment"] = a.average(beta, beta_c, state["first_moment"], [push])
    new["second_moment"] = a.average(rho, rho_c, state["second_moment"], [g, g])
    return moved(rule, decimals, count, w, [m], [], state, new, eta, None, a)


def averaged(rule, decimals, count, w, state, new, g, eta, eps, a):
    """ASGD: a rate that falls, and the mean of the parameter."""
    fading = decimals["fading"]
    with mpmath.workprec(1000):
        rate, fall, power = (
            mpmath.mpf(Fraction(decimals[name]).numerator) / Fraction(decimals[name]).denominator
            for name in ("learning_rate", "fading", "power")
        )
        left = (1 + fall * rate * (count - 1)) ** -power
    eta = a.mul(eta, a.real(left))
    w = a.plus_product(a.shrink(w, a.mul(eta, a.held(fading))), -eta, g)
    after, before = count - 1 - int(decimals["delay"]), state["mean_parameter"]
    mean = w
    if after > 1:
        share = a.over(a.held("1"), a.held(str(after)))
        mean = a.average(a.sub(a.held("1"), share), share, before, [w])
    return w, {**new, "mean_parameter": mean}


# Scales that make the whole step.
WHOLE = {"averaged": averaged, "beforehand": beforehand}


def one_step(  # noqa: PLR0911, PLR0912, PLR0915 - one recipe, on purpose not the pipeline's stages
    rule, decimals, count, w, state, g, a, rate=None
):
    """One step in arithmetic ``a``; the new parameter and state."""
    eta = a.held(rate or decimals["learning_rate"])
    rho, rho_c = a.held(decimals.get("decay", "0")), a.complement(decimals.get("decay", "0"))
    eps = a.held(decimals.get("epsilon", "0"))
    new = dict(state)
    if rule.unscaled:
        g = a.over(g, a.held(decimals["loss_scale"]))
    if rule["centralize"]:
        g = a.centralize(g)
    if rule["maximize"]:
        g = -g
    if rule["clip"]:
        c = a.held(decimals["clip"])
        g = np.minimum(np.maximum(g, -c), c)
    if rule["weight_decay"] == "l2":
        g = a.plus_product(g, a.held(decimals["weight_decay"]), w)
    if rule["lasso"] != "none":
        g = a.plus_product(g, a.held(decimals["lasso"]), sign(w))
    top, bottom = g, []
    if rule["first_moment"]:
        beta, beta_c = a.held(decimals["beta1"]), a.complement(decimals["beta1"])
        weights = (rho, rho_c) if rule["first_moment"] == "apart" else (beta, beta_c)
        top = new["first_moment"] = a.average(*weights, state["first_moment"], [g])
        if rule["first_moment"] == "apart":
            top = a.average(beta, beta_c, state["first_moment"], [g])
        if str(rule["first_moment"]).startswith("ahead"):
            top = ahead(rule, decimals, count, top, g, a)
        if rule["first_moment"] == "fast and slow":
            slow = [a.held(decimals["beta3"]), a.complement(decimals["beta3"])]
            n = new["slow_moment"] = a.average(*slow, state["slow_moment"], [g])
            fast = a.over(top, a.one_minus_power(decimals["beta1"], count))
            top = a.plus_product(fast, a.held(decimals["mixture"]), n)
        if rule["first_moment"] == "differences":
            top, g = differences(rule, decimals, count, state, new, top, g, a)
    if rule["scale"] != "mean square":
        if rule["scale"] == "sum of squares":
            v = new["second_moment"] = a.plus_product(state["second_moment"], g, g)
            root = a.root(a.add(v, eps) if rule["epsilon"] == "inside" else v)
            bottom = [a.add(root, eps) if rule["epsilon"] == "outside" else root]
        if rule["scale"] in ("squared norm", "row squares"):
            top, bottom = gathered(rule, decimals, count, w, state, new, g, eps, a)
        if rule["scale"] == "own steps":
            v = new["second_moment"] = a.average(rho, rho_c, state["second_moment"], [g, g])
            top = own_step(rule, state["mean_square_update"], v, top, eps, a)
            u = a.average(rho, rho_c, state["mean_square_update"], [top, top])
            new["mean_square_update"] = u
        if rule["scale"] == "largest size":
            bottom = [largest(rule, rho, state["largest_size"], g, eps, a)]
            new["largest_size"] = bottom[0]
            if rule["epsilon"] == "outside":
                bottom = [a.add(bottom[0], eps)]
        if rule["scale"] in ("signed squares", "surprise", "rectified"):
            tops, bottom = other_average(rule, decimals, count, state, new, g, top, a)
            if rule["correction"] in ("first", "both") and rule["first_moment"] is True:
                bottom.append(a.one_minus_power(decimals["beta1"], count))
            second = rule["correction"] in ("second", "both")
            c2 = a.one_minus_power(decimals["decay"], count) if second else None
            return moved(rule, decimals, count, w, tops, bottom, state, new, eta, c2, a)
        if rule["scale"] in WHOLE:
            return WHOLE[rule["scale"]](rule, decimals, count, w, state, new, g, eta, eps, a)
        if rule["scale"] == "leader":
            w, new["second_moment"], new["linear"] = leader(rule, decimals, w, state, g, eta, a)
            return w, new
        if rule["scale"] == "dual averages":
            w, new["second_moment"], new["linear"] = dual(decimals, count, state, g, eta, a)
            return w, new
        if rule["scale"] == "trials":
            top, new["step_size"], g = trial(decimals, count, state, g, eta, a)
            new["previous_gradient"] = g
            return a.sub(w, top), new
        if rule["correction"] == "first" and rule["first_moment"] is True:
            bottom = [*bottom, a.one_minus_power(decimals["beta1"], count)]
        if rule["scale"] == "own size":
            top = sign(top)
        return moved(rule, decimals, count, w, [top], bottom, state, new, eta, None, a)
    if rule["centered"]:
        new["mean_gradient"] = a.average(rho, rho_c, state["mean_gradient"], [g])
    v = new["second_moment"] = a.average(rho, rho_c, state["second_moment"], [g, g])
    second = rule["correction"] in ("second", "both")
    c2 = a.one_minus_power(decimals["decay"], count) if second else None
    if rule["amsgrad"] == "corrected":
        v, second = a.over(v, c2), False
    if rule["amsgrad"] != "none":
        v = new["maximum_second_moment"] = np.maximum(state["maximum_second_moment"], v)
    tops = [top]
    if rule["correction"] in ("first", "both") and rule["first_moment"] is True:
        bottom.append(a.one_minus_power(decimals["beta1"], count))
    mean, apart = new.get("mean_gradient"), False
    if second and rule["epsilon"] == "hat":
        tops.append(a.root(c2))
    elif second:
        apart = not rule["centered"] and rule["epsilon"] != "inside" and a.random.random() < 0.5
        if not apart:
            v = a.over(v, c2)
            mean = None if mean is None else a.over(mean, c2)
    if rule["centered"]:
        v = a.plus_product(v, -mean, mean)
    if apart:  # sqrt(v) / sqrt(1 - beta^t), as PyTorch does it
        spread = a.div(a.root(v), a.root(c2))
    elif rule["epsilon"] == "inside":
        spread = a.root(a.add(v, eps))
    else:
        spread = a.root(v)
    bottom.append(a.add(spread, eps) if rule["epsilon"] in ("outside", "hat") else spread)
    return moved(rule, decimals, count, w, tops, bottom, state, new, eta, c2, a)


def interpolated(decimals, count, w, tops, bottom, state, new, eta, a):
    """Schedule-free: the parameter between a point that moves and the mean of it."""
    share, gamma = a.over(a.held("1"), a.held(str(count))), a.held(decimals["interpolation"])
    rest = a.complement(decimals["interpolation"])
    before = w if count == 1 else state["moved_point"]
    x, y = a.pair([eta, *tops], bottom) if len(tops) + len(bottom) > 1 else (eta, tops[0])
    z = new["moved_point"] = a.plus_product(before, -x, y)
    mean = a.over(a.plus_product(w, -rest, before), gamma)
    mean = z if count == 1 else a.average(a.sub(a.held("1"), share), share, mean, [z])
    return a.average(gamma, rest, mean, [z]), new


def moved(rule, decimals, count, w, tops, bottom, state, new, eta, c2, a):
    """The parameter and state after a step, and its average."""
    after, new = returned(rule, decimals, count, w, tops, bottom, state, new, eta, c2, a)
    if not rule["ema"]:
        return after, new
    gamma = decimals["ema_decay"]
    average, old = after, w if count == 1 else state["average_parameter"]
    if count > 1 or rule["ema"] == "before":
        average = a.average(a.held(gamma), a.complement(gamma), old, [after])
    return after, {**new, "average_parameter": average}


def returned(rule, decimals, count, w, tops, bottom, state, new, eta, c2, a):
    """The same after Lookahead's return."""
    fast, new = stepped(rule, decimals, count, w, tops, bottom, state, new, eta, c2, a)
    if not rule["lookahead"]:
        return fast, new
    slow = w if count == 1 else state["slow_parameter"]
    if count % int(decimals["period"]) == 0:
        share = decimals["slow_share"]
        fast = slow = a.average(a.complement(share), a.held(share), slow, [fast])
    return fast, {**new, "slow_parameter": slow}


def stepped(rule, decimals, count, w, tops, bottom, state, new, eta, c2, a):
    """The parameter after a step and the penalties' pull, and the new state."""
    after, new = forward(rule, decimals, count, w, tops, bottom, state, new, eta, c2, a)
    if rule["proximal"] == "none":
        return after, new
    own = bottom if rule["proximal"] == "own rate" else []
    threshold, share = (a.quotient([eta, a.held(decimals[name])], own) for name in ("l1", "l2"))
    beyond = np.maximum(a.sub(np.abs(after), threshold), 0)
    return a.over(a.mul(sign(after), beyond), a.add(1.0, share)), new


def forward(rule, decimals, count, w, tops, bottom, state, new, eta, c2, a):
    """The parameter after decoupled decay and momentum, and the new state."""
    if rule["schedule_free"]:
        return interpolated(decimals, count, w, tops, bottom, state, new, eta, a)
    if rule["weight_decay"] == "decoupled":
        w = a.shrink(w, a.mul(eta, a.held(decimals["weight_decay"])))
    elif rule["weight_decay"] == "decoupled-unscaled":
        w = a.shrink(w, a.held(decimals["weight_decay"]))
    elif rule["weight_decay"] == "decoupled-corrected":
        c1 = a.one_minus_power(decimals["beta1"], count)
        w = a.shrink(w, a.quotient([eta, a.held(decimals["weight_decay"]), a.root(c2)], [c1]))
    if rule["momentum"] == "none" and not bottom and len(tops) == 1:
        return a.plus_product(w, -eta, tops[0]), new
    if rule["momentum"] == "none":
        x, y = a.pair([eta, *tops], bottom)
        return a.plus_product(w, -x, y), new
    mu = a.held(decimals["momentum"])
    scaled = rule["momentum"] == "scaled"
    factors = [eta, *tops] if scaled else tops
    push = a.quotient(factors, bottom) if len(factors) + len(bottom) > 1 else factors[0]
    new["momentum"] = buffer = a.plus_product(push, mu, state["momentum"])
    change = a.plus_product(push, mu, buffer) if rule["nesterov"] else buffer
    return (a.sub(w, change) if scaled else a.plus_product(w, -eta, change)), new


def walk(rule, decimals, w, gradients, a, state=None, taken=0, rates=()):
    """Every step's parameter and state, as one dictionary a step."""
    state = start(rule, w.shape, a.held) if state is None else state
    found = []
    for index, g in enumerate(gradients):
        rate = rates[index] if rates else None
        w, state = one_step(rule, decimals, taken + index + 1, w, state, g, a, rate)
        found.append({**state, "parameter": w})
    return found


def observe(case, rule, a, *, parameters_only=False, **changed):
    """What an implementation in arithmetic ``a`` shows of a case: quantity to steps x elements.

    ``changed`` replaces hyperparameters (a mutant's).
    """
    inputs = expand(case)
    columns = []
    for item in inputs.parameters:
        state = None
        if inputs.taken:
            state = {name: item.state[name] for name in rule.state}
        decimals = {**case.decimals, **changed}
        steps = walk(
            rule,
            decimals,
            item.value,
            item.gradients,
            a,
            state,
            inputs.taken,
            inputs.rates,
        )
        columns.append(
            {name: np.stack([np.ravel(step[name]) for step in steps]) for name in steps[0]}
        )
    names = ["parameter"] if parameters_only else list(columns[0])
    return {name: np.concatenate([column[name] for column in columns], axis=1) for name in names}


def case_of(
    family="rmsprop",
    features=(),
    dtype="float32",
    mode="origin",
    steps=1,
    size=24,
    seed=7,
    **values,
):
    """A case with the usual hyperparameters, through its identifier; ``values`` replace some."""
    decimals = {"learning_rate": "0.01", "decay": "0.9", "epsilon": "1e-8"}
    if family == "adam":
        decimals["beta1"] = "0.9"
    decimals |= values
    spelled = ",".join(f"{name}={decimals[name]}" for name in sorted(decimals))
    asked = "+".join((family, *features))
    return parse(f"{asked}/{dtype}/{mode}/{spelled}/{steps}x{size}/{seed:x}")


def regime(case, name):
    """The columns of one parameter among all that ``observe`` gives."""
    begin = 0
    for item in expand(case).parameters:
        if item.name == name:
            return slice(begin, begin + item.value.size)
        begin += item.value.size
    raise KeyError(name)


__all__ = ["Arithmetic", "case_of", "observe", "one_step", "regime", "replace", "start", "walk"]
