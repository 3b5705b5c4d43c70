"""scikit-learn: the solver ``adam`` of ``MLPClassifier`` and ``MLPRegressor``."""

from dataclasses import replace

from optimizer_conformance.reference import rules
from optimizer_conformance.reference.variants.record import Variant

ADAM = Variant(
    identifier="sklearn-adam",
    rule=rules.ADAM,
    defaults={"learning_rate": "0.001", "beta1": "0.9", "decay": "0.999", "epsilon": "1e-8"},
    source="sklearn.neural_network.MLPClassifier, solver and parameters; arXiv:1412.6980",
    url="https://scikit-learn.org/1.9/modules/generated/sklearn.neural_network.MLPClassifier.html",
    versions="scikit-learn 1.9",
    readings={
        "epsilon": "the page names the paper, Kingma and Ba, and no formula: epsilon may be added "
        "to the corrected root, as in Algorithm 1 (this reading), or to the uncorrected one, as at "
        "the end of section 2 (the reading -hat)"
    },
)

VARIANTS = (
    ADAM,
    replace(ADAM, identifier="sklearn-adam-hat", rule=ADAM.rule.having(epsilon="hat")),
)
