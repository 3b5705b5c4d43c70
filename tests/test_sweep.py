"""Sweeps through a worker: every element counted, the same however it is cut, and gone on with."""

import json
import sys
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from optimizer_conformance.adapters.kit import STORAGE
from optimizer_conformance.questions.sweep import page, record
from optimizer_conformance.questions.sweep.engines import Host
from optimizer_conformance.questions.sweep.findings import Findings
from optimizer_conformance.questions.sweep.slices import KINDS, decimal_of, slice_of
from optimizer_conformance.questions.sweep.sweep import SweepRequest, sweep
from optimizer_conformance.reference.variants import VARIANTS
from optimizer_conformance.workers.subject import SubjectError

DOCS = Path(__file__).parents[1] / "docs"

SCRATCH = "numpy:d2l.scratch"
GIVEN = ("learning_rate=0.01", "decay=0.9", "epsilon=1e-6")
RULE = VARIANTS["d2l-rmsprop"].rule
DECIMALS = {"learning_rate": "0.01", "decay": "0.9", "epsilon": "1e-6"}
PART = 250 * 2**10 + 1  # of 2^18: 2^14 gradients around -1e35, whose squares overflow

swept = partial(sweep, python=sys.executable)


class Turning(Findings):
    """Findings that nothing was asked for but turns."""

    def __init__(self, whole):
        self.whole, self.engine = whole, Host()
        self.turns, self.more_turns, self.ends = [], 0, ""


def counts(found):
    return {name: dict(item.counts) for name, item in found.quantities.items()}


@pytest.fixture(scope="module")
def found():
    return swept(SCRATCH, GIVEN, SweepRequest(part=PART, parts=2**18))


def test_every_element_is_judged_and_nothing_beyond_a_part_is_called_proved(found):
    assert found.done == 2**14
    assert all(sum(item.counts.values()) == 2**14 for item in found.quantities.values())
    assert found.deviating == 0
    assert found.complete
    assert not found.proved
    assert page.extent(found).startswith("Largest seen")


def test_blocks_of_another_size_come_to_the_same(found):
    again = swept(SCRATCH, GIVEN, SweepRequest(part=PART, parts=2**18, block=5000))
    assert counts(again) == counts(found)
    assert again.quantities["parameter"].ulp == found.quantities["parameter"].ulp
    assert again.turns == found.turns


@pytest.mark.adapter("tensorflow")
@pytest.mark.parametrize("kind", ["first", "second"])
def test_a_function_that_begins_again_comes_to_what_new_ones_come_to(kind):
    """Keras' optimizers are compiled once for all blocks of a size, and begin anew in each."""
    found = [
        sweep(
            "tensorflow:keras.RMSprop[function]",
            request=SweepRequest(kind, against="keras-rmsprop", part=64102, parts=2**18, block=n),
        )
        for n in (2**14, 2**12)
    ]
    assert counts(found[0]) == counts(found[1])
    assert found[0].turns == found[1].turns


@pytest.mark.parametrize("size", [1, 7, 100, 1000])
def test_turns_are_the_same_however_the_elements_are_cut(size):
    """More turns than are kept, long runs of one kind, and one that ends with the last element."""
    random = np.random.default_rng(1)
    kinds = np.array([0.0, 1.0, np.inf, np.nan], np.float32)
    row = np.repeat(kinds[random.integers(0, 4, 300)], random.integers(1, 9, 300))
    whole = slice_of("first", RULE, "float32", DECIMALS)
    at_once, cut = (Turning(whole) for _ in range(2))
    at_once.turn(0, row.view(np.uint32))
    for first in range(0, len(row), size):
        cut.turn(first, row[first : first + size].view(np.uint32))
    assert (cut.turns, cut.more_turns, cut.ends) == (
        at_once.turns,
        at_once.more_turns,
        at_once.ends,
    )
    assert len(cut.turns) + cut.more_turns == 1 + np.count_nonzero(
        [str(a) != str(b) for a, b in pairwise(row)]
    )


def test_an_interrupted_sweep_goes_on_where_it_was(found):
    kept = []

    class StoppedError(Exception):
        pass

    def stop(done, size, words):
        if done >= 2**13:
            raise StoppedError

    request = SweepRequest(part=PART, parts=2**18, block=2**12)
    with pytest.raises(StoppedError):
        swept(SCRATCH, GIVEN, request, progress=stop, save=kept.append, saved=0.0)
    assert 0 < kept[-1].done < 2**14
    earlier = record.msgspec.json.decode(record.text(kept[-1]), type=record.Sweep)
    whole = swept(SCRATCH, GIVEN, request, earlier=earlier)
    assert counts(whole) == counts(found)
    assert whole.quantities["parameter"].score == found.quantities["parameter"].score


def test_a_sweep_of_something_else_is_not_gone_on_with(found):
    with pytest.raises(SubjectError, match="something else"):
        swept(SCRATCH, GIVEN, SweepRequest(part=1, parts=2**18), earlier=found)


def test_another_rule_is_blamed_with_its_first_element():
    request = SweepRequest(against="torch-rmsprop", part=64102, parts=2**18)
    found = swept("numpy:d2l.scratch", ("learning_rate=0.01", "decay=0.9", "epsilon=0.1"), request)
    assert found.deviating
    assert found.quantities["parameter"].deviation is not None


@pytest.mark.parametrize("kind", ["second", "state"])
def test_later_steps_are_swept_too(kind):
    found = swept(SCRATCH, GIVEN, SweepRequest(kind=kind, part=64102, parts=2**18))
    assert found.done == 2**14
    assert found.deviating == 0


def test_an_implementation_beside_it_is_compared_bit_by_bit():
    other = "numpy:codecademy"
    found = swept(SCRATCH, GIVEN, SweepRequest(beside=(other, SCRATCH), part=65000, parts=2**18))
    differing = {item.implementation: item.differing for item in found.beside}
    assert differing[SCRATCH] == {"second_moment": 0, "parameter": 0}
    assert differing[other]["parameter"] > 0
    first = found.beside[0].first["parameter"]
    assert first.observed != first.expected


def test_pairs_are_every_state_that_can_be_with_every_gradient():
    whole = slice_of("pairs", RULE, "bfloat16", DECIMALS)
    assert whole.size == 0x7F80 * 2**16  # positive and zero, finite
    state, gradient = whole.bits(2**16 - 1, 2)
    assert gradient.tolist() == [0xFFFF, 0]
    assert decimal_of(int(state[0]), "bfloat16") == 0.0
    assert decimal_of(int(state[1]), "bfloat16") == 2.0**-133


def test_bits_are_those_that_travel():
    assert {np.dtype(STORAGE[name]).itemsize for name in ("float16", "bfloat16")} == {2}
    first = slice_of("first", RULE, "float32", DECIMALS)
    (bits,) = first.bits(2**32 - 2, 2)
    assert bits.tolist() == [2**32 - 2, 2**32 - 1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--slice", "pears"], "pairs"),
        (["--slice", "pairs"], "too many"),
        (["--dtype", "float64"], "float32"),
        (["--shard", "5/4"], "1/4"),
        (["--against", "keras-adam"], "no rule of"),
        (["decay=2"], "decay"),
        (["--beside", "numpy:nothing"], "nothing"),
    ],
)
def test_what_cannot_be_swept_is_one_line(conformance, arguments, words):
    done = conformance(
        "sweep",
        SCRATCH,
        *GIVEN[: 1 if "decay=2" in arguments else 3],
        *arguments,
        "--python",
        sys.executable,
    )
    assert done.returncode == 2
    assert words in done.stderr


def test_the_command_prints_json_that_its_folder_keeps(conformance, tmp_path):
    arguments = ("sweep", SCRATCH, *GIVEN, "--shard", f"{PART}/{2**18}", "--json")
    python = ("--python", sys.executable)
    done = conformance(*arguments, *python, "--out", str(tmp_path / "kept"))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == json.loads((tmp_path / "kept" / "sweep.json").read_text())
    assert set(KINDS) >= {json.loads(done.stdout)["settings"]["slice"]}


def test_a_table_says_what_is_proved(found):
    text = page.table([found])
    assert "seen, 16,384" in text
    assert SCRATCH in text


@pytest.mark.parametrize(
    "path", sorted((DOCS / "sweeps").glob("*.json")), ids=lambda path: path.stem
)
def test_the_page_says_what_was_proved(path):
    kept = record.read(path)
    assert kept.proved
    assert not kept.deviating
    assert page.table([kept]).splitlines()[-1] in (DOCS / "sweep.md").read_text()
