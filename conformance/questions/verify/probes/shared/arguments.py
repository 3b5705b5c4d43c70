"""Any framework: what a constructor makes of each value of a fixed matrix of kinds and limits.

Objects are named as they are imported: ``torch.optim.RMSprop``.
"""

import importlib
import importlib.metadata
import inspect
import math
import os

import numpy as np

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
FRAMEWORKS = ("torch", "optax", "keras", "tensorflow-cpu", "mxnet", "paddlepaddle", "mlx")
VERSIONS = tuple(
    name
    for name in FRAMEWORKS
    if any(True for _ in importlib.metadata.Distribution.discover(name=name))
)
# Kinds that no number is, and numbers at and beyond the usual limits.
MATRIX = {
    "None": None, "bool": True, "int": 1, "float": 0.5, "str": "0.5", "empty str": "",
    "bytes": b"0.5", "list": [0.5], "empty list": [], "long list": [0.5] * 9, "tuple": (0.5,),
    "dict": {"value": 0.5}, "ndarray": np.array([0.5]), "complex": 0.5j, "object": object(),
    "nan": math.nan, "inf": math.inf, "-inf": -math.inf, "-1": -1.0, "-0": -0.0, "0": 0.0,
    "tiny": 5e-324, "just below 1": math.nextafter(1, 0), "1": 1.0,
    "just above 1": math.nextafter(1, 2), "huge": 1e308,
}  # fmt: skip


def constructor(name):
    """The object of a dotted name."""
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(module), attribute)


def around(name):
    """What must be given beside the argument that is tried."""
    framework = name.partition(".")[0]
    if framework == "torch":
        torch = importlib.import_module("torch")
        return {"params": [torch.nn.Parameter(torch.ones(2))]}
    if framework == "paddle":
        parameter = importlib.import_module("paddle").create_parameter([2], "float32")
        return {"learning_rate": 0.5, "parameters": [parameter]}
    needed = inspect.signature(constructor(name)).parameters.get("learning_rate")
    return {"learning_rate": 0.5} if needed is not None else {}


def argument(name, argument):
    """What is taken, and what is raised of the rest, when it is constructed."""
    taken, refused = [], []
    for kind, value in MATRIX.items():
        try:
            constructor(name)(**{**around(name), argument: value})
        except Exception as error:  # noqa: BLE001 - what it raises is what is asked for
            refused.append(f"{kind}: {type(error).__name__}")
        else:
            taken.append(kind)
    return {"taken": taken, "refused": refused}
