"""TensorFlow: Keras' optimizers, TensorFlow 1's, and the training kernels below them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from itertools import chain
from typing import Any

import ml_dtypes

# Both are read while TensorFlow and Keras are imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import tensorflow as tf

from optimizer_conformance.adapters import keras_rules, kit, protocol
from optimizer_conformance.adapters.tensorflow_keras2 import rule_of
from optimizer_conformance.adapters.tensorflow_sessions import (
    KERAS,
    V1,
    GraphSession,
    KerasSession,
    KernelSession,
    Rule,
    V1Session,
    compiled,
)

# TensorFlow takes these only before its first operation.
tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)

NAME = "tensorflow"

DTYPES: list[protocol.DType] = ["float16", "bfloat16", "float32", "float64"]
COMPLEX: list[protocol.DType] = ["complex64", "complex128"]
NO_STRIDES = "a tf.Tensor is dense and in row-major order; it has no strides"
TENSORFLOW_PAGE = "https://www.tensorflow.org/api_docs/python/tf/{}"

# What refuses complex numbers, by its name: dtype to words of the refusal.
NO_AMSGRAD = "with amsgrad, tf.maximum: complex64 is not in the list of allowed values"
NO_MIXTURE = "cannot compute Mul: expected a complex128 tensor, is a complex64 tensor"
NO_KERNEL = "No OpKernel was registered to support Op 'ResourceApplyAdamWithAmsgrad'"
NO_COMPLEX: dict[str, dict[str, str]] = {
    "keras.Adam": {"complex64": NO_AMSGRAD, "complex128": NO_MIXTURE},
    "keras.AdamW": {"complex64": NO_AMSGRAD, "complex128": NO_MIXTURE},
    "raw_ops.ResourceApplyAdamWithAmsgrad": {"complex64": NO_KERNEL, "complex128": NO_KERNEL},
}

RMSPROP_NAMES = {"learning_rate": "learning_rate", "momentum": "momentum", "epsilon": "epsilon"}
V1_SESSIONS = {"": V1Session, "function": V1Session, "graph": GraphSession}


def keras_rule(name: str, *options: str) -> Rule:
    """One of Keras' classes, as the installed Keras has it."""
    if KERAS is not keras:
        return rule_of(name, KERAS, options)
    return Rule(
        optimizer=getattr(keras.optimizers, name),
        sessions=dict.fromkeys(options, KerasSession),
        **keras_rules.RULES[name].fields,
    )


CLASSES = {
    "keras.RMSprop": keras_rule("RMSprop", "", "function", "jit_compile"),
    "keras.Adam": keras_rule("Adam", "", "function", "jit_compile"),
    "keras.AdamW": keras_rule("AdamW", "", "function"),
    "compat.v1.RMSPropOptimizer": Rule(
        optimizer=V1.train.RMSPropOptimizer,
        sessions=V1_SESSIONS,
        family="rmsprop",
        claims=["tensorflow-v1-rmsprop", "tensorflow-v1-rmsprop-ones"],
        features=[[], ["momentum"], ["centered"], ["centered", "momentum"]],
        names={**RMSPROP_NAMES, "decay": "decay"},
        state={
            "second_moment": ("rms", ""),
            "mean_gradient": ("mg", "centered"),
            "momentum": ("momentum", "momentum"),
        },
        documentation=TENSORFLOW_PAGE.format("compat/v1/train/RMSPropOptimizer"),
    ),
    "compat.v1.AdamOptimizer": Rule(
        optimizer=V1.train.AdamOptimizer,
        sessions=V1_SESSIONS,
        family="adam",
        claims=["tensorflow-v1-adam"],
        features=[[]],
        names={
            "learning_rate": "learning_rate",
            "beta1": "beta1",
            "decay": "beta2",
            "epsilon": "epsilon",
        },
        state={"first_moment": ("m", ""), "second_moment": ("v", "")},
        documentation=TENSORFLOW_PAGE.format("compat/v1/train/AdamOptimizer"),
    ),
}


def kernel(name: str, **fields: Any) -> Rule:
    """One of ``tf.raw_ops``."""
    # "No registered 'ResourceApplyAdamWithAmsgrad' OpKernel for XLA_CPU_JIT devices": nor of these.
    without_xla = "Sparse" in name or "Amsgrad" in name
    options = ("", "function") if without_xla else ("", "function", "jit_compile")
    return Rule(
        optimizer=getattr(tf.raw_ops, name),
        sessions=dict.fromkeys(options, KernelSession),
        documentation=TENSORFLOW_PAGE.format(f"raw_ops/{name}"),
        **fields,
    )


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
    "state": {"second_moment": ("ms", ""), "momentum": ("mom", "momentum")},
}
KERNEL_CENTERED: dict[str, Any] = {
    **KERNEL_RMSPROP,
    "features": [["centered"], ["centered", "momentum"]],
    "state": {**KERNEL_RMSPROP["state"], "mean_gradient": ("mg", "")},
}
KERNEL_ADAM: dict[str, Any] = {
    "family": "adam",
    "names": {"learning_rate": "lr", "beta1": "beta1", "decay": "beta2", "epsilon": "epsilon"},
}
KERNEL_ADAM_STATE = {"first_moment": ("m", ""), "second_moment": ("v", "")}
KERNELS = {
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
        "state": KERNEL_ADAM_STATE,
    },
    "ResourceApplyAdamWithAmsgrad": {
        **KERNEL_ADAM,
        "claims": ["tensorflow-applyadamwithamsgrad"],
        "features": [["amsgrad"]],
        "state": {**KERNEL_ADAM_STATE, "maximum_second_moment": ("vhat", "")},
    },
}
RULES = {
    **CLASSES,
    **{f"raw_ops.{name}": kernel(name, **fields) for name, fields in KERNELS.items()},
}
# Every implementation: its rule's name and the option in brackets.
IMPLEMENTATIONS = {
    f"{NAME}:{name}{f'[{option}]' if option else ''}": (name, option)
    for name, rule in RULES.items()
    for option in rule.sessions
}


def describe() -> protocol.Description:
    versions = {
        "tensorflow": tf.__version__,
        **kit.versions("keras", "ml_dtypes", "numpy"),
        "tensorflow_git": tf.version.GIT_VERSION,
    }
    return description(NAME, RULES, IMPLEMENTATIONS, versions, NO_COMPLEX)


def description(
    adapter: str,
    rules: Mapping[str, Rule],
    implementations: Mapping[str, tuple[str, str]],
    versions: dict[str, str],
    refused: Mapping[str, Mapping[str, str]],
) -> protocol.Description:
    """What an adapter of optimizers on TensorFlow says; ``refused`` dtypes by name of the rule."""
    gpus = {
        f"cuda:{i}": tf.config.experimental.get_device_details(gpu).get("device_name", gpu.name)
        for i, gpu in enumerate(tf.config.list_physical_devices("GPU"))
    }
    return protocol.Description(
        adapter=adapter,
        protocol=protocol.PROTOCOL,
        versions=versions,
        devices={"cpu": "host", **gpus},
        implementations=[
            implementation(full, rules[name], option, list(gpus), refused.get(name, {}))
            for full, (name, option) in implementations.items()
        ],
        flags=flags(),
    )


def implementation(
    full: str, rule: Rule, option: str, gpus: list[str], refused: Mapping[str, str]
) -> protocol.Implementation:
    sparse = "Sparse" in full
    gaps = {"strided": NO_STRIDES, **refused}
    places = ["cpu"] if sparse else ["cpu", *gpus]
    if reason := kit.lacks(rule.optimizer, []):
        gaps["device"], places = reason, []
    if sparse:
        gaps["scalar"] = "var must be at least 1 dimensional"
        gaps["bfloat16"] = f"No OpKernel was registered to support Op '{full.split('.')[1]}'"
    return protocol.Implementation(
        name=full,
        family=rule.family,
        claims=rule.claims,
        features=rule.features,
        hyperparameters=list(rule.names),
        dtypes=[dtype for dtype in (*DTYPES, *COMPLEX) if dtype not in gaps],
        devices=places,
        state=list(rule.state),
        compiled=bool(option),
        # A kernel takes its scalars with every call, so each parameter may have its own.
        groups=list(rule.names) if full.startswith(f"{NAME}:raw_ops") else [],
        gaps=gaps,
        arithmetic={
            **({"cpu": "xla-cpu"} if option == "jit_compile" else {}),
            **dict.fromkeys(gpus, "xla-cuda" if option == "jit_compile" else "cuda"),
        },
        documentation=rule.documentation,
    )


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
    return not halve(tf.constant(ml_dtypes.finfo(dtype).tiny, dtype)).numpy()


def open_session(request: protocol.Open) -> kit.Session:
    name, option = IMPLEMENTATIONS[request.implementation]
    rule = RULES[name]
    if unknown := set(request.features) - set(chain.from_iterable(rule.features)):
        raise kit.Unsupported(f"{request.implementation} has no {', '.join(sorted(unknown))}")
    return rule.sessions[option](request, rule, option)


def probe(implementation: str) -> dict[str, float | bool | str | None]:
    rule = RULES[IMPLEMENTATIONS[implementation][0]]
    names = {**rule.names, **{name: name for name in ("centered", "amsgrad")}}
    return kit.constructor_defaults(rule.optimizer, names)
