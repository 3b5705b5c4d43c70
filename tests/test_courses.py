"""Optimizers as courses and blogs write them are audited as they stand, without a wrapper."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from optimizer_conformance import audit, identify, translate
from optimizer_conformance.questions.audit.preparation import AuditError
from optimizer_conformance.workers.subject import SubjectError

FOLDER = Path(__file__).parent / "targets"
sys.path.insert(0, str(FOLDER))

import courses  # noqa: E402 - the folder above holds it

SMALL = {"dtypes": ("float32",), "defaults": False, "profile": "quick"}
STYLES = {
    "Returned": ("torch-adam", {"epsilon": "1e-8"}),
    "Dictionaries": ("torch-rmsprop", {"epsilon": "1e-7"}),
    "Lists": ("torch-sgd-momentum", {}),
    "Engine": ("torch-rmsprop", {}),
    "Holding": ("torch-adagrad", {}),
    "Filled": ("torch-adagrad", {}),
    "Keyed": ("torch-adam", {"map": {"decay1": "beta1", "decay2": "decay"}}),
    "Layered": ("torch-rmsprop", {}),
    "configured": ("torch-adam", {}),
    "numbered": ("torch-adam", {}),
    "closed": ("optax-rmsprop", {}),
    "Called": ("torch-sgd-weight-decay", {}),
    "given_zeros": ("torch-rmsprop", {"epsilon": "1e-8"}),
    "given_nothing": ("torch-rmsprop", {"epsilon": "1e-8"}),
}


def asked(options):
    """Options and a map, as the library takes them."""
    own = dict(options)
    return {"map": own.pop("map", None), "options": own}


@pytest.mark.parametrize("name", STYLES)
def test_a_style_is_audited_without_a_wrapper(name):
    like, options = STYLES[name]
    found = audit(getattr(courses, name), like, **asked(options), **SMALL)
    assert found.conforms, str(found)
    assert found.cells
    assert not any("built in" in text for text in found.remarks if "epsilon" not in text)


def test_lists_side_by_side_are_written_over_and_their_rule_is_told():
    found = audit(courses.memories, "torch-adagrad", options={"epsilon": 1e-8}, **SMALL)
    assert found.why == ("epsilon is inside the root; the document says outside the root",)


def test_what_is_wrong_with_a_class_of_a_course_is_told():
    found = audit(courses.Wrong, "torch-adam", options={"epsilon": "1e-8"}, **SMALL)
    assert not found.conforms
    assert found.why


def test_names_of_ones_own_are_mapped():
    names = {"velocity": "learning_rate", "memory": "decay"}
    found = audit(courses.Foreign, "torch-rmsprop", map=names, options={"epsilon": "1e-8"}, **SMALL)
    assert found.conforms, str(found)


def test_a_guess_is_offered_for_names_that_nobody_knows():
    with pytest.raises(AuditError, match="takes no") as error:
        audit(courses.Foreign, **SMALL)
    found = audit(courses.Foreign, "torch-rmsprop", options={"epsilon": 1e-8}, **SMALL)
    text = " ".join(found.remarks)
    assert "--map velocity=learning_rate" in text
    assert "--map memory=decay" in text
    assert "--map velocity=learning_rate" in str(error.value)


def test_a_hyperparameter_is_given_by_any_of_its_names():
    found = audit(courses.Returned, "torch-adam", options={"lr": 0.01, "eps": 1e-8}, **SMALL)
    assert found.conforms
    assert all("learning_rate=0.01" in cell.case for cell in found.cells)


def test_an_audit_prints_what_the_command_prints(conformance):
    done = conformance("audit", f"{FOLDER / 'courses.py'}:Called", "--like", "torch-sgd")
    found = audit(f"{FOLDER / 'courses.py'}:Called", "torch-sgd")
    assert str(found).split() == done.stdout.split()
    assert found._repr_html_().startswith("<pre>")


def test_identify_and_translate_take_objects():
    found = identify(courses.Called, hyperparameters={"weight_decay": 0}, thorough=False)
    assert "torch-sgd" in " ".join(found.nearest_variants)
    assert f"plain form: {found.verdict}" in str(found)
    assert found._repr_html_().startswith("<pre>")
    answer = translate(courses.Called, courses.Called, {"lr": 0.5})
    assert answer.proved
    assert "the same numbers do the same" in str(answer)
    assert answer._repr_html_().startswith("<pre>")


def test_what_is_no_optimizer_is_told_what_is_understood():
    class Empty:
        """It takes no step."""

    with pytest.raises(SubjectError, match="a class with update"):
        audit(Empty, "torch-sgd")


def test_a_class_that_loses_its_parameters_says_what_it_returns():
    class Lossy:
        def __init__(self, lr=0.1):
            self.lr = lr

        def update(self, w, g):
            return np.float64((w - self.lr * g).sum())

    with pytest.raises(SubjectError, match="in which no parameters"):
        audit(Lossy, "torch-sgd", **SMALL)
