"""MindSpore 2.10: ``nn.RMSProp``, ``nn.Adam``, ``nn.ProximalAdagrad``, and operators."""

from dataclasses import replace

from optimizer_conformance.reference import rules
from optimizer_conformance.reference.variants.record import Variant

PAGES = "https://www.mindspore.cn/docs/en/master/api_python"

ORDER = (
    "the page does not say in which order weight decay, centralisation and loss unscaling meet; "
    "here the loss is unscaled first, then the gradient is centralised, then decay is added"
)
LAYERS = (
    "the page says only that it works on the convolution layer; here the mean is taken over all "
    "axes but the first (inputs and kernel) of whatever parameter"
)


def with_scaling(variant: Variant) -> list[Variant]:
    """The variant with weight decay, with a loss scale, and with both, whose order is a reading."""
    decayed = variant.with_option(
        "weight_decay", weight_decay="l2", defaults={"weight_decay": "0.0"}
    )
    scaled = {"defaults": {"loss_scale": "1.0"}}
    both = decayed.with_option("loss_scale", **scaled)
    ordered = replace(both, readings={**both.readings, "weight_decay": ORDER})
    return [decayed, variant.with_option("loss_scale", **scaled), ordered]


def with_centralize(variant: Variant) -> Variant:
    """The variant with every group's ``grad_centralization`` switched on."""
    central = variant.with_option("centralize", centralize=True)
    return replace(central, readings={**central.readings, "centralize": LAYERS})


def rmsprop(identifier: str, start: str) -> list[Variant]:
    """One reading of nn.RMSProp, with its options."""
    plain = Variant(
        identifier=identifier,
        rule=rules.RMSPROP.having(epsilon="inside", initial_second_moment=start),
        defaults={"learning_rate": "0.1", "decay": "0.9", "epsilon": "1e-10"},
        source="MindSpore mindspore.nn.RMSProp, equations and Parameters",
        url=f"{PAGES}/nn/mindspore.nn.RMSProp.html",
        versions="2.10",
        readings={
            "initial_second_moment": "nothing on the page says where the mean square starts: "
            f"here at {start}"
        },
    )
    bases = [plain, plain.with_option("centered", centered=True)]
    variants = []
    for base in bases:
        moving = base.with_option("momentum", momentum="scaled", defaults={"momentum": "0.0"})
        variants += [base, moving, *with_scaling(base), *with_scaling(moving)]
        variants.append(with_centralize(base))
    return variants


# nn.Adam's equations correct both averages and add epsilon to the corrected root.
ADAM = Variant(
    identifier="mindspore-adam",
    rule=rules.ADAM,
    defaults={"learning_rate": "1e-3", "beta1": "0.9", "decay": "0.999", "epsilon": "1e-8"},
    source="MindSpore mindspore.nn.Adam, equations and Parameters",
    url=f"{PAGES}/nn/mindspore.nn.Adam.html",
    versions="2.10",
)
MAXIMUM = (
    "use_amsgrad is named and not written out: the maximum may be of the average (this reading of "
    "mindspore-adam) or of the corrected average (mindspore-adam-corrected-maximum)"
)
ADAM_AMSGRAD = replace(
    ADAM.with_option("amsgrad", amsgrad="raw"),
    readings={"amsgrad": MAXIMUM},
)
CORRECTED_MAXIMUM = replace(ADAM, identifier="mindspore-adam-corrected-maximum")
CORRECTED_AMSGRAD = replace(
    CORRECTED_MAXIMUM.with_option("amsgrad", amsgrad="corrected"),
    readings={"amsgrad": MAXIMUM},
)

# The operators fold both corrections into the learning rate.  They have no defaults: these are the
# values that the operator's example passes.
OPS_ADAM = Variant(
    identifier="mindspore-ops-adam",
    rule=rules.ADAM.having(epsilon="hat"),
    defaults={"learning_rate": "0.001", "beta1": "0.9", "decay": "0.999", "epsilon": "1e-8"},
    source="MindSpore mindspore.ops.Adam, equations and Examples",
    url=f"{PAGES}/ops/mindspore.ops.Adam.html",
    versions="2.10",
    readings={
        "correction": "lr is described as l of the equations, which is already corrected, though "
        "the powers of the betas are inputs too: here lr is the equations' learning rate"
    },
)
OPS_AMSGRAD = replace(
    OPS_ADAM.with_option("amsgrad", amsgrad="raw"),
    source="MindSpore mindspore.ops.ApplyAdamWithAmsgradV2, equations",
    url=f"{PAGES}/ops/mindspore.ops.ApplyAdamWithAmsgradV2.html",
    readings={},
)

PROXIMAL_ADAGRAD = Variant(
    identifier="mindspore-proximaladagrad",
    # "accum: The starting value for accumulators. Default: 0.1."
    rule=rules.ADAGRAD.having(epsilon="none", initial_second_moment="0.1"),
    defaults={"learning_rate": "0.001", "l1": "0.0", "l2": "0.0"},
    source="MindSpore mindspore.nn.ProximalAdagrad, equations and Parameters",
    url=f"{PAGES}/nn/mindspore.nn.ProximalAdagrad.html",
    versions="2.10",
).with_option("proximal", proximal="rate")


def operator(name: str, rule: rules.Rule) -> Variant:
    """What an operator documents that draws the parameter to zero; its scalars have no defaults."""
    plain = Variant(
        identifier=f"mindspore-ops-{name.removeprefix('Apply').lower()}",
        rule=rule,
        defaults={},
        source=f"MindSpore mindspore.ops.{name}, equations",
        url=f"{PAGES}/ops/mindspore.ops.{name}.html",
        versions="2.10",
    )
    return plain.with_option("proximal", proximal="rate")


VARIANTS = (
    PROXIMAL_ADAGRAD,
    *with_scaling(PROXIMAL_ADAGRAD),
    operator("ApplyProximalAdagrad", rules.ADAGRAD.having(epsilon="none")),
    operator("ApplyProximalGradientDescent", rules.SGD),
    *rmsprop("mindspore-rmsprop", "0"),
    *rmsprop("mindspore-rmsprop-ones", "1"),
    ADAM,
    with_centralize(ADAM),
    *with_scaling(ADAM),
    *(
        variant
        for base in (ADAM_AMSGRAD, CORRECTED_AMSGRAD)
        for variant in (base, *with_scaling(base))
    ),
    OPS_ADAM,
    OPS_AMSGRAD,
)
