"""Claims of installed documentation: read again, then executed."""

from __future__ import annotations

import sys

import msgspec
import pytest

from optimizer_conformance.questions.verify.checks import CHECKS
from optimizer_conformance.questions.verify.checks.documented import Documented
from optimizer_conformance.questions.verify.checks.probing import calls
from optimizer_conformance.questions.verify.context import Context

FOLLOWS = {"name": "identity", "left": "1 + 1", "right": "2"}


def decision(**parameters):
    claim = Documented(adapter="numpy", object="json.dumps", **parameters)
    with Context(pythons={"numpy": sys.executable}) as context:
        return CHECKS["documented"].decide(claim, context)


def test_what_is_said_and_done_is_confirmed():
    found = decision(says=["JSON formatted", r"``skipkeys`` is \w+"], behaviour=FOLLOWS)
    assert found.verdict == "confirmed"
    assert "docstring of json.dumps" in found.evidence


def test_what_is_no_longer_said_is_contradicted_before_anything_is_executed():
    found = decision(says=["JSON formatted", "XML formatted"], behaviour=FOLLOWS)
    assert found.verdict == "contradicted"
    assert "no longer says" in found.observed


def test_what_is_said_and_not_done_is_contradicted():
    found = decision(says=["JSON formatted"], behaviour=FOLLOWS | {"right": "3"})
    assert found.verdict == "contradicted"


def test_an_object_that_is_gone_is_contradicted():
    with Context(pythons={"numpy": sys.executable}) as context:
        claim = Documented(adapter="numpy", object="json.gone", says=["x"])
        assert CHECKS["documented"].decide(claim, context).verdict == "contradicted"


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"says": []}, "what the docstring says"),
        ({"says": ["("]}, "unterminated|missing"),
        ({"says": ["x"], "behaviour": {"name": "guess"}}, "unknown check 'guess'"),
        ({"says": ["x"], "behaviour": {"name": "identity"}}, "left"),
    ],
)
def test_a_claim_that_cannot_be_decided_is_refused_when_it_is_read(parameters, words):
    content = {"adapter": "numpy", "object": "json.dumps", **parameters}
    with pytest.raises(msgspec.ValidationError, match=words):
        msgspec.convert(content, Documented)


def test_one_process_answers_for_reading_and_doing():
    behaviour = {
        "name": "script",
        "adapter": "torch",
        "file": "f",
        "call": "g()",
        "expect": {"a": 1},
    }
    check = {
        "name": "documented",
        "adapter": "torch",
        "object": "torch.optim.Adam",
        "says": ["x"],
        "behaviour": behaviour,
    }
    assert list(calls(check)) == [
        ("torch", "documentation", "says('torch.optim.Adam', 'x')"),
        ("torch", "f", "g()"),
    ]
