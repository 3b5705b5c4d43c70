"""``identify``: what a black box computes, told from its steps alone."""

from __future__ import annotations

import pytest

from conformance.identification import identify
from conformance.subject import subject

CASES = {
    ("torch:RMSprop", ()): {"epsilon": "outside", "centered": "false", "bias_correction": "none"},
    ("torch:RMSprop", ("centered", "momentum")): {"momentum": "unscaled", "centered": "true"},
    ("torch:Adam", ("amsgrad",)): {"amsgrad": "raw", "first_moment": "true"},
    ("torch:AdamW", ("weight_decay",)): {"weight_decay": "decoupled", "bias_correction": "both"},
}


@pytest.mark.adapter("torch")
def test_an_implementation_is_told_from_a_few_steps() -> None:
    for (name, features), expected in CASES.items():
        with subject(name) as asked:
            found = identify(asked, features=features)
        assert found.verdict == "identified", (name, found.why)
        assert {key: found.factor(key) for key in expected} == expected
        assert found.steps < 50
        assert found.score <= 1
        assert found.formula[-1].startswith("w' = ")
        assert list(found.to_frame().columns)[:2] == ["value", "separation"]


@pytest.mark.adapter("mindspore")
def test_elements_that_follow_another_rule_by_their_place_are_told_apart() -> None:
    """Blocks of eight have epsilon outside the root, what is left of 188 elements inside."""
    with subject("mindspore:ops.ApplyRMSProp") as asked:
        found = identify(asked)
    assert found.verdict == "by place"
    assert [rule.epsilon for rule in found.rules] == ["outside", "inside"]
    assert "4 of 188 (184, 185, 186, 187)" in found.why
