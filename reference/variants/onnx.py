"""ONNX: the operator Adam of ``ai.onnx.preview.training``."""

from optimizer_conformance.reference import rules
from optimizer_conformance.reference.variants.record import Variant

ADAM = Variant(
    identifier="onnx-adam",
    # H_sqrt = Sqrt(H_new) + epsilon; R_adjusted = R * Sqrt(1 - beta**T) / (1 - alpha**T)
    rule=rules.ADAM.having(epsilon="hat"),
    # The learning rate is an input.
    defaults={"beta1": "0.9", "decay": "0.999", "epsilon": "1e-6"},
    source="ai.onnx.preview.training, Adam, version 1, pseudo code and attributes",
    url="https://onnx.ai/onnx/operators/onnx_aionnxpreviewtraining_Adam.html",
    versions="opset ai.onnx.preview.training 1",
)

VARIANTS = (
    ADAM,
    # G_regularized = norm_coefficient * X + G
    ADAM.with_option("weight_decay", weight_decay="l2", defaults={"weight_decay": "0"}),
)
