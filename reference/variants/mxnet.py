"""MXNet 1.9.1: ``mx.optimizer.RMSProp`` and ``Adam``, and the operators of ``mx.nd`` beneath."""

from dataclasses import replace

from optimizer_conformance.reference import rules
from optimizer_conformance.reference.variants.record import Variant

API = "https://mxnet.apache.org/versions/1.9.1/api/python/docs/api/"
VERSIONS = "mxnet 1.9"

ORDER = (
    "rescale_grad multiplies the gradient and wd adds decay x parameter; no page of RMSProp says "
    "in which order: here the gradient is rescaled first, as Adam's docstring prints it"
)
BETAS = (
    "the docstring prints sqrt(1 - beta1^t) / (1 - beta2^t) with the betas in each other's place; "
    "here they stand as in the paper that it says it implements"
)


def scaled(variant: Variant, *, reading: str = "") -> list[Variant]:
    """The variant itself, with weight decay, with a rescaled gradient, and with both."""
    decayed = variant.with_option(
        "weight_decay", weight_decay="l2", defaults={"weight_decay": "0.0"}
    )
    unit = {"defaults": {"loss_scale": "1.0"}}  # rescale_grad is its reciprocal
    both = decayed.with_option("loss_scale", **unit)
    if reading:
        both = replace(both, readings={**both.readings, "weight_decay": reading})
    return [variant, decayed, variant.with_option("loss_scale", **unit), both]


def graves(variant: Variant, source: str) -> Variant:
    """The centred form, whose momentum (gamma2) cannot be left out."""
    centered = variant.with_option(
        "centered", "momentum", centered=True, momentum="scaled", defaults={"momentum": "0.9"}
    )
    return replace(centered, source=source)


# RMS[g] = sqrt(E[g^2] + epsilon): the class refers to the operator for the update itself.
RMSPROP = Variant(
    identifier="mxnet-rmsprop",
    rule=rules.RMSPROP.having(epsilon="inside"),
    defaults={"learning_rate": "0.001", "decay": "0.9", "epsilon": "1e-8"},
    source="mxnet.optimizer.RMSProp, docstring and signature; mxnet.ndarray.rmsprop_update",
    url=f"{API}optimizer/index.html#mxnet.optimizer.RMSProp",
    versions=VERSIONS,
)
# The learning rate is required; gamma1 is 0.95 here and 0.9 in the class.
ND_RMSPROP = Variant(
    identifier="mxnet-nd-rmsprop",
    rule=rules.RMSPROP.having(epsilon="inside"),
    defaults={"decay": "0.95", "epsilon": "1e-8"},
    source="mxnet.ndarray.rmsprop_update, equations and parameters",
    url=f"{API}ndarray/ndarray.html#mxnet.ndarray.rmsprop_update",
    versions=VERSIONS,
)
ADAM = Variant(
    identifier="mxnet-adam",
    rule=rules.ADAM.having(epsilon="hat"),
    defaults={"learning_rate": "0.001", "beta1": "0.9", "decay": "0.999", "epsilon": "1e-8"},
    source="mxnet.optimizer.Adam, standard updates and signature",
    url=f"{API}optimizer/index.html#mxnet.optimizer.Adam",
    versions=VERSIONS,
    readings={"correction": BETAS},
)
# The operator corrects nothing: the class puts both corrections into its learning rate.
ND_ADAM = Variant(
    identifier="mxnet-nd-adam",
    rule=rules.RMSPROP.having(first_moment=True, epsilon="outside"),
    defaults={"beta1": "0.9", "decay": "0.999", "epsilon": "1e-8"},
    source="mxnet.ndarray.adam_update, equations and parameters",
    url=f"{API}ndarray/ndarray.html#mxnet.ndarray.adam_update",
    versions=VERSIONS,
)
# history += mean(square(grad), axis=1); div = grad / sqrt(history + eps)
GROUP_ADAGRAD = Variant(
    identifier="mxnet-groupadagrad",
    rule=rules.ROWWISE_ADAGRAD.having(epsilon="inside"),
    defaults={"epsilon": "1e-5"},
    source="mxnet.optimizer.contrib.GroupAdaGrad, docstring and signature",
    url=f"{API.removesuffix('api/')}_modules/mxnet/optimizer/contrib.html",
    versions=VERSIONS,
)
ALEX = "mxnet.ndarray.rmspropalex_update, equations and parameters"

VARIANTS = (
    GROUP_ADAGRAD,
    GROUP_ADAGRAD.with_option("loss_scale", defaults={"loss_scale": "1.0"}),
    GROUP_ADAGRAD.with_option("clip", clip=True),
    *scaled(RMSPROP, reading=ORDER),
    *scaled(graves(RMSPROP, f"mxnet.optimizer.RMSProp; {ALEX}"), reading=ORDER),
    *scaled(ND_RMSPROP, reading=ORDER),
    *scaled(graves(ND_RMSPROP, ALEX), reading=ORDER),
    *scaled(ADAM),
    *scaled(ND_ADAM, reading=ORDER),
)
