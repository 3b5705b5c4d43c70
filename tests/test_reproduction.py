"""Reproducers: small, true, and run with the framework alone."""

from __future__ import annotations

import json
import math
import re
from fractions import Fraction
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer_conformance.cases.case import Written, draw_cases, parse
from optimizer_conformance.cases.patterns import matches
from optimizer_conformance.cases.plan import Selection
from optimizer_conformance.expectations import ledger as expectations
from optimizer_conformance.judging.oracle import Oracle
from optimizer_conformance.judging.rows import BROKEN
from optimizer_conformance.questions.repro import recipes
from optimizer_conformance.questions.repro.changes import decimal
from optimizer_conformance.questions.repro.checking import check
from optimizer_conformance.questions.repro.deviation import Deviation, NothingThereError
from optimizer_conformance.questions.repro.evidence import inside, upwards
from optimizer_conformance.questions.repro.reproducer import CoveredError, reproduce
from optimizer_conformance.questions.repro.script import (
    StandaloneScript,
    issue,
    literal,
    number,
    script,
)
from optimizer_conformance.questions.repro.simplicity import (
    digits_of,
    simpler_decimals,
    simpler_values,
    weight_of,
)
from optimizer_conformance.reference.numbers import PRECISIONS
from optimizer_conformance.runs.run import conduct
from optimizer_conformance.workers.environments import locate
from optimizer_conformance.workers.subject import subject

LAYOUT = "adam/float32/layout/beta1=0.9,decay=0.999,epsilon=1e-8,learning_rate=0.01/1x1000/1f"
FLOATS = st.floats(allow_nan=False)
torch = pytest.mark.adapter("torch")


@pytest.fixture(scope="module")
def fused():
    """PyTorch's fused Adam, whose kernel ignores strides on the CPU."""
    with subject("torch:Adam[fused]") as found:
        yield found


@pytest.fixture(scope="module")
def rmsprop():
    """PyTorch's RMSprop, which adds epsilon outside the root."""
    with subject("torch:RMSprop") as found:
        yield found


def of(family, mode):
    (case, *_) = draw_cases(family, (), "float32", mode, "quick", 0)
    return case


class TestSimplicity:
    @given(FLOATS, st.sampled_from(list(PRECISIONS)))
    def test_every_candidate_is_simpler_and_held_by_the_dtype(self, value, dtype):
        precision = PRECISIONS[dtype]
        value = float(precision.round(value))
        for other in simpler_values(value, dtype):
            assert weight_of(other) < weight_of(value)
            assert float(precision.round(other)) == other

    @given(st.sampled_from(["decay", "epsilon", "learning_rate"]), st.floats(1e-12, 1))
    def test_a_decimal_is_replaced_by_one_with_fewer_digits_or_by_the_default(self, name, value):
        text = decimal(value)
        assert float(text) == value
        first, *others = [*simpler_decimals(name, text, "0.25"), ""]
        assert first in ("0.25", "")
        assert all(digits_of(other) < digits_of(text) for other in others if other)

    @given(FLOATS)
    def test_a_literal_gives_exactly_its_value(self, value):
        back = eval(literal(value))
        assert math.copysign(1, back) == math.copysign(1, value)
        assert back == value

    @given(st.fractions())
    def test_a_limit_is_the_first_float_that_is_not_below(self, number):
        found = upwards(number)
        assert Fraction(found) >= number
        assert Fraction(math.nextafter(found, -math.inf)) < number

    def test_only_nan_is_inside_nan(self):
        assert inside(math.nan, (math.nan, math.nan))
        assert not inside(1.0, (math.nan, math.nan))
        assert not inside(math.nan, (0.0, 1.0))

    @pytest.mark.parametrize(("one", "other"), [(0.0, -0.0), (-0.0, 0.0), (1.0, math.nan)])
    def test_cases_that_are_sent_as_other_bits_are_other_cases(self, one, other):
        cases = [
            Written("adam", (), "float32", "trajectory", (), 1, 1, 0, "w", (value,), ((1.0,),))
            for value in (one, other, other)
        ]
        assert cases[0] != cases[1] == cases[2]
        assert len(set(cases)) == 2

    def test_whole_numbers_are_written_as_floats(self):
        assert [number(text) for text in ("1", "0.5", "1e-8")] == ["1.0", "0.5", "1e-8"]


@torch
class TestReproducer:
    def test_a_kernel_that_ignores_strides_is_shown_by_two_elements(self, fused):
        made = reproduce(fused, Deviation(fused.name, parse(LAYOUT)))
        assert (made.case.steps, made.case.size, made.case.layout) == (1, 2, "strided")
        assert check(made, script(made)).shown

    def test_the_script_agrees_where_the_kernel_is_right(self, fused):
        made = reproduce(fused, Deviation(fused.name, parse(LAYOUT)))
        text = script(made).text.replace("fused=True", "foreach=True")
        result = check(made, StandaloneScript(text))
        assert result.output.splitlines()[-1] == "agrees"
        assert result.wrong == "the deviation does not show in the script"

    def test_another_rule_is_shown_by_one_element_and_one_step_from_the_start(self, rmsprop):
        made = reproduce(
            rmsprop, Deviation(rmsprop.name, of("rmsprop", "rate-change"), "paddle-rmsprop")
        )
        assert (made.case.steps, made.case.size, made.case.state) == (1, 1, ())
        assert made.why == "epsilon outside the root, documented inside the root"
        assert made.evidence is not None
        assert not made.evidence.low <= made.evidence.observed <= made.evidence.high
        assert made.evidence.low <= made.evidence.nearest <= made.evidence.high
        assert check(made, script(made)).shown

    def test_a_state_that_was_put_in_gives_way_to_steps_from_the_start(self, rmsprop):
        made = reproduce(
            rmsprop, Deviation(rmsprop.name, of("rmsprop", "injected"), "paddle-rmsprop")
        )
        assert made.case.mode == "trajectory"
        assert isinstance(made.case, Written)

    def test_what_agrees_has_no_reproducer(self, rmsprop):
        with pytest.raises(NothingThereError, match="agrees with torch-rmsprop"):
            reproduce(rmsprop, Deviation(rmsprop.name, of("rmsprop", "origin")))

    def test_what_stands_for_the_cause_already_is_said(self, rmsprop):
        asked = Deviation(rmsprop.name, of("rmsprop", "origin"), "paddle-rmsprop")
        with pytest.raises(CoveredError, match="paddle-rmsprop"):
            reproduce(rmsprop, asked, oracle=Oracle(), covered=lambda cause: True)

    def test_an_issue_holds_script_output_and_numbers(self, rmsprop):
        made = reproduce(
            rmsprop, Deviation(rmsprop.name, of("rmsprop", "origin"), "paddle-rmsprop")
        )
        text = script(made)
        found = issue(made, text, check(made, text).output)
        assert text.text in found
        assert f"observed {made.evidence.observed} = {made.evidence.observed.hex()}" in found
        assert made.evidence.exact in found


@pytest.mark.adapter("optimi")
def test_a_changed_gradient_is_shown_by_more_than_the_sign_of_a_zero():
    (case, *_) = draw_cases("adam", ("weight_decay",), "float32", "origin", "quick", 0)
    with subject("optimi:Adam") as found:
        made = reproduce(found, Deviation(found.name, case, why=BROKEN["gradient"]))
        assert (made.sign.kind, made.sign.zeros) == ("gradient", False)
        assert (made.case.value, made.case.gradients) == ((1.0,), ((1.0,),))
        assert check(made, script(made)).shown


@pytest.mark.adapter("optimi")
def test_what_a_run_would_not_ask_is_no_deviation():
    with (
        subject("optimi:Adam[foreach]") as found,
        pytest.raises(NothingThereError, match="is not asked injected cases"),
    ):
        reproduce(found, Deviation(found.name, of("adam", "injected")))


@torch
class TestCommand:
    def test_all_deviations_of_a_run_become_one_script_a_cause_and_are_kept(
        self, conformance, tmp_path
    ):
        run, out = tmp_path / "run", tmp_path / "out"
        names = ("torch:Adam[fused]", "torch:AdamW[fused]")
        conduct(
            Selection(implementations=names, adapters=("torch",), modes=("layout",)),
            run,
            expected=tmp_path,
        )
        done = conformance("repro", "--all", str(run), "--out", str(out), "--check", "--json")
        assert done.returncode == 0, done.stdout
        found = json.loads(done.stdout)
        assert (found["distinct deviations"], found["scripts"], found["shown"]) == (2, 2, 2)
        again = conformance("repro", "--all", str(run), "--out", str(out), "--json")
        assert json.loads(again.stdout)["entries"] == found["entries"]

    def test_a_case_that_agrees_ends_with_one(self, conformance):
        case = of("adam", "origin").identifier
        done = conformance("repro", "torch:Adam", case)
        assert done.returncode == 1
        assert "there is nothing to reproduce" in done.stderr

    def test_a_script_is_printed_and_checked(self, conformance):
        done = conformance("repro", "torch:Adam[fused]", LAYOUT, "--check")
        assert done.returncode == 0
        assert done.stdout.startswith('"""Adam[fused]:')
        assert "it shows what it says" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["torch:Adam"], "give an implementation and a case"),
        (["torch:Adam", "nonsense"], "'nonsense' is no case"),
        (["torch:Adma", LAYOUT], "torch has no 'torch:Adma'"),
        (["trch:Adam", LAYOUT], "trch cannot be imported"),
        (["--all", "run"], "--all takes RUN and --out FOLDER"),
        (
            ["torch:Adam", LAYOUT, "--variant", "torch-adma"],
            "no variant 'torch-adma'; did you mean",
        ),
    ],
)
def test_wrong_usage_gets_one_line(conformance, words, said):
    if "torch:Adma" in words:
        pytest.skip("no environment of torch") if not locate("torch").complete else None
    done = conformance("repro", *words)
    assert done.returncode == 2
    assert said in re.sub(r"\s+", " ", done.stderr)


# Nobody has written how these are called; `repro` says so in one line.
WITHOUT = re.compile(
    r"optimizer:NovoGrad|keras.*ScheduleFreeAdamW|v1.*\[graph\]|NesterovAG|GroupAdaGrad|AdagradDA|d2l\.scratch"
)


def test_every_implementation_of_which_deviations_are_expected_has_a_recipe():
    kept = Path(__file__).parents[1] / "docs" / "implementations.json"
    known = [item["name"] for item in json.loads(kept.read_bytes())["implementations"]]
    entries = (
        one for path in expectations.FOLDER.glob("*.toml") for one in expectations.read(path)
    )
    globs = {entry.implementation for entry in entries}
    asked = [name for name in known if any(matches(name, glob) for glob in globs)]
    assert len(asked) > len(known) / 3
    for name in asked:
        if WITHOUT.search(name):
            with pytest.raises(recipes.NoRecipeError):
                recipes.recipe(name)
        else:
            assert recipes.recipe(name)


@pytest.mark.parametrize("path", sorted(recipes.TEMPLATES.glob("*.toml")), ids=lambda p: p.stem)
def test_every_recipe_can_be_read_and_has_its_template(path):
    found = msgspec.toml.decode(path.read_bytes(), type=recipes.AdapterTemplate)
    assert (Path(recipes.TEMPLATES) / found.template).is_file()
    assert all(item.match.startswith(f"{path.stem}:") for item in found.recipes)
