"""The C++ of a sweep's judging comes to what the compiled loops of the host come to.

On a device the same text is compiled by CUDA's compiler; here by the host's.
"""

import ctypes
import shutil
import subprocess

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from test_fused import RULES, SINGLE, gradients, start_of

from optimizer_conformance.judging.fused import table
from optimizer_conformance.judging.oracle import RANGE_EFFECTS
from optimizer_conformance.questions.sweep import cuda
from optimizer_conformance.questions.sweep.engines import SETTLED, Host, Marks, SweepBlock, Tables
from optimizer_conformance.questions.sweep.ladder import Ladder
from optimizer_conformance.questions.sweep.slices import numbers
from optimizer_conformance.reference.numbers.hyper import IDEAL
from optimizer_conformance.reference.variants import VARIANTS

HEAD = """#include <cmath>
#include <cstring>
#include <limits>
using std::copysign; using std::fabs; using std::sqrt;
#define DEVICE static
#define INFINITE std::numeric_limits<double>::infinity()
#define NO_NUMBER std::numeric_limits<double>::quiet_NaN()
"""
ENTRY = """
extern "C" void judge(const unsigned *const *given, const unsigned *seen, long long size,
                      unsigned char *marks, const double *before, long long *counts,
                      long long *places, double *best, double *held, long long threads) {
    for (long long thread = 0; thread < threads; ++thread) {
        Found found = begun(before);
        share(given, seen, size, thread, threads, marks, found);
        keep(found, thread, counts, places, best, held);
    }
}
extern "C" void values(const unsigned *const *given, long long size, double *value, double *error) {
    for (long long at = 0; at < size; ++at) {
        double x[INPUTS];
        for (int i = 0; i < INPUTS; ++i) x[i] = widened(given[i][at]);
        table(0, x, value + at * ROWS, error + at * ROWS);
    }
}
"""
TABLES = (("none", IDEAL), ("none", SINGLE), *((effect, SINGLE) for effect in RANGE_EFFECTS))
needs_compiler = pytest.mark.skipif(not shutil.which("g++"), reason="needs g++")
VARIED = [RULES[key] for key in sorted(RULES)][::20]


def built(folder, asked):
    """The library of some tables."""
    (folder / "judge.cpp").write_text(HEAD + cuda.program(asked) + ENTRY)
    words = ["g++", "-O1", "-std=c++17", "-ffp-contract=off", "-shared", "-fPIC"]
    subprocess.run([*words, "judge.cpp", "-o", "judge.so"], cwd=folder, check=True)
    return ctypes.CDLL(str(folder / "judge.so"))


def pointer(array):
    return ctypes.c_void_p(array.ctypes.data)


def addresses(given):
    return np.array([row.ctypes.data for row in given], np.uint64)


class Compiled(Host):
    """An engine like that of a device, with the host's compiler and arrays."""

    eager = True
    threads = 7

    def __init__(self, library):
        self.library = library

    def judge(self, block, marks):
        given, seen = block.given, block.seen
        shares = cuda.Shares.fresh(np, marks, self.threads)
        self.library.judge(
            pointer(addresses(given)), pointer(seen), ctypes.c_longlong(seen.shape[1]),
            pointer(marks.settled), *map(pointer, vars(shares).values()),
            ctypes.c_longlong(self.threads),
        )  # fmt: skip
        shares.gather(np, marks, np.asarray)


def perturbed(value):
    """Results: some right, some a few units or much off, some swallowed, infinite or nan."""
    with np.errstate(all="ignore"):
        seen = value.astype(np.float32)
        pick = np.random.default_rng(3).integers(0, 12, seen.shape)
        for kind, change in enumerate(
            (
                lambda x: np.nextafter(x, np.float32(np.inf)),
                lambda x: np.nextafter(x, np.float32(-np.inf)),
                lambda x: x * np.float32(1 + 2**-21),
                lambda x: x * np.float32(1.5),
                lambda x: np.full_like(x, np.inf),
                lambda x: np.full_like(x, np.nan),
                np.zeros_like,
            )
        ):
            seen = np.where(pick == kind, change(seen), seen)
    return np.ascontiguousarray(seen)


@needs_compiler
@pytest.mark.parametrize("variant", VARIED, ids=lambda variant: variant.identifier)
def test_the_cpp_of_a_rule_comes_to_the_same_values_bounds_and_verdicts(variant, tmp_path):
    start = start_of(variant)
    given = (gradients(count=4001),)
    asked = Tables(start, TABLES, held=True)
    library = built(tmp_path, asked)
    expected = table(start, *given)
    rows, size = expected.shape[1:]
    found = np.empty((2, size, rows))
    library.values(
        pointer(addresses(given)), ctypes.c_longlong(size), pointer(found[0]), pointer(found[1])
    )
    assert_array_equal(found.transpose(0, 2, 1), expected)

    seen = perturbed(expected[0])
    best, held = np.tile([0.25, 0.75], (rows, 1)), np.full(rows, 0.5)
    one, other = (
        Marks.fresh(np.empty(seen.shape, kind), best.copy(), held.copy()) for kind in (bool, "u1")
    )
    Host().judge(SweepBlock(asked, given, seen), one)
    Compiled(library).judge(SweepBlock(asked, given, seen), other)
    assert_array_equal(other.settled == SETTLED, one.settled)
    for name in ("counts", "best", "places", "held"):
        assert_array_equal(getattr(other, name), getattr(one, name), err_msg=name)
    assert one.counts[:, :2].all(), "some results are exact and some are not"


@needs_compiler
@pytest.mark.parametrize("limit", [7, 10_000])
def test_a_ladder_that_asks_every_table_comes_to_what_one_comes_to_that_asks_few(limit, tmp_path):
    start = start_of(VARIANTS["torch-rmsprop-centered"])
    bits = (gradients(count=4001).view(np.uint32),)
    seen = perturbed(table(start, numbers(bits[0], "float32"))[0]).view(np.uint32)
    tables = (("none", IDEAL), *((effect, IDEAL) for effect in RANGE_EFFECTS))
    library = built(tmp_path, Tables(start, tables, held=False))
    found = []
    for engine in (Host(), Compiled(library)):
        ladder = Ladder(start, "rmsprop", limit, engine)
        ladder.judge(100, bits, seen)
        found.append((ladder.tallies, ladder.unjudged))
    assert found[0] == found[1]
    tallies, unjudged = found[0]
    assert all(tally.counts["deviates"] for tally in tallies.values())
    assert bool(unjudged) == (limit == 7)


def test_the_device_is_asked_only_where_something_steps_on_one():
    assert isinstance(cuda.engine("cpu"), Host)
    assert isinstance(cuda.engine("cuda:0"), Host), "no CuPy here reaches a device"
