"""A rule in names and formulas that people know."""

from __future__ import annotations

from optimizer_conformance.questions.audit.naming import formulas, known
from optimizer_conformance.reference.variants import VARIANTS


def test_three_documents_that_leave_nothing_open_are_named_and_the_others_counted():
    names = [name for name, variant in VARIANTS.items() if variant.base == name][:20]
    told, _, more = known(names).partition(" and ")
    assert len(told.split(", ")) == 3
    assert more == "17 more"
    assert not any(VARIANTS[name].readings for name in told.split(", "))
    assert known(["torch-adam"]) == "torch-adam"


def test_the_equations_that_differ_stand_over_the_documents():
    assert list(formulas("keras-rmsprop", "torch-rmsprop")) == [
        "what it computes:   w′ = w - lr·g/√(ε + v′)",
        "the document says:  w′ = w - lr·g/(ε + √(v′))",
    ]
    assert list(formulas("torch-adam", "jax-adam")) == []
    assert list(formulas("nobody-knows-it", "torch-adam")) == []
