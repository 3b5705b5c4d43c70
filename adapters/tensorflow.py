"""TensorFlow: Keras' optimizers, TensorFlow 1's, and the training kernels below them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError
from typing import Any

import numpy as np

# Both are read while TensorFlow and Keras are imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"

import tensorflow as tf

from optimizer_conformance.adapters import keras_rules, kit, protocol
from optimizer_conformance.adapters.offer import HOST, Adapter
from optimizer_conformance.adapters.tensorflow_keras2 import of_package, tensorflow_offer
from optimizer_conformance.adapters.tensorflow_sessions import (
    ADAM_NAMES,
    COMPLEX,
    DTYPES,
    KERAS,
    KERAS2,
    MOMENTS,
    V1,
    GraphSession,
    KerasSession,
    KernelSession,
    TensorFlowOffer,
    V1Session,
    compiled,
    rows,
)

# TensorFlow takes these only before its first operation.
tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)

NAME = "tensorflow"

TENSORFLOW_PAGE = "https://www.tensorflow.org/api_docs/python/tf/{}"

# What refuses complex numbers, by its name: dtype to words of the refusal.
NO_AMSGRAD = "with amsgrad, tf.maximum: complex64 is not in the list of allowed values"
NO_MIXTURE = "cannot compute Mul: expected a complex128 tensor, is a complex64 tensor"
NO_KERNEL = "No OpKernel was registered to support Op 'ResourceApplyAdamWithAmsgrad'"
NO_COMPLEX: dict[str, dict[str, str]] = {
    "keras.Adam": {"complex64": NO_AMSGRAD, "complex128": NO_MIXTURE},
    "keras.AdamW": {"complex64": NO_AMSGRAD, "complex128": NO_MIXTURE},
    "keras.Nadam": {"complex64": NO_MIXTURE, "complex128": NO_MIXTURE},
    "raw_ops.ResourceApplyAdamWithAmsgrad": {"complex64": NO_KERNEL, "complex128": NO_KERNEL},
}

# Kernels that exist for XLA and not for the host, and the other way round.
NO_HOST = "No OpKernel was registered to support Op '{}' on the CPU"
NO_XLA = "No registered '{}' OpKernel for XLA_CPU_JIT devices with these attributes"


def unhosted(kind: str) -> dict[str, str]:
    """Gaps of a kernel that the host has for float32 and float64 alone."""
    return dict.fromkeys(("float16", "bfloat16", *COMPLEX), NO_HOST.format(kind))


RMSPROP_NAMES = {"learning_rate": "learning_rate", "momentum": "momentum", "epsilon": "epsilon"}
V1_SESSIONS = {"": V1Session, "function": V1Session, "graph": GraphSession}


def keras_rows(name: str, *options: str) -> dict[str, TensorFlowOffer]:
    """One of Keras' classes, as the installed Keras has it."""
    full, refused = f"{NAME}:keras.{name}", NO_COMPLEX.get(f"keras.{name}", {})
    if KERAS2:
        offer, session = of_package(name, KERAS)
        made = rows(full, offer.changed(gaps=refused), dict.fromkeys(options, session))
        legacy = hasattr(offer.own, "get_slot")  # with amsgrad a kernel that XLA has not
        return {row: without_xla(item) if legacy else item for row, item in made.items()}
    own = getattr(KERAS.optimizers, name)
    base = keras_rules.OFFERS[name]
    offer = tensorflow_offer(base, own=own, gaps={**base.gaps, **refused})
    return rows(full, offer, dict.fromkeys(options, KerasSession))


def without_xla(offer: TensorFlowOffer) -> TensorFlowOffer:
    """What is left of an offer, if it is compiled with XLA."""
    if offer.option != "jit_compile":
        return offer
    return offer.changed(features=[f for f in offer.features if "amsgrad" not in f])


CLASSES = {
    **keras_rows("RMSprop", "", "function", "jit_compile"),
    **keras_rows("Adam", "", "function", "jit_compile"),
    **keras_rows("AdamW", "", "function"),
    **keras_rows("Lion", "", "function"),
    **keras_rows("SGD", "", "function"),
    **keras_rows("Adagrad", "", "function"),
    **keras_rows("Adadelta", "", "function"),
    **keras_rows("Adamax", "", "function"),
    **keras_rows("Nadam", "", "function"),
    **keras_rows("Ftrl", "", "function"),
    **(
        keras_rows("ScheduleFreeAdamW", "", "function")
        if hasattr(KERAS.optimizers, "ScheduleFreeAdamW")
        else {}
    ),
    **rows(
        f"{NAME}:compat.v1.RMSPropOptimizer",
        TensorFlowOffer(
            own=V1.train.RMSPropOptimizer,
            family="rmsprop",
            claims=["tensorflow-v1-rmsprop", "tensorflow-v1-rmsprop-ones"],
            features=[[], ["momentum"], ["centered"], ["centered", "momentum"]],
            names={**RMSPROP_NAMES, "decay": "decay"},
            state={
                "second_moment": "rms",
                "mean_gradient": ("mg", "centered"),
                "momentum": ("momentum", "momentum"),
            },
            switches=["centered"],
            page=TENSORFLOW_PAGE.format("compat/v1/train/RMSPropOptimizer"),
        ),
        V1_SESSIONS,
    ),
    **rows(
        f"{NAME}:compat.v1.AdamOptimizer",
        TensorFlowOffer(
            own=V1.train.AdamOptimizer,
            family="adam",
            claims=["tensorflow-v1-adam"],
            names=ADAM_NAMES,
            state=MOMENTS,
            page=TENSORFLOW_PAGE.format("compat/v1/train/AdamOptimizer"),
        ),
        V1_SESSIONS,
    ),
}


def adagrad_da(learning_rate: Any, **penalties: Any) -> Any:
    """The class beside its user's count of steps, which it reads and ``apply_gradients`` raises."""
    steps = V1.Variable(0, dtype=tf.int64, trainable=False, name="steps")
    optimizer = V1.train.AdagradDAOptimizer(learning_rate, steps, **penalties)
    optimizer.steps = steps
    return optimizer


def v1_rows(name: str, **fields: Any) -> dict[str, TensorFlowOffer]:
    """One of TensorFlow 1's other classes."""
    claim = f"tensorflow-v1-{name.partition('Optimizer')[0].lower()}"
    given: dict[str, Any] = {"own": getattr(V1.train, name), "claims": [claim], **fields}
    offer = TensorFlowOffer(page=TENSORFLOW_PAGE.format(f"compat/v1/train/{name}"), **given)
    return rows(f"{NAME}:compat.v1.{name}", offer, V1_SESSIONS)


RATE = {"learning_rate": "learning_rate"}
# docs/findings/tensorflow-proximal-float64.md
NO_FLOAT64 = "Input '{}' … has type float32 that does not match type float64 of argument 'var'"
NO_RATE = "lr is not a positive scalar"
PENALTIES = {"l1": "l1_regularization_strength", "l2": "l2_regularization_strength"}
PROXIMAL = [["proximal"]]
CLASSES = {
    **CLASSES,
    **v1_rows(
        "ProximalGradientDescentOptimizer",
        family="sgd",
        features=PROXIMAL,
        names={**RATE, **PENALTIES},
        gaps={**unhosted("ApplyProximalGradientDescent"), "float64": NO_FLOAT64.format("alpha")},
    ),
    **v1_rows(
        "ProximalAdagradOptimizer",
        family="adagrad",
        features=PROXIMAL,
        names={**RATE, **PENALTIES},
        state={"second_moment": "accumulator"},
        gaps={
            **unhosted("ApplyProximalAdagrad"),
            "float64": NO_FLOAT64.format("lr"),
            "learning_rate=0": NO_RATE,
        },
    ),
    **v1_rows(
        "AdagradDAOptimizer",
        own=adagrad_da,
        family="adagrad_da",
        names={**RATE, **PENALTIES},
        state={
            "second_moment": "gradient_squared_accumulator",
            "linear": "gradient_accumulator",
        },
    ),
    **v1_rows("GradientDescentOptimizer", family="sgd", names=RATE),
    **v1_rows(
        "MomentumOptimizer",
        family="sgd",
        features=[["momentum"]],
        names={**RATE, "momentum": "momentum"},
        state={"momentum": "momentum"},
    ),
    **v1_rows(
        "AdadeltaOptimizer",
        family="adadelta",
        names={**RATE, "decay": "rho", "epsilon": "epsilon"},
        state={"second_moment": "accum", "mean_square_update": "accum_update"},
    ),
}


def kernel(name: str, fields: dict[str, Any]) -> dict[str, TensorFlowOffer]:
    """One of ``tf.raw_ops``."""
    # "No registered 'ResourceApplyAdamWithAmsgrad' OpKernel for XLA_CPU_JIT devices": nor of these.
    without_xla = "Sparse" in name or "Amsgrad" in name
    options = ("", "function") if without_xla else ("", "function", "jit_compile")
    offer = TensorFlowOffer(
        own=getattr(tf.raw_ops, name),
        # A kernel takes its scalars with every call, so each parameter may have its own.
        groups=list(fields["names"]),
        gaps=NO_COMPLEX.get(f"raw_ops.{name}", {}),
        page=TENSORFLOW_PAGE.format(f"raw_ops/{name}"),
        **fields,
    )
    return rows(f"{NAME}:raw_ops.{name}", offer, dict.fromkeys(options, KernelSession))


KERNEL_RMSPROP: dict[str, Any] = {
    "family": "rmsprop",
    "features": [[], ["momentum"]],
    "names": {
        "learning_rate": "lr",
        "decay": "rho",
        "momentum": "momentum",
        "epsilon": "epsilon",
    },
    # The kernel always has a buffer; with momentum 0 it holds nothing but the last step.
    "state": {"second_moment": "ms", "momentum": ("mom", "momentum")},
}
KERNEL_CENTERED: dict[str, Any] = {
    **KERNEL_RMSPROP,
    "features": [["centered"], ["centered", "momentum"]],
    "state": {**KERNEL_RMSPROP["state"], "mean_gradient": "mg"},
}
KERNEL_ADAM: dict[str, Any] = {
    "family": "adam",
    "names": {"learning_rate": "lr", "beta1": "beta1", "decay": "beta2", "epsilon": "epsilon"},
}
MOMENTUM: dict[str, Any] = {
    "family": "sgd",
    "features": [["momentum"], ["momentum", "nesterov"]],
    "names": {"learning_rate": "lr", "momentum": "momentum"},
}
ADAGRAD: dict[str, Any] = {
    "family": "adagrad",
    "names": {"learning_rate": "lr", "epsilon": "epsilon"},
    "state": {"second_moment": "accum"},
}
KERNELS = {
    **{
        f"Resource{kind}ProximalGradientDescent": {
            "family": "sgd",
            "features": PROXIMAL,
            "names": {"learning_rate": "alpha", "l1": "l1", "l2": "l2"},
            "claims": [f"tensorflow-{kind.lower()}proximalgradientdescent"],
        }
        for kind in ("Apply", "SparseApply")
    },
    **{
        f"Resource{kind}ProximalAdagrad": {
            "family": "adagrad",
            "features": PROXIMAL,
            "names": {"learning_rate": "lr", "l1": "l1", "l2": "l2"},
            "state": {"second_moment": "accum"},
            "claims": [f"tensorflow-{kind.lower()}proximaladagrad"],
        }
        for kind in ("Apply", "SparseApply")
    },
    **{
        f"Resource{kind}AdagradDA": {
            "family": "adagrad_da",
            "names": {"learning_rate": "lr", "l1": "l1", "l2": "l2"},
            "state": {
                "second_moment": "gradient_squared_accumulator",
                "linear": "gradient_accumulator",
            },
            "claims": [f"tensorflow-{kind.lower()}adagradda"],
        }
        for kind in ("Apply", "SparseApply")
    },
    "ResourceApplyGradientDescent": {
        "family": "sgd",
        "names": {"learning_rate": "alpha"},
        "claims": ["tensorflow-applygradientdescent"],
    },
    **{
        f"Resource{kind}Momentum": {
            **MOMENTUM,
            "claims": [f"tensorflow-{kind.lower()}momentum"],
            "state": {"momentum": "accum"},
        }
        for kind in ("Apply", "SparseApply", "ApplyKeras", "SparseApplyKeras")
    },
    **{
        f"Resource{kind}AdagradV2": {**ADAGRAD, "claims": [f"tensorflow-{kind.lower()}adagradv2"]}
        for kind in ("Apply", "SparseApply")
    },
    "ResourceApplyAdadelta": {
        "family": "adadelta",
        "names": {"learning_rate": "lr", "decay": "rho", "epsilon": "epsilon"},
        "claims": ["tensorflow-applyadadelta"],
        "state": {"second_moment": "accum", "mean_square_update": "accum_update"},
    },
    "ResourceApplyAdaMax": {
        **KERNEL_ADAM,
        "family": "adamax",
        "claims": ["tensorflow-applyadamax"],
        "state": {"first_moment": "m", "largest_size": "v"},
    },
    "ResourceApplyRMSProp": {**KERNEL_RMSPROP, "claims": ["tensorflow-applyrmsprop"]},
    "ResourceApplyCenteredRMSProp": {
        **KERNEL_CENTERED,
        "claims": ["tensorflow-applycenteredrmsprop"],
    },
    "ResourceSparseApplyRMSProp": {**KERNEL_RMSPROP, "claims": ["tensorflow-sparseapplyrmsprop"]},
    "ResourceSparseApplyCenteredRMSProp": {
        **KERNEL_CENTERED,
        "claims": [
            "tensorflow-sparseapplycenteredrmsprop",
            "tensorflow-sparseapplycenteredrmsprop-uncentered",
        ],
    },
    "ResourceApplyAdam": {
        **KERNEL_ADAM,
        "claims": ["tensorflow-applyadam"],
        "features": [[]],
        "state": MOMENTS,
    },
    "ResourceApplyAdamWithAmsgrad": {
        **KERNEL_ADAM,
        "claims": ["tensorflow-applyadamwithamsgrad"],
        "features": [["amsgrad"]],
        "state": {**MOMENTS, "maximum_second_moment": "vhat"},
    },
}
OFFERS = {
    **CLASSES,
    **{
        full: offer
        for name, fields in KERNELS.items()
        for full, offer in kernel(name, fields).items()
    },
}


for name, offer in list(OFFERS.items()):
    kind = name.partition("raw_ops.")[2].partition("[")[0]
    xla = offer.option == "jit_compile"
    if kind == "ResourceApplyAdaMax" and not xla:
        OFFERS[name] = offer.changed(gaps={**offer.gaps, "bfloat16": NO_HOST.format(kind)})
    if "AdagradDA" in name and not xla:
        without = kind or name.partition("v1.")[2].partition("Optimizer")[0]
        refusal = {dtype: NO_HOST.format(without) for dtype in ("float16", "bfloat16")}
        OFFERS[name] = offer.changed(gaps={**offer.gaps, **refusal})
    if "ApplyProximal" in kind:
        refusal = dict.fromkeys(COMPLEX, NO_XLA.format(kind)) if xla else unhosted(kind)
        positive = {"learning_rate=0": NO_RATE} if kind.endswith("Adagrad") and not xla else {}
        OFFERS[name] = offer.changed(gaps={**offer.gaps, **refusal, **positive})
    if kind == "ResourceApplyMomentum" and xla:
        gaps = dict.fromkeys(("complex64", "complex128"), NO_XLA.format(kind))
        OFFERS[name] = offer.changed(gaps={**offer.gaps, **gaps})


class TensorFlowAdapter(Adapter[TensorFlowOffer]):
    """The members of an adapter of optimizers on TensorFlow."""

    def __init__(
        self,
        name: str,
        offers: Mapping[str, TensorFlowOffer],
        versions: Mapping[str, str],
        public: Mapping[str, str],
    ) -> None:
        super().__init__(name, offers, driven, packages=(), flags=flags, public=public)
        self.versions = versions

    def describe(self) -> protocol.Description:
        gpus = {
            f"cuda:{i}": tf.config.experimental.get_device_details(gpu).get("device_name", gpu.name)
            for i, gpu in enumerate(tf.config.list_physical_devices("GPU"))
        }
        return self.description(versions=self.versions, devices={**HOST, **gpus})

    def open_session(self, request: protocol.Open) -> kit.Session:
        offer = self.offers[request.implementation]
        kit.check_options(request, offer.features)
        return driven(request, offer)


def driven(request: protocol.Open, offer: TensorFlowOffer) -> kit.Session:
    """A session of the kind that an offer needs."""
    session: kit.Session = offer.session(request, offer)
    return session


def flags() -> dict[str, str]:
    """The switches that change arithmetic, measured where TensorFlow does not tell."""
    return {
        "intra_op_threads": str(tf.config.threading.get_intra_op_parallelism_threads()),
        "inter_op_threads": str(tf.config.threading.get_inter_op_parallelism_threads()),
        "onednn": os.environ.get("TF_ENABLE_ONEDNN_OPTS", "default"),
        "keras_floatx": KERAS.backend.floatx(),
        "tensor_float_32": str(tf.config.experimental.tensor_float_32_execution_enabled()),
        **{
            f"flush_to_zero{f'[{option}]' if option else ''}": ", ".join(
                dtype for dtype in DTYPES if flushes(dtype, option)
            )
            for option in ("", "function", "jit_compile")
        },
    }


def flushes(dtype: str, option: str) -> bool:
    """Whether half of the smallest normal number becomes zero."""
    half = tf.constant(0.5, dtype)
    halve = compiled(option, lambda number: number * half)
    smallest = np.finfo("float32" if dtype == "bfloat16" else dtype).tiny  # one range of exponents
    return not halve(tf.constant(float(smallest), dtype)).numpy()


def versions() -> dict[str, str]:
    """Of TensorFlow, and of what it is used with; an old release has neither Keras beside it nor
    ml_dtypes."""
    found = {"tensorflow": tf.__version__}
    for name in ("keras", "ml_dtypes", "numpy"):
        try:
            found[name] = kit.version(name)
        except PackageNotFoundError:
            found.update({"keras": KERAS.__version__} if name == "keras" else {})
    return {**found, "tensorflow_git": tf.version.GIT_VERSION}


ADAPTER = TensorFlowAdapter(
    NAME,
    OFFERS,
    versions(),
    {"keras.optimizers": "Optimizer", "tensorflow.compat.v1.train": "Optimizer"},
)
describe, open_session, probe = ADAPTER.describe, ADAPTER.open_session, ADAPTER.probe
