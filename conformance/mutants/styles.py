"""Legal rewritings: orders of evaluation in which one and the same rule may be carried out.

A style holds data only; :mod:`mutants.arithmetic` carries it out.  Where a style allows
several orders, one of them is drawn at every single operation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import product

from optimizer_conformance.reference.numbers import IDEAL, Representation
from optimizer_conformance.reference.numbers.budget import PROFILES
from optimizer_conformance.reference.numbers.precision import COMPONENTS, component

AVERAGES = ("products", "weighted first", "interpolated", "interpolated from the new")
QUOTIENTS = ("left to right", "one division", "scalars first", "reciprocals", "shuffled")
SHRINKS = ("factor", "difference", "joined")
POWERS = ("products", "power", "logarithm", "a unit off")
SUMS = ("pairwise", "one by one", "backwards", "eight lanes")


@dataclass(frozen=True, kw_only=True)
class Style:
    """One way of writing the formula down; each field names the orders that may be used.

    average       b v + c g^2, ((c g) g) first, v + c (g^2 - v), or g^2 + b (v - g^2) where b is the
                  smaller weight; or that with the larger one, ``from the new``
    quotient      of several factors and divisors: see ``QUOTIENTS``
    root          a root of v / c after the division, or sqrt(v) / sqrt(c)
    shrink        x (1 - c), or x - c x, or x less the sum of c x and the rest of the step
    total         the order in which a mean is summed
    fused         chance in percent that a product and a sum are one fused multiply-add
    held          how coefficients are held (:class:`reference.numbers.Representation`)
    powers        beta^t by repeated products, by a power function that is exact or a unit off, or
                  as exp(t log beta): see ``POWERS``
    intermediate  the format of everything between two stored numbers, where wider
    state         the format in which state is stored, where wider
    flush         subnormal numbers become zero
    number        the larger of a number and nan is the number
    folded        the format in which scalars are folded into one, where it is a narrower one
    parted        what is old and what is new of an average is taken from the parameter one by one
    profile       the device whose roots and reciprocals are as far off as its budget allows
    """

    name: str
    average: tuple[str, ...] = ("products",)
    quotient: tuple[str, ...] = ("left to right",)
    root: tuple[str, ...] = ("of the quotient",)
    shrink: tuple[str, ...] = ("factor",)
    total: tuple[str, ...] = ("pairwise",)
    fused: int = 0
    held: Representation = IDEAL
    powers: tuple[str, ...] = ("products",)
    intermediate: str = ""
    state: str = ""
    flush: bool = False
    number: bool = False
    parted: bool = False
    folded: str = ""
    profile: str = "ieee"


PLAIN = Style(name="as printed")
ANY = Style(
    name="any order, drawn at every operation",
    average=AVERAGES,
    quotient=QUOTIENTS,
    root=("of the quotient", "apart"),
    shrink=SHRINKS,
    total=SUMS,
    fused=50,
    powers=("products", "power"),
)
ORDERS = (
    PLAIN,
    Style(name="fused multiply-add", fused=100),
    Style(name="interpolated", average=("interpolated",)),
    Style(name="interpolated, fused", average=("interpolated",), fused=100),
    Style(name="interpolated from the new", average=("interpolated from the new",)),
    Style(name="weighted before squared", average=("weighted first",), total=("one by one",)),
    Style(name="one division", quotient=("one division",), total=("backwards",)),
    Style(name="scalars folded first", quotient=("scalars first",), total=("eight lanes",)),
    Style(name="reciprocals", quotient=("reciprocals",), shrink=("difference",)),
    Style(name="roots apart", root=("apart",), shrink=("joined",), fused=100),
    Style(name="number over nan", number=True),
    Style(name="subnormals flushed", flush=True),
    ANY,
    replace(ANY, name="any order, subnormals flushed", flush=True),
)

# Written so that they lose digits: told in words, and not blamed.
LOSING = (
    Style(name="averages from the new value", average=("from the new",)),
    Style(name="old and new taken one by one", parted=True),
    Style(name="old and new taken one by one, fused", parted=True, fused=100),
)


def generated(dtype: str) -> tuple[Style, ...]:
    """More than a hundred combinations: each choice of one order with others, each fused or not.

    A rule is asked a share of them (:func:`shared`); all rules together are asked them all.
    """
    found = []
    rows = product(AVERAGES, QUOTIENTS, (0, 50, 100), ROOTS)
    for place, (average, quotient, fused, root) in enumerate(rows):
        style = Style(
            name=f"{average}; {quotient}; roots {root}; {fused} % fused",
            average=(average,),
            quotient=(quotient,),
            root=(root,),
            shrink=(SHRINKS[place % len(SHRINKS)],),
            total=(SUMS[place % len(SUMS)],),
            fused=fused,
            powers=(POWERS[place % 2],),
            flush=place % 7 == 0,
            parted=place % 11 == 0,
            held=HELD[place % len(HELD)](component(dtype)),
        )
        if dtype not in COMPONENTS or not (style.flush or style.fused):
            found.append(style)
    return tuple(found)


ROOTS = ("of the quotient", "apart")
# How coefficients may be held: as written, formed in the format, in float32, corrections alone.
HELD: tuple[Callable[[str], Representation], ...] = (
    lambda dtype: IDEAL,
    lambda dtype: Representation(moments=dtype, correction=dtype),
    lambda dtype: Representation(moments="float32", correction="float32"),
    lambda dtype: Representation(correction=dtype),
    lambda dtype: Representation(rate=single(dtype), scalars=single(dtype), momentum=single(dtype)),
)
SHARE = 9  # of so many generated styles a rule is asked one


def single(dtype: str) -> str:
    """The format in which scalars of float64 are also held; of others there is none."""
    return "float32" if dtype == "float64" else ""


def shared(dtype: str, name: str) -> tuple[Style, ...]:
    """The generated styles that a rule is asked, by its name."""
    return generated(dtype)[sum(name.encode()) % SHARE :: SHARE]


def rewritings(dtype: str) -> tuple[Style, ...]:
    """Every style that is legal in ``dtype``."""
    own, dtype = dtype, component(dtype)
    formed = [
        replace(PLAIN, name=f"coefficients formed in {fmt}", held=Representation("", "", fmt, fmt))
        for fmt in dict.fromkeys((dtype, "float32"))
    ]
    formed += [
        replace(
            PLAIN, name=f"1 - beta^t by {way}", held=Representation(correction=dtype), powers=(way,)
        )
        for way in POWERS[1:]
    ]
    formed.append(
        replace(ANY, name="any order, 1 - beta^t formed", held=Representation(correction=dtype))
    )
    found = [*ORDERS, *LOSING, *formed]
    if dtype == "float64":
        scalars = Representation("float32", "float32", momentum="float32")
        found.append(replace(ANY, name="any order, scalars in float32", held=scalars))
        folded = Style(
            name="scalars folded in float32, as by capturable optimizers",
            quotient=("scalars first",),
            held=Representation("float32", "float32", correction="float32"),
            folded="float32",
        )
        found.append(folded)
    if dtype in ("float16", "bfloat16"):
        wide = replace(ANY, intermediate="float32")
        found += [
            replace(PLAIN, name="float32 in between", intermediate="float32"),
            replace(wide, name="any order, float32 in between"),
            replace(wide, name="any order, float32 in between and in state", state="float32"),
        ]
    if own in COMPONENTS:
        # NumPy fuses nothing there; what a style would fuse or flush is asked in real formats.
        return tuple(style for style in found if not style.flush and style.fused < 100)
    for device in ("cuda-fast-math", "tpu"):
        if dtype in PROFILES[device]:
            found.append(replace(ANY, name=f"any order, roots of {device}", profile=device))
    return tuple(found)
