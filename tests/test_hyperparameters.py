"""One table of hyperparameters, and one door from what is written to what is meant."""

import hashlib
import re
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction

import hypothesis
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer_conformance.cases.case import MODES, Case, draw_cases, overflow, parse
from optimizer_conformance.cases.inputs import expand
from optimizer_conformance.cases.situations import SITUATED
from optimizer_conformance.judging.oracle import WIDEST, Oracle, Question
from optimizer_conformance.questions.identify.experiment import experiments
from optimizer_conformance.questions.translate.settings import checked, words
from optimizer_conformance.reference.decimals import (
    HyperparameterError,
    by_meaning,
    decimal,
    pairs,
)
from optimizer_conformance.reference.hyperparameters import (
    HYPERPARAMETERS,
    NAMES,
    called,
)
from optimizer_conformance.reference.numbers import IDEAL, PRECISIONS, Representation
from optimizer_conformance.reference.rules import taken
from optimizer_conformance.reference.variants import VARIANTS
from optimizer_conformance.workers.subject import SubjectError

# What cannot be meant of any hyperparameter, as it stands after the sign of equality.
NOTHING = ("nan", "inf", "-inf", "-1", "-1e-9", "1e400", "1e99999999", "1e-400", "x", "1_0", "0x1")
NOTHING += ("1e", "--1", "1,5", "½", "0.5 0.6", "9" * 2000, "1e" + "9" * 3000, "None", "True", "[]")
ORDINARY = {name: record.usual for name, record in HYPERPARAMETERS.items()}
LINE = re.compile(r"error: .{1,300}\n")


@pytest.mark.parametrize("record", HYPERPARAMETERS.values(), ids=list(HYPERPARAMETERS))
def test_every_number_of_a_record_can_be_meant(record):
    drawn = {text for texts in record.drawn.values() for text in texts}
    others = {*record.edges, *record.shown, *record.typical, *record.simple}
    others |= {*record.asked.values(), *record.narrow.values()}
    others |= {text for text in (record.idle, record.exact) if text}
    assert record.held in vars(Representation())
    for text in drawn | others:
        assert decimal(record.name, text) == text


def test_a_name_of_others_means_one_hyperparameter():
    words_ = [word for record in HYPERPARAMETERS.values() for word in record.names]
    assert len(words_) == len(set(words_)) == len(NAMES)
    assert [called(name) for name in HYPERPARAMETERS] == list(HYPERPARAMETERS)
    assert called("Beta_2") == "decay"
    assert called("alpha", "rmsprop") == "decay"
    assert called("alpha", "adam") == "learning_rate"
    assert called("flux") == ""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1E+3", "1e3"),
        (".5", "0.5"),
        ("1.", "1"),
        ("+0.10", "0.10"),
        ("1e-08", "1e-8"),
        ("-0", "0"),
        ("0e99999999", "0"),
        (0.1, "0.1"),
        (1e-8, "1e-8"),
        (1e22, "1e22"),
        (2, "2"),
        (np.float64(0.1), "0.1"),
        (np.float32(0.1), "0.10000000149011612"),
        (np.int64(3), "3"),
        (Decimal("1e-8"), "1e-8"),
    ],
)
def test_text_and_numbers_become_the_decimal_that_they_are(value, text):
    assert decimal("epsilon", value) == text


@given(st.decimals(min_value=0, max_value=10**300, allow_nan=False))
def test_a_decimal_is_never_rounded(number):
    try:
        text = decimal("weight_decay", str(number))
    except HyperparameterError:
        assert 0 < number < Decimal(sys.float_info.min)
    else:
        assert Fraction(text) == Fraction(number)


@given(st.text() | st.floats() | st.integers() | st.none() | st.booleans() | st.fractions())
def test_anything_is_a_decimal_in_the_range_or_refused_in_a_line(value):
    for name, record in HYPERPARAMETERS.items():
        try:
            text = decimal(name, value)
        except HyperparameterError as error:
            said = str(error)
            assert said.isprintable()
            assert len(said) < 250
        else:
            assert record.allows(Fraction(text))
            assert re.fullmatch(r"[0-9]+(\.[0-9]+)?(e-?[0-9]+)?", text)


@pytest.mark.parametrize("value", [*NOTHING, "", " ", float("nan"), -0.5, True, None])
@pytest.mark.parametrize("name", HYPERPARAMETERS)
def test_what_cannot_be_meant_is_refused(name, value):
    with pytest.raises(HyperparameterError):
        decimal(name, value)


@pytest.mark.parametrize("name", [n for n, record in HYPERPARAMETERS.items() if record.share])
def test_a_share_goes_from_nothing_to_all(name):
    assert decimal(name, "0") == "0"
    assert decimal(name, "1") == "1"
    for beyond in ("2", "1.0000000000000000000000000001"):
        with pytest.raises(HyperparameterError, match="from 0 to 1"):
            decimal(name, beyond)


def test_an_integer_beyond_all_numbers_is_refused():
    with pytest.raises(HyperparameterError, match="more than any number"):
        decimal("epsilon", 10**5000)


def test_a_loss_scale_of_nothing_cannot_be_meant():
    with pytest.raises(HyperparameterError, match="above 0"):
        decimal("loss_scale", "0")


def test_an_unknown_name_is_refused_with_those_that_are_known():
    with pytest.raises(HyperparameterError, match="known are learning_rate, decay"):
        decimal("flux", "1")


@pytest.mark.parametrize(
    ("given_", "why"),
    [
        (["a"], "NAME=VALUE"),
        (["=1"], "NAME=VALUE"),
        (["a b=1"], "NAME=VALUE"),
        (["a="], "no value"),
        (["a= "], "no value"),
        (["a=1", "a=2"], "twice"),
        (["a=1", "a=1"], "twice"),
    ],
)
def test_words_that_are_no_pairs_are_refused(given_, why):
    with pytest.raises(HyperparameterError, match=why):
        pairs(given_)


def test_two_names_of_one_hyperparameter_are_refused():
    with pytest.raises(HyperparameterError, match="lr and learning_rate both mean learning_rate"):
        words(["lr=1", "learning_rate=2"], "rmsprop")


def test_names_of_a_target_mean_what_it_says_and_others_what_everybody_says():
    given_ = {"lr": 1, "beta": 2, "wings": 3}
    assert by_meaning(given_, {"beta": "beta1"}) == {"learning_rate": 1, "beta1": 2, "wings": 3}
    with pytest.raises(HyperparameterError, match="beta and b1 both mean beta1"):
        by_meaning({**given_, "b1": 2}, {"beta": "beta1"})


def test_words_are_refused_before_anything_starts_where_no_family_can_mean_them():
    assert checked(iter(["alpha=3"])) == ("alpha=3",)  # the paper on Adam calls the rate so
    for text in ("rho=3", "flux=1", "nesterov=2"):
        with pytest.raises((HyperparameterError, SubjectError)):
            checked([text])


def identifier(**values):
    given_ = {name: ORDINARY[name] for name in ("decay", "epsilon", "learning_rate")} | values
    listed = ",".join(f"{name}={value}" for name, value in given_.items() if value is not None)
    return f"rmsprop/float32/origin/{listed}/1x8/1f"


def commands(name, value):
    """Every way in which a hyperparameter is given to a command; no worker starts for these."""
    word = f"{name}={value}"
    yield "audit", "nowhere.py:update", word
    yield "identify", "nowhere.py:update", word
    yield "translate", "--from", "torch:Adam", "--to", "jax:optax.adam", word
    yield "certify", "torch:Adam", "--against", "torch-adam", word
    yield "run", "--case", identifier(**{name: value})
    yield "repro", "torch:RMSprop", identifier(**{name: value})


BAD = [("epsilon", value) for value in ("nan", "-1", "1e400", "1e99999999", "x", "")]
BAD += [("decay", "2"), ("learning_rate", "１")]


@pytest.mark.parametrize(("name", "value"), BAD, ids=[f"{n}={v[:12]}" for n, v in BAD])
def test_every_command_refuses_what_cannot_be_meant_in_a_line(conformance, cache, name, value):
    for command in commands(name, value):
        done = conformance(*command)
        assert done.returncode == 2, command
        assert LINE.fullmatch(done.stderr), command
        assert "does not exist" not in done.stderr  # it was looked at before the target
        assert done.stdout == ""


def test_every_command_refuses_a_name_that_comes_twice(conformance, cache):
    for command in commands("epsilon", "0.1,epsilon=0.2"):
        *start, last = command
        twice = [last] if "/" in last else ["epsilon=0.1", "epsilon=0.2"]
        done = conformance(*start, *twice)
        assert done.returncode == 2, command
        assert LINE.fullmatch(done.stderr), command
        assert "twice" in done.stderr


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (identifier(learning_rate=None), "learning_rate of rmsprop is missing"),
        (identifier(momentum="0.9"), "has no momentum"),
        (identifier(flux="0.9"), "has no flux"),
        (identifier(learning_rate="1e39"), "more than float32 holds"),
        (identifier().replace("float32", "float16").replace("e-8", "e5"), "more than float16"),
        (identifier().replace("1x8", "9999x999999"), "at most"),
        (identifier().replace("rmsprop", "adam"), "beta1 of adam is missing"),
    ],
)
def test_a_case_that_cannot_be_is_refused_in_a_line(conformance, cache, text, why):
    for command in (("run", "--case", text), ("repro", "torch:RMSprop", text)):
        done = conformance(*command)
        assert done.returncode == 2
        assert LINE.fullmatch(done.stderr)
        assert why in done.stderr


def test_a_case_holds_decimals_whatever_they_were_written_like():
    case = parse(identifier(epsilon="1E-08", decay=".90"))
    assert case.decimals == {"decay": "0.90", "epsilon": "1e-8", "learning_rate": "0.01"}
    assert parse(case.identifier) == case


# Of the cases that variants draw in the default profile, with the Hypothesis that drew them.
DRAWN = "6.170.17", 546, "9b05f0e3bf2fb58a"
KNOWN = {"amsgrad", "centered", "centralize", "loss_scale", "maximize", "momentum", "nesterov"}
KNOWN |= {"weight_decay"}
ASKED = sorted(
    {
        (item.family, tuple(sorted(item.features)))
        for item in VARIANTS.values()
        if item.family in ("rmsprop", "adam") and item.features <= KNOWN
    }
)


def drawn() -> tuple[Case, ...]:
    return tuple(
        case
        for dtype in ("float32", "float16")
        for family, features in (ASKED if dtype == "float32" else ASKED[::8])
        for mode in MODES
        if mode not in SITUATED  # those are not drawn
        for case in draw_cases(family, features, dtype, mode, "default", 0)
    )


def test_the_same_cases_are_drawn_as_ever():
    version, count, digest = DRAWN
    if hypothesis.__version__ != version:
        pytest.skip(f"Hypothesis {hypothesis.__version__} draws otherwise than {version}")
    found = drawn()
    assert len(found) == count
    text = "\n".join(case.identifier for case in found)
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == digest


def test_every_drawn_case_can_be_parsed():
    for case in drawn():
        assert parse(case.identifier) == case


PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
import mine
from optimizer_conformance.cases.case import draw_cases
for mode in ("origin", "trajectory", "separation", "edges"):
    for case in draw_cases("adam", (), "float32", mode, "full", 0):
        print(case.identifier)
"""


def test_cases_do_not_depend_on_who_draws_them(tmp_path):
    """Hypothesis draws constants that stand in the caller's modules."""
    (tmp_path / "mine.py").write_text(f"NUMBERS = {[7919 * n for n in range(20, 400)]}")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    modes = ("origin", "trajectory", "separation", "edges")
    cases = (draw_cases("adam", (), "float32", mode, "full", 0) for mode in modes)
    assert done.stdout.split() == [case.identifier for some in cases for case in some]


NEW = """
from optimizer_conformance.reference import hyperparameters as table
table.RECORDS += (table.Hyperparameter(
    name="bend", symbol="c", what="how far something bends", held="scalars",
    drawn={"": ("1", "0.5")}, above=True, names=("bendvalue",)),)
table.HYPERPARAMETERS["bend"] = table.RECORDS[-1]
table.NAMES["bendvalue"] = "bend"
from optimizer_conformance.adapters.targets.names import Names, read
from optimizer_conformance.questions.identify.experiment import experiments
from optimizer_conformance.questions.translate.settings import words
from optimizer_conformance.workers.configuration import VALUES
import inspect
assert words(["bend_value=.5"], "rmsprop") == {"bend": "0.5"}
def update(w, g, s, lr=0.1, bend_value=1.0): ...
signature = dict(list(inspect.signature(update).parameters.items())[3:])
assert read(signature, {}, set()).own["bend"] == "bend_value"
(first, *_) = experiments(frozenset({"bend", "decay"}), {}, "float32", 0, schedules=False)
assert first.decimals["bend"] == "1" and VALUES["bend"] == (1.0, 0.5)
"""


def test_a_new_hyperparameter_is_one_record():
    done = subprocess.run(
        [sys.executable, "-c", NEW], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr


def test_what_rules_have_follows_from_family_and_options():
    assert [r.name for r in taken("rmsprop", ())] == ["learning_rate", "decay", "epsilon"]
    names = [r.name for r in taken("adam", ("momentum", "centered"))]
    assert names == ["learning_rate", "decay", "epsilon", "beta1", "momentum"]


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16"])
@pytest.mark.parametrize(
    "values",
    [
        {"decay": "1"},
        {"decay": "0", "epsilon": "0", "learning_rate": "0"},
        {"epsilon": "60000", "learning_rate": "65000"},
        {"epsilon": "1e-300", "learning_rate": "1e-300"},
        {"epsilon": "1e39", "learning_rate": "1e39"},
    ],
    ids=lambda values: ",".join(f"{name}={value}" for name, value in values.items()),
)
def test_a_case_at_the_end_of_the_range_can_be_judged(dtype, values):
    names = {name: ORDINARY[name] for name in ("decay", "epsilon", "learning_rate")} | values
    listed = ",".join(f"{name}={value}" for name, value in names.items())
    for mode in ("injected", "rate-change", "groups"):
        text = f"rmsprop/{dtype}/{mode}/{listed}/3x8/1f"
        if overflow(names, dtype):
            with pytest.raises(HyperparameterError, match=f"more than {dtype} holds"):
                parse(text)
            continue
        case = parse(text)
        question = Question(VARIANTS["torch-rmsprop"].rule, case.hyperparameters, case)
        oracle = Oracle()
        for way in (IDEAL, *oracle.ways(question), WIDEST):
            table = oracle.table(question, way=way)
            assert table.value.shape == table.error.shape


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16"])
def test_gradients_that_are_asked_have_squares_whatever_epsilon_is(dtype):
    largest = PRECISIONS[dtype].largest
    for text in ("1e22", "3e38", "1e-38", "0", "1"):
        given_ = {"epsilon": text, "decay": "1" if text == "1" else "0.9"}
        for asked in experiments(frozenset(ORDINARY), given_, dtype, 0, schedules=True):
            gradients = np.abs(np.stack(asked.gradients))
            assert np.isfinite(gradients).all()
            assert (gradients.max(axis=0) < np.sqrt(largest)).all()


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16"])
def test_gradients_near_epsilon_have_squares_however_far_they_wander(dtype):
    largest = np.sqrt(PRECISIONS[dtype].largest)
    for epsilon in ("1e22", "1e37"):
        text = identifier(epsilon=epsilon).replace("float32/origin", f"{dtype}/trajectory")
        text = text.replace("1x8", "3x512")
        near = [item for item in expand(parse(text)).parameters if item.name == "near-epsilon"]
        assert near
        assert all(np.abs(row).max() < largest for item in near for row in item.gradients)
