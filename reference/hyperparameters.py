"""The hyperparameters: one table of all that is to be known of each.

A new one is a new record here, and no list elsewhere names it.  Values are decimals as text, so
that they are known exactly; :mod:`reference.decimals` makes them of what a user writes.

Workers import this module too, in old interpreters: standard library alone, Python 3.8.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction


@dataclass(frozen=True, eq=False)
class Hyperparameter:
    """One hyperparameter.

    name      canonical: in cases, requests, records and on the command line
    symbol    LaTeX of its symbol; ``symbols`` has the one that it gets beside another
    what      what it is, after "learning rate is"
    held      how it is held: the field of :class:`reference.numbers.Representation`
    drawn     decimals that cases draw, by dtype; the empty one stands for all others.  They leave
              a format something to tell: in float16 a step of 1e-4 is hardly above the smallest
              normal number, so that a flush to zero explains whatever becomes of it; bfloat16 turns
              0.999 into 1, and in either format 1 - beta^t has hardly a digit left for such a beta
    least     the smallest value that can be meant; ``above``: not even that one
    most      the largest; empty: what float64 holds
    idle      the value at which it does nothing; empty: there is none
    option    the option with which a rule has it; empty: it needs none
    names     what others call it and nothing else, in small letters and without underscores
    edges     decimals of the mode ``edges``; empty: it has no edge, and is drawn as ever
    ends      where it is asked always; empty: zero, where it may be that, and the edges
    exact     a decimal that every format holds, of which less is rounded than of any other
    shown     two values that every dtype holds and that change what comes out
    typical   what documents name most, that first; where the search for a built-in one begins
    hidden    whether it is sought where no argument shows it
    sought    beyond these a rule with a built-in one has become another
    asked     name of an experiment's setting to the decimal in it, where it is not the first drawn
    narrow    the same for what a dtype is too narrow for
    simple    what reproducers try, simplest first
    """

    name: str
    symbol: str
    what: str
    held: str
    drawn: Mapping[str, tuple[str, ...]]
    least: str = "0"
    above: bool = False
    most: str = ""
    idle: str = ""
    option: str = ""
    names: tuple[str, ...] = ()
    symbols: Mapping[str, str] = field(default_factory=dict)
    edges: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    exact: str = ""
    shown: tuple[str, ...] = ()
    typical: tuple[str, ...] = ()
    hidden: bool = False
    sought: tuple[float, float] = (0.0, float("inf"))
    asked: Mapping[str, str] = field(default_factory=dict)
    narrow: Mapping[str, str] = field(default_factory=dict)
    simple: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """Its name as prose has it."""
        return self.name.replace("_", " ")

    @property
    def share(self) -> bool:
        """Whether it says which part of something is kept: it goes from nothing to all."""
        return self.most == "1"

    @property
    def usual(self) -> str:
        """What documents name most."""
        return (self.typical or self.drawn[""])[0]

    @property
    def round(self) -> str:
        """A decimal that every format holds."""
        return self.exact or self.idle or self.drawn[""][0]

    @property
    def pair(self) -> tuple[str, str]:
        """Two values that every dtype holds and that change what comes out."""
        values = self.shown or self.drawn[""]
        return values[0], values[-1]

    @property
    def boundaries(self) -> tuple[str, ...]:
        """The decimals at the ends of its range, each once."""
        least = (self.least,) if self.edges and self.allows(Fraction(self.least)) else ()
        return self.ends or tuple(dict.fromkeys((*least, *self.edges)))

    @property
    def range(self) -> str:
        """What can be meant, in words."""
        if self.most:
            return f"a number from {self.least} to {self.most}"
        return f"a number above {self.least}" if self.above else f"a number from {self.least} on"

    def allows(self, value: Fraction) -> bool:
        """Whether such a number can be meant."""
        least = Fraction(self.least)
        return (value > least if self.above else value >= least) and (
            not self.most or value <= Fraction(self.most)
        )

    def draws(self, dtype: str) -> tuple[str, ...]:
        """The decimals that cases in a dtype draw."""
        return self.drawn.get(dtype, self.drawn[""])

    def at(self, setting: str) -> str:
        """The decimal in a setting of experiments."""
        return self.asked.get(setting, self.drawn[""][0])


def settings(**decimals: str) -> dict[str, str]:
    """Decimals by the names of the settings: ``usual``, ``short`` and ``long`` memory, ``fine``
    (what a format of coefficients cannot hide), ``table`` (a rule told to follow another),
    ``hand``, with which a person computes, and ``many``, for hundreds of steps.
    """
    return decimals


MEMORY = (0.01, 0.99999)  # an average that remembers nothing or never moves is none

RECORDS = (
    Hyperparameter(
        name="learning_rate",
        symbol=r"\eta",
        what="what every step is multiplied with",
        held="rate",
        drawn={
            "float16": ("0.1", "0.05", "1"),
            "": ("0.001", "0.01", "0.1", "0.05", "0.0003", "1"),
        },
        names=(
            "lr",
            "learningrate",
            "lrate",
            "rate",
            "eta",
            "stepsize",
            "initlr",
            "baselr",
        ),
        ends=("0", "1e-6", "8"),
        exact="0.25",
        shown=("0.01", "0.05"),
        typical=("0.01",),
        asked=settings(
            usual="0.01",
            short="0.05",
            long="0.001",
            fine="0.001",
            table="0.01",
            hand="0.1",
            many="0.001",
        ),
        narrow={"float16": "0.1"},
        simple=("1", "0.5", "0.1", "0.01", "0.001"),
    ),
    Hyperparameter(
        name="decay",
        symbol=r"\rho",
        symbols={"beta1": r"\beta_2"},
        what="the share of the average of squared gradients that is kept",
        held="moments",
        drawn={
            "float16": ("0.9", "0.95", "0.5", "0.8"),
            "bfloat16": ("0.9", "0.95", "0.5", "0.8"),
            "": ("0.9", "0.999", "0.99", "0.95", "0.5"),
        },
        most="1",
        names=(
            "beta2",
            "b2",
            "sqgraddecay",
            "squaredgradientdecayfactor",
            "squaregradientdecayfactor",
            "rmsdecay",
            "decayrate",
            "gamma1",
            "smoothingconstant",
            "averagedecay",
            "avgdecay",
        ),
        edges=("0.9999", "0.1"),
        exact="0.75",
        shown=("0.9", "0.5"),
        typical=("0.9", "0.99", "0.999"),
        sought=MEMORY,
        # 1 - 0.9995 formed in float32 is off by 784 units in the last place, in float64 by 992.
        asked=settings(
            usual="0.9",
            short="0.5",
            long="0.99",
            fine="0.9995",
            table="0.9",
            hand="0.9",
            many="0.999",
        ),
        narrow={"bfloat16": "0.8"},
        simple=("0.5", "0.75", "0.9", "0.99", "0.999"),
    ),
    Hyperparameter(
        name="beta1",
        symbol=r"\beta_1",
        what="the share of the average of gradients that is kept",
        held="moments",
        drawn={"": ("0.9", "0.5", "0.99", "0.8")},
        most="1",
        idle="0",
        names=("beta1", "b1", "graddecay", "gradientdecayfactor"),
        edges=("0.0001", "0.999"),
        exact="0.75",
        shown=("0.8", "0.5"),
        typical=("0.9",),
        hidden=True,
        sought=MEMORY,
        asked=settings(usual="0.8", short="0.9", long="0.5", fine="0.99", table="0.8", hand="0.8"),
        simple=("0.5", "0.75", "0.9", "0.99"),
    ),
    Hyperparameter(
        name="epsilon",
        symbol=r"\epsilon",
        what="what keeps a divisor from zero",
        held="scalars",
        # Those that a format can hold: float16 turns 1e-8 into zero.
        drawn={
            "float16": ("0.1", "0.03", "0.01"),
            "": ("1e-8", "1e-3", "1e-6", "1e-7", "1e-10", "0.1"),
        },
        names=("epsilon", "eps", "ep", "fuzz", "damping"),
        # As large as anything, too small to be seen, and none at all.
        edges=("1", "0.1", "0", "1e-30"),
        exact="0.00000095367431640625",
        shown=("0.01", "0.1"),
        typical=("1e-8", "1e-5", "1e-2"),
        sought=(0.0, 1.0),  # the largest that a document names is 1
        asked=settings(
            usual="1e-3", short="0.1", long="1e-6", fine="1e-6", table="0.001", hand="0.1"
        ),
        narrow={"float16": "0.03"},
        simple=("1", "0.5", "0.25", "0.125", "0.1", "0.01", "1e-3", "1e-6"),
    ),
    Hyperparameter(
        name="momentum",
        symbol=r"\mu",
        what="the share of the buffer of steps that is kept",
        held="momentum",
        drawn={"": ("0.9", "0.5", "0.99")},
        most="1",
        idle="0",
        option="momentum",
        names=("momentum", "gamma2", "momentumrate"),
        edges=("0.0001", "0.999"),
        exact="0.5",
        shown=("0.9", "0.5"),
        typical=("0.9",),
        hidden=True,
        sought=MEMORY,
        asked=settings(usual="0.9", short="0.5", long="0.95", fine="0.99", table="0.5", hand="0.5"),
        simple=("0.5", "0.75", "0.9"),
    ),
    Hyperparameter(
        name="weight_decay",
        symbol=r"\lambda",
        what="how strongly the parameter is drawn to zero",
        held="rate",
        drawn={"": ("0.01", "0.1", "0.0005")},
        idle="0",
        option="weight_decay",
        names=("weightdecay", "wd", "l2", "l2regularization"),
        edges=("0", "1"),
        ends=("0", "1", "300"),  # the last beyond one in its product with the rate
        exact="0",
        shown=("0.1", "0.01"),
        typical=("0.01",),
        asked=settings(usual="0.1", short="0.5", long="0.01", fine="0.01", table="0.1", hand="0.1"),
        simple=("0.5", "0.25", "0.125", "0.1", "0.01"),
    ),
    Hyperparameter(
        name="loss_scale",
        symbol="S",
        what="what gradients arrive multiplied with",
        held="scalars",
        drawn={"": ("1024", "3", "128")},
        above=True,
        idle="1",
        option="loss_scale",
        names=("lossscale", "lossscalefactor"),
        exact="1024",
        shown=("8", "2"),
        typical=("3",),
        asked=settings(usual="3", short="128", long="1024", fine="3", table="3", hand="2"),
        simple=("2", "1024", "3"),
        ends=("1", "65536"),
    ),
    Hyperparameter(
        name="momentum_decay",
        symbol=r"\psi",
        what="how fast the schedule of the momentum rises",
        held="moments",
        drawn={"": ("0.004", "0.1", "1")},
        names=("momentumdecay", "scheduledecay"),
        exact="1",
        shown=("1", "0.5"),
        typical=("0.004", "1"),
        simple=("1", "0.5", "0.004"),
        ends=("0", "1"),
    ),
    Hyperparameter(
        name="clip",
        symbol="c",
        what="how far from zero an element of the gradient may be",
        held="scalars",
        drawn={"": ("0.5", "3", "1", "0.1")},
        above=True,
        option="clip",
        names=("clip", "clipvalue", "clipgradient", "maxdelta", "delta"),
        exact="0.5",
        shown=("0.5", "0.25"),
        typical=("1", "0.5"),
        simple=("1", "0.5"),
        ends=("1e-6", "1e6"),
    ),
    Hyperparameter(
        name="l1",
        symbol=r"\lambda_1",
        what="how strongly the size of the parameter is drawn to zero",
        held="scalars",
        drawn={"": ("0.1", "0.01")},
        idle="0",
        names=("l1", "l1regularizationstrength", "lamda1"),
        shown=("0.5", "0.25"),
        typical=("0", "0.01"),
        asked=settings(usual="0.1", short="0.01", long="0.5", fine="0.1", table="0.1"),
        simple=("0", "0.5", "0.25"),
        ends=("0", "3"),
    ),
    Hyperparameter(
        name="lasso",
        symbol=r"\lambda_1",
        symbols={"l1": r"\lambda_0"},
        what="how strongly the gradient of the parameter's size joins the loss's",
        held="rate",
        drawn={"": ("0.1", "0.01")},
        idle="0",
        option="lasso",
        names=("lasso", "l1decay", "l1penalty"),
        shown=("0.5", "0.25"),
        typical=("0", "0.01"),
        asked=settings(usual="0.1", short="0.01", long="0.5", fine="0.1", table="0.1"),
        simple=("0", "0.5", "0.25"),
        ends=("0", "3"),
    ),
    Hyperparameter(
        name="l2",
        symbol=r"\lambda_2",
        what="how strongly the square of the parameter is drawn to zero",
        held="scalars",
        drawn={"": ("0.1", "0.5")},
        idle="0",
        names=("l2regularizationstrength",),
        shown=("0.5", "0.25"),
        typical=("0", "0.01"),
        asked=settings(usual="0.5", short="0.1", long="1", fine="0.1", table="0.5"),
        simple=("0", "0.5", "0.25"),
        ends=("0", "3"),
    ),
    Hyperparameter(
        name="steadiness",
        symbol=r"\beta",
        what="what is added to the root of the sum of squares",
        held="scalars",
        drawn={"": ("1", "0.1", "0.5")},
        names=("steadiness",),
        exact="1",
        shown=("1", "0.5"),
        typical=("1", "0"),
        simple=("1", "0.5"),
        ends=("0",),
    ),
    Hyperparameter(
        name="beta3",
        symbol=r"\beta_3",
        what="the share of the second average of gradients, or of their differences, that is kept",
        held="moments",
        drawn={"": ("0.9", "0.99", "0.95", "0.5")},
        most="1",
        names=("beta3", "b3"),
        exact="0.75",
        shown=("0.8", "0.5"),
        typical=("0.9999", "0.92"),
        asked=settings(usual="0.95", short="0.5", long="0.99", fine="0.99", table="0.9"),
        simple=("0.5", "0.75", "0.9", "0.99"),
        ends=("0", "0.999"),
    ),
    Hyperparameter(
        name="interpolation",
        symbol=r"\gamma",
        what="the share of the mean in the point where gradients are taken",
        held="moments",
        drawn={"": ("0.9", "0.5", "0.95", "0.8")},
        most="1",
        option="schedule_free",
        names=("interpolation",),
        exact="0.75",
        shown=("0.8", "0.5"),
        typical=("0.9",),
        asked=settings(usual="0.8", short="0.5", long="0.9", fine="0.99", table="0.9"),
        simple=("0.5", "0.75", "0.9"),
        ends=("0.0001", "1"),  # the documents divide by it
    ),
    Hyperparameter(
        name="mixture",
        symbol=r"\alpha",
        what="how much of the slow average is added to the fast one",
        held="scalars",
        drawn={"": ("5", "2", "0.5", "8")},
        names=("mixture",),
        idle="0",
        exact="2",
        shown=("5", "2"),
        typical=("5",),
        simple=("1", "2", "0.5"),
        ends=("0",),
    ),
    Hyperparameter(
        name="fading",
        symbol=r"\lambda_0",
        what="how fast the rate falls, and how strongly the parameter is drawn to zero",
        held="scalars",
        drawn={"": ("0.1", "0.01", "0.5")},
        names=("lambd", "fading"),
        exact="0.5",
        shown=("0.5", "0.1"),
        typical=("0.0001", "0.1"),
        asked=settings(usual="0.1", short="0.5", long="0.01", fine="0.1", table="0.1"),
        simple=("0.5", "0.25", "0.1"),
        ends=("0",),
    ),
    Hyperparameter(
        name="power",
        symbol=r"\kappa",
        what="the power by which the rate falls",
        held="scalars",
        drawn={"": ("0.75", "1", "0.5")},
        names=("power",),
        exact="1",
        shown=("1", "0.5"),
        typical=("0.75",),
        simple=("1", "0.5", "0.75"),
        ends=("0", "1"),
    ),
    Hyperparameter(
        name="delay",
        symbol=r"\tau",
        what="how many steps there are before the parameter is averaged",
        held="scalars",
        drawn={"": ("0", "1", "2")},
        names=("t0", "delay"),
        exact="0",
        shown=("0", "2"),
        typical=("1000000", "0"),
        simple=("0", "1"),
        ends=("0", "100"),
    ),
    Hyperparameter(
        name="slow_share",
        symbol=r"\sigma",
        what="how far the slow parameter follows the fast one",
        held="moments",
        drawn={"": ("0.5", "0.8", "0.3")},
        most="1",
        option="lookahead",
        names=("slowshare", "lookaheadalpha"),
        exact="0.5",
        shown=("0.5", "0.75"),
        typical=("0.5",),
        simple=("0.5", "0.75"),
        ends=("0", "1"),
    ),
    Hyperparameter(
        name="period",
        symbol="K",
        what="after how many steps the parameter goes back to the slow one",
        held="scalars",
        drawn={"": ("2", "3", "1")},
        least="1",
        option="lookahead",
        names=("period", "lookaheadk"),
        exact="2",
        shown=("2", "1"),
        typical=("5", "6"),
        simple=("2", "1"),
    ),
    Hyperparameter(
        name="ema_decay",
        symbol=r"\delta",
        what="how much of the parameter's average is kept in a step",
        held="moments",
        drawn={"": ("0.9", "0.5", "0.99")},
        most="1",
        option="ema",
        names=("emadecay", "emamomentum"),
        exact="0.5",
        shown=("0.9", "0.75"),
        typical=("0.99",),
        simple=("0.5", "0.75"),
        ends=("0", "0.999"),
    ),
    Hyperparameter(
        name="growth",
        symbol="k",
        what="what a step is multiplied with where the gradient keeps its sign",
        held="scalars",
        drawn={"": ("1.2", "1.5", "2")},
        least="1",
        names=("etaplus", "growth"),
        exact="2",
        shown=("1.5", "2"),
        typical=("1.2",),
        simple=("2", "1.5"),
        ends=("1",),
    ),
    Hyperparameter(
        name="shrinkage",
        symbol="h",
        what="what a step is multiplied with where the gradient changes its sign",
        held="scalars",
        drawn={"": ("0.5", "0.3", "0.25")},
        most="1",
        names=("etaminus", "shrinkage"),
        exact="0.5",
        shown=("0.5", "0.25"),
        typical=("0.5",),
        simple=("0.5", "0.25"),
        ends=("1",),
    ),
    Hyperparameter(
        name="least_step",
        symbol="a",
        what="the smallest step",
        held="scalars",
        # Below every rate: there are implementations that refuse a rate out of the range.
        drawn={"": ("0.000001", "0.0001", "0.00005"), "float16": ("0.01", "0.001")},
        names=("minstepsize", "stepsizemin"),
        exact="0.0009765625",
        shown=("0.01", "0.001"),
        typical=("0.000001",),
        simple=("0.01", "0.001"),
        ends=("0",),
    ),
    Hyperparameter(
        name="largest_step",
        symbol="b",
        what="the largest step",
        held="scalars",
        drawn={"": ("50", "5", "2")},
        above=True,
        names=("maxstepsize", "stepsizemax"),
        exact="2",
        shown=("50", "2"),
        typical=("50",),
        simple=("50", "2"),
        ends=("0.001",),
    ),
)
HYPERPARAMETERS = {record.name: record for record in RECORDS}
NAMES = {word: record.name for record in RECORDS for word in record.names}
# What one document calls so and another otherwise, to the meanings in the order of their claims.
MEANINGS = {
    "alpha": ("decay", "learning_rate"),
    "rho": ("decay",),
    "decay": ("decay",),
    "gamma": ("decay", "momentum"),
    "beta": ("decay", "beta1"),
    "mu": ("momentum",),
}
# What a name means beside another: an l2 alone is a weight decay.
BESIDE = {("l2", "l1"): "l2"}
# What the best-known page on a family means: PyTorch's RMSprop and the paper on Adam differ.
FAMILIAR = {("adam", "alpha"): "learning_rate"}


def options() -> tuple[str, ...]:
    """The options that bring a hyperparameter."""
    brought = (record.option for record in HYPERPARAMETERS.values() if record.option)
    return tuple(dict.fromkeys(brought))


def plain(word: str) -> str:
    """A name as the table has others' names: small letters, no underscores."""
    return word.lower().replace("_", "")


def called(word: str, family: str = "") -> str:
    """The canonical name of what somebody calls so; empty where nobody does.

    Where documents differ, what a page on the ``family`` means.
    """
    if word in HYPERPARAMETERS:
        return word
    name = plain(word)
    if name in NAMES:
        return NAMES[name]
    return FAMILIAR.get((family, name)) or MEANINGS.get(name, ("",))[0]
