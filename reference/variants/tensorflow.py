"""TensorFlow: the optimizers of TensorFlow 1 and the training kernels of ``tf.raw_ops``."""

from dataclasses import replace

from optimizer_conformance.reference import rules
from optimizer_conformance.reference.variants.record import Variant

PAGE = "https://www.tensorflow.org/api_docs/python/tf/{}"
VERSIONS = "tensorflow 2.21"

# mom <- momentum * mom + lr * grad / sqrt(ms + epsilon); var <- var - mom
RMSPROP = rules.RMSPROP.having(epsilon="inside")
# lr_t = lr * sqrt(1 - beta2^t) / (1 - beta1^t); var <- var - lr_t * m / (sqrt(v) + epsilon)
ADAM = rules.ADAM.having(epsilon="hat")

START = (
    "neither the class nor its module says where the mean square starts: at zero (this reading), "
    "as in Keras, to which the page maps it one to one, or at one (the reading -ones)"
)
V1_RMSPROP = Variant(
    identifier="tensorflow-v1-rmsprop",
    rule=RMSPROP,
    defaults={"decay": "0.9", "epsilon": "1e-10"},
    source="tf.compat.v1.train.RMSPropOptimizer, and the formulas at the head of its module "
    "tensorflow/python/training/rmsprop.py",
    url=PAGE.format("compat/v1/train/RMSPropOptimizer"),
    versions=VERSIONS,
    readings={"initial_second_moment": START},
)
V1_RMSPROP_ONES = replace(
    V1_RMSPROP,
    identifier="tensorflow-v1-rmsprop-ones",
    rule=RMSPROP.having(initial_second_moment="1"),
)
V1_ADAM = Variant(
    identifier="tensorflow-v1-adam",
    rule=ADAM,
    defaults={"learning_rate": "0.001", "beta1": "0.9", "decay": "0.999", "epsilon": "1e-8"},
    source="tf.compat.v1.train.AdamOptimizer, Initialization and update rule",
    url=PAGE.format("compat/v1/train/AdamOptimizer"),
    versions=VERSIONS,
)


def kernel(name: str, rule: rules.Rule, *features: str) -> Variant:
    """What one of ``tf.raw_ops`` documents; its scalars have no defaults."""
    bare = Variant(
        identifier="tensorflow-" + name.removeprefix("Resource").lower(),
        rule=rule,
        defaults={},
        source=f"tf.raw_ops.{name}",
        url=PAGE.format(f"raw_ops/{name}"),
        versions=VERSIONS,
    )
    return bare.with_option(*features)


# Its page names "the proximal adagrad scheme" and prints none; the class names Adagrad's paper.
DUAL = (
    "the page prints no formula: dual averaging as in the paper that the class of TensorFlow 1 "
    "names, with both penalties counting with the number of steps"
)
ADAGRAD_DA = Variant(
    identifier="tensorflow-v1-adagradda",
    rule=rules.ADAGRAD_DA.having(initial_second_moment="0.1"),
    defaults={"l1": "0.0", "l2": "0.0"},
    source="tf.compat.v1.train.AdagradDAOptimizer, reference and initialization",
    url=PAGE.format("compat/v1/train/AdagradDAOptimizer"),
    versions=VERSIONS,
    readings={"scale": DUAL},
)
CENTERED = RMSPROP.having(centered=True)
SPARSE_CENTERED = replace(
    kernel("ResourceSparseApplyCenteredRMSProp", CENTERED, "centered"),
    readings={
        "centered": "Delta is printed with sqrt(mean_square + epsilon - mean_grad ** 2) (this "
        "reading), mom with sqrt(ms + epsilon) (the reading -uncentered), and mg not at all"
    },
)
# The mean gradient is kept and not used: a rule without one says the same of all else.
SPARSE_UNCENTERED = replace(
    SPARSE_CENTERED,
    identifier="tensorflow-sparseapplycenteredrmsprop-uncentered-centered",
    rule=RMSPROP,
)


def both(variant: Variant, momentum: str | None = None) -> tuple[Variant, Variant]:
    """The rule with momentum off and on; the buffer holds steps scaled by the learning rate."""
    defaults = {} if momentum is None else {"momentum": momentum}
    return variant, variant.with_option("momentum", momentum="scaled", defaults=defaults)


def v1(name: str, rule: rules.Rule, defaults: dict[str, str]) -> Variant:
    """An optimizer of TensorFlow 1."""
    return Variant(
        identifier=f"tensorflow-v1-{name.removesuffix('Optimizer').lower()}",
        rule=rule,
        defaults=defaults,
        source=f"tf.compat.v1.train.{name}",
        url=PAGE.format(f"compat/v1/train/{name}"),
        versions=VERSIONS,
    )


V1_MOMENTUM = v1("MomentumOptimizer", rules.SGD, {}).with_option("momentum", momentum="unscaled")
# u = sqrt(update_accum + epsilon) / sqrt(accum + epsilon) grad; the page leaves out the rate, which
# is among the arguments as a scaling factor.
ADADELTA = rules.ADADELTA
# The classes name Duchi and Singer's and Duchi, Hazan and Singer's papers and print no formula; the
# kernels print the penalties with the learning rate, Adagrad's too.
PROXIMAL_ADAGRAD = rules.ADAGRAD.having(epsilon="none")
NO_PENALTY = {"l1": "0.0", "l2": "0.0"}


def proximal(variant: Variant, by: str) -> Variant:
    """What is drawn to zero after a step; without the option there is no such document."""
    return variant.with_option("proximal", proximal=by)


MORE = (
    proximal(v1("ProximalGradientDescentOptimizer", rules.SGD, NO_PENALTY), "rate"),
    proximal(
        v1(
            "ProximalAdagradOptimizer",
            PROXIMAL_ADAGRAD.having(initial_second_moment="0.1"),
            NO_PENALTY,
        ),
        "own rate",
    ),
    *(
        proximal(kernel(f"Resource{kind}Proximal{name}", rule), "rate")
        for kind in ("Apply", "SparseApply")
        for name, rule in (("GradientDescent", rules.SGD), ("Adagrad", PROXIMAL_ADAGRAD))
    ),
    v1("GradientDescentOptimizer", rules.SGD, {}),
    V1_MOMENTUM,
    v1(
        "AdadeltaOptimizer",
        ADADELTA,
        {"learning_rate": "0.001", "decay": "0.95", "epsilon": "1e-8"},
    ),
    kernel("ResourceApplyGradientDescent", rules.SGD),
    *(
        option
        for name, momentum in (
            ("ResourceApplyMomentum", "unscaled"),
            ("ResourceSparseApplyMomentum", "unscaled"),
            ("ResourceApplyKerasMomentum", "scaled"),
            ("ResourceSparseApplyKerasMomentum", "scaled"),
        )
        for plain in (kernel(name, rules.SGD).with_option("momentum", momentum=momentum),)
        for option in (plain, plain.with_option("nesterov", nesterov=True))
    ),
    kernel("ResourceApplyAdagradV2", rules.ADAGRAD),
    kernel("ResourceSparseApplyAdagradV2", rules.ADAGRAD),
    kernel("ResourceApplyAdadelta", ADADELTA),
    kernel("ResourceApplyAdaMax", rules.ADAMAX.having(epsilon="outside")),
)

VARIANTS = (
    ADAGRAD_DA,
    *(
        replace(kernel(f"Resource{kind}AdagradDA", rules.ADAGRAD_DA), readings={"scale": DUAL})
        for kind in ("Apply", "SparseApply")
    ),
    *MORE,
    *both(V1_RMSPROP, "0.0"),
    *both(V1_RMSPROP.with_option("centered", centered=True), "0.0"),
    *both(V1_RMSPROP_ONES, "0.0"),
    *both(V1_RMSPROP_ONES.with_option("centered", centered=True), "0.0"),
    V1_ADAM,
    *both(kernel("ResourceApplyRMSProp", RMSPROP)),
    *both(kernel("ResourceApplyCenteredRMSProp", CENTERED, "centered")),
    *both(kernel("ResourceSparseApplyRMSProp", RMSPROP)),
    *both(SPARSE_CENTERED),
    *both(SPARSE_UNCENTERED),
    kernel("ResourceApplyAdam", ADAM),
    kernel("ResourceApplyAdamWithAmsgrad", ADAM.having(amsgrad="raw"), "amsgrad"),
)
