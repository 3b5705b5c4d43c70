"""Verdicts on arrays: kernels that are right pass, wrong ones are told in words."""

from __future__ import annotations

import json
import re
from functools import lru_cache

import kernels
import numpy as np
import pytest

from optimizer_conformance import assert_step, judge_step, judge_stream, probe_inputs
from optimizer_conformance.questions.steps.arrays import StepError
from optimizer_conformance.reference.decimals import HyperparameterError
from optimizer_conformance.reference.rules import ADAM
from optimizer_conformance.reports.verdicts import Verdict

RULE = "torch-adamw-weight-decay"


@lru_cache
def probes(formats, count=5):
    """The first steps to take in some formats."""
    return tuple(probe_inputs(RULE, 1003, kernels.FORMATS[formats], count))


def judged(kernel, probe):
    """What a kernel makes of a probe, judged."""
    formats = {**probe.formats, "arithmetic": kernels.FORMATS[kernel.formats]["arithmetic"]}
    after = kernel(probe.before, probe.count, probe.hyperparameters)
    return judge_step(
        probe.rule,
        before=probe.before,
        after=after,
        hyperparameters=probe.hyperparameters,
        count=probe.count,
        formats=formats,
    )


@pytest.mark.parametrize("kernel", kernels.RIGHT, ids=lambda kernel: kernel.name)
def test_a_right_kernel_passes_in_every_order_and_format(kernel):
    for probe in probes(kernel.formats)[:3]:
        found = judged(kernel, probe)
        assert found.conforms, str(found)


@pytest.mark.parametrize("kernel", kernels.WRONG, ids=lambda kernel: kernel.name)
def test_a_wrong_kernel_is_told_in_words(kernel):
    found = []
    for probe in probes(kernel.formats)[1:]:  # what one step hides the next one shows
        found.append(judged(kernel, probe))
        if re.search(kernel.words, "; ".join(found[-1].why)):
            return
    raise AssertionError("\n".join(map(str, found)))


def step(size=64, wrong="", **changed):
    """One float32 step and its arguments."""
    kernel = kernels.Kernel("torch", "float32", wrong)
    (before, count, hyper), *_ = kernels.normal(kernel, size)
    asked = {"before": before, "after": kernel(before, count, hyper), "hyperparameters": hyper}
    return {**asked, "count": count, **changed}


def test_names_of_frameworks_are_understood():
    asked = step()
    own = {"parameter": "p", "gradient": "grad", "first_moment": "exp_avg", "second_moment": "nu"}
    for when in ("before", "after"):
        asked[when] = {own[name]: values for name, values in asked[when].items()}
    asked["hyperparameters"] = {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8, "wd": "0.01"}
    assert judge_step("torch-adamw", **asked).conforms


def test_what_is_not_given_is_the_documents_and_said():
    found = judge_step("torch-adamw", **step(hyperparameters={"weight_decay": 0.01}))
    assert found.rule == RULE
    assert "beta1=0.9" in found.remarks[0]


def test_a_rule_of_ones_own_is_judged_without_a_document():
    asked = step()
    rule = ADAM.having(weight_decay="decoupled")
    assert judge_step(rule, **asked).conforms
    assert not judge_step(ADAM.having(weight_decay="l2"), **asked).conforms


def test_what_a_kernel_does_not_show_is_not_judged():
    asked = step()
    asked["after"] = {"parameter": asked["after"]["parameter"]}
    asked["before"] = {name: asked["before"][name] for name in ("parameter", "gradient")}
    assert list(judge_step(RULE, **asked).quantities) == ["parameter"]


class OnlyDlpack:
    """An array of which nothing is known but the protocol."""

    def __init__(self, values):
        self.values = values

    def __dlpack__(self, **asked):
        return self.values.__dlpack__()

    def __dlpack_device__(self):
        return self.values.__dlpack_device__()


class OnlyArray:
    """An array of which nothing is known but NumPy's protocol."""

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        return self.values


@pytest.mark.parametrize("kind", [OnlyDlpack, OnlyArray, np.ndarray.tolist])
def test_arrays_of_any_library_are_judged(kind):
    asked = step()
    if kind is np.ndarray.tolist:  # numbers of Python's own are float64
        kind = lambda values: values.astype(float).tolist()  # noqa: E731
        asked["formats"] = dict.fromkeys(
            ("parameter", "gradient", "first_moment", "second_moment"), "float32"
        )
    for when in ("before", "after"):
        asked[when] = {name: kind(values) for name, values in asked[when].items()}
    assert judge_step(RULE, **asked).conforms


def test_bfloat16_comes_as_bits_or_as_numbers_that_it_holds():
    probe = probes("bfloat16")[1]
    kernel = kernels.Kernel("plain", "bfloat16")
    after = kernel(probe.before, probe.count, probe.hyperparameters)
    bits = [
        {name: (values.view(np.uint32) >> 16).astype(np.uint16) for name, values in some.items()}
        for some in (probe.before, after)
    ]
    found = judge_step(
        RULE,
        before=bits[0],
        after=bits[1],
        hyperparameters=probe.hyperparameters,
        count=probe.count,
        formats={"arithmetic": "float32"},
    )
    assert found.conforms
    assert found.quantities["parameter"].format == "bfloat16"


def test_each_element_has_a_verdict_and_a_bound():
    asked = step(60)
    asked["after"]["parameter"][7] += 1e-3
    for when in ("before", "after"):
        asked[when] = {name: values.reshape(3, 20) for name, values in asked[when].items()}
    found = judge_step(RULE, **asked).quantities["parameter"]
    assert np.argwhere(found.codes == Verdict.deviates).tolist() == [[0, 7]]
    assert found.bound.shape == found.expected.shape == (3, 20)
    off = abs(asked["after"]["parameter"].astype(float) - found.expected)
    assert ((off <= found.bound) == (found.codes != Verdict.deviates)).all()
    assert found.failing[0].index == (0, 7)


def test_a_failing_assertion_says_what_is_wrong_and_where():
    with pytest.raises(AssertionError) as error:
        assert_step(RULE, **step(wrong="tail not written", size=61))
    text = str(error.value)
    assert "the last 5 of 61 elements alone" in text
    assert "parameter (float32): 5 of 61 elements deviate" in text
    assert "times the bound" in text


def test_a_verdict_goes_into_json_and_notebooks():
    found = judge_step(RULE, **step(wrong="epsilon inside"))
    assert json.loads(json.dumps(found.to_dict()))["conforms"] is found.conforms
    assert found._repr_html_().startswith("<pre>step 1 is")


def test_a_changed_gradient_and_another_format_are_told():
    asked = step()
    asked["after"]["gradient"] = asked["before"]["gradient"] * 2
    assert judge_step(RULE, **asked).why[0] == "the gradient is changed by the step"
    asked = step()
    asked["after"]["parameter"] = asked["after"]["parameter"].astype(np.float64)
    assert "comes back in float64" in judge_step(RULE, **asked).why[0]


def test_a_stream_is_judged_piece_by_piece_and_counts_through():
    asked = step(wrong="tail not written", size=1003)
    before, after = asked.pop("before"), asked.pop("after")
    cuts = [slice(0, 400), slice(400, 800), slice(800, None)]

    def cut(arrays, part):
        return {name: values[part] for name, values in arrays.items()}

    pieces = ((cut(before, part), cut(after, part)) for part in cuts)
    found = judge_stream(RULE, pieces, **asked)
    assert found.quantities["parameter"].elements == 1003
    assert found.quantities["parameter"].failing[0].index == (1000,)
    assert found.quantities["parameter"].codes is None
    assert not found.conforms


def test_many_pieces_are_judged_as_one_array_is():
    asked = step(100_000)
    asked["after"]["parameter"][[5, 99_990]] += 1e-2
    found = judge_step(RULE, **asked).quantities["parameter"]
    assert [item.index for item in found.failing] == [(5,), (99_990,)]


@pytest.mark.parametrize("wrong", ["epsilon inside", "no epsilon"])
def test_probes_tell_what_normal_numbers_do_not(wrong):
    kernel = kernels.Kernel("plain", "float32", wrong)
    for before, count, hyper in kernels.normal(kernel):
        after = kernel(before, count, hyper)
        found = judge_step(RULE, before=before, after=after, hyperparameters=hyper, count=count)
        assert found.quantities["parameter"].deviating < 30  # of 1003
    found = judged(kernel, probes("float32")[1])
    assert found.quantities["parameter"].deviating > 300


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"count": 0}, "the first step has count=1"),
        ({"count": 2, "before": "parameter gradient"}, "step 2 needs what the steps before"),
        ({"before": "gradient"}, "before has no parameter"),
        ({"device": "abacus"}, "no arithmetic 'abacus'"),
        ({"formats": {"parameter": "bfloat16"}}, "which does not hold its element"),
        ({"formats": {"arithmetic": "float8"}}, "no arithmetic in 'float8'"),
        ({"hyperparameters": {"momentum": 0.9}}, "documents no momentum"),
    ],
)
def test_arrays_that_make_no_step_are_refused(changed, message):
    asked = step()
    if isinstance(changed.get("before"), str):
        changed = {**changed, "before": {n: asked["before"][n] for n in changed["before"].split()}}
    with pytest.raises(StepError, match=message):
        judge_step("torch-adamw", **{**asked, **changed})


def test_shapes_memory_rules_and_values_that_cannot_be_are_refused():
    asked = step()
    asked["after"]["second_moment"] = asked["after"]["second_moment"][:-1]
    with pytest.raises(StepError, match="has shape"):
        judge_step(RULE, **asked)
    asked = step()
    asked["after"]["parameter"] = asked["before"]["parameter"]
    with pytest.raises(StepError, match="the same memory"):
        judge_step(RULE, **asked)
    with pytest.raises(StepError, match="did you mean"):
        judge_step("torch-adamv", **step())
    with pytest.raises(HyperparameterError, match="a number from 0 to 1"):
        judge_step(RULE, **step(hyperparameters={"beta1": 2}))
