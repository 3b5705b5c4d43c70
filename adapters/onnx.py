"""ONNX: the Adam operator of ``ai.onnx.preview.training``, by the reference evaluator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from onnx import TensorProto, defs, helper
from onnx.reference import ReferenceEvaluator

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.kit import Array
from optimizer_conformance.adapters.offer import Adapter, Offer

NAME = "onnx"

DOMAIN = "ai.onnx.preview.training"
# Canonical hyperparameters to attributes; the learning rate is an input.
ATTRIBUTES = {
    "beta1": "alpha",
    "decay": "beta",
    "epsilon": "epsilon",
    "weight_decay": "norm_coefficient",
}
ELEMENTS = {"float32": TensorProto.FLOAT, "float64": TensorProto.DOUBLE}
GAPS = {
    "float16": "the operator's type constraints allow float and double",
    "bfloat16": "the operator's type constraints allow float and double",
    "strided": "a tensor of ONNX is dense",
    "amsgrad": "the operator has no such attribute",
    "dtype": "float32 comes back as float64 from one tensor, float64 as float32 from several",
}
UNDRIVEN = {"norm_coefficient_post": "no documented rule but this shrinks after the step"}


@dataclass(frozen=True)
class OnnxOffer(Offer):
    """The operator over each parameter by itself, or over all of them in one call."""

    together: bool = False


ADAM = OnnxOffer(
    own=None,
    family="adam",
    claims=["onnx-adam"],
    features=[[], ["weight_decay"]],
    names={"learning_rate": "R", **ATTRIBUTES},
    state={"first_moment": "V", "second_moment": "H"},
    # Rate and attributes come with every call.
    groups=["learning_rate", *ATTRIBUTES],
    gaps=GAPS,
    undriven=UNDRIVEN,
    page="https://onnx.ai/onnx/operators/onnx_aionnxpreviewtraining_Adam.html",
)
OFFERS = {"onnx:Adam": ADAM, "onnx:Adam[several]": ADAM.changed(together=True, groups=[])}


def opset() -> int:
    """The newest version of the operator's domain that is installed."""
    version: int = defs.get_schema("Adam", domain=DOMAIN).since_version
    return version


def evaluator(attributes: dict[str, float], dtypes: list[str]) -> ReferenceEvaluator:
    """A model of one operator on as many tensors as there are dtypes."""
    named = {
        kind: [f"{kind}_{index}" for index in range(len(dtypes))]
        for kind in ("X", "G", "V", "H", "X_new", "V_new", "H_new")
    }
    inputs = ["R", "T", *named["X"], *named["G"], *named["V"], *named["H"]]
    outputs = [*named["X_new"], *named["V_new"], *named["H_new"]]
    node = helper.make_node("Adam", inputs, outputs, domain=DOMAIN, **attributes)

    def value(name: str) -> Any:
        place = name.rpartition("_")[2]
        dtype = dtypes[int(place)] if place.isdigit() else dtypes[0]
        return helper.make_tensor_value_info(
            name, TensorProto.INT64 if name == "T" else ELEMENTS[dtype], None
        )

    graph = helper.make_graph(
        [node], "adam", [value(name) for name in inputs], [value(name) for name in outputs]
    )
    return ReferenceEvaluator(
        helper.make_model(graph, opset_imports=[helper.make_opsetid(DOMAIN, opset())])
    )


class OperatorSession:
    """The operator, over each parameter by itself or over all in one call."""

    def __init__(self, request: protocol.Open, offer: OnnxOffer) -> None:
        if request.groups and offer.together:
            raise kit.Unsupported("one call has one learning rate and one set of attributes")
        self.rates = list(request.learning_rates)
        self.values = [kit.to_array(parameter.value) for parameter in request.parameters]
        self.first = [np.zeros_like(value) for value in self.values]
        self.second = [np.zeros_like(value) for value in self.values]
        self.taken = 0
        places = range(len(self.values))
        self.calls = [list(places)] if offer.together else [[index] for index in places]
        self.models, self.given = [], []
        for call in self.calls:
            group = request.parameters[call[0]].group
            override = request.groups[group] if request.groups else {}
            values = {**request.hyperparameters, **override}
            if "learning_rate" not in values:
                raise kit.Unsupported("the learning rate is an input without a default")
            self.given.append(values.pop("learning_rate"))
            own = {ATTRIBUTES[name]: value for name, value in values.items()}
            self.models.append(
                evaluator(own, [request.parameters[index].value.dtype for index in call])
            )

    def step(self, gradients: list[Array]) -> list[Array]:
        for call, model, given in zip(self.calls, self.models, self.given, strict=True):
            inputs: dict[str, Any] = {
                "R": np.array(self.rates[0] if self.rates else given, self.values[call[0]].dtype),
                # "The update count of X": the operator's power of beta, one at the first step.
                "T": np.array(self.taken + 1, dtype=np.int64),
            }
            kinds = {"X": self.values, "G": gradients, "V": self.first, "H": self.second}
            for kind, arrays in kinds.items():
                inputs.update(
                    {f"{kind}_{place}": arrays[index] for place, index in enumerate(call)}
                )
            with np.errstate(all="ignore"):
                found = model.run(None, inputs)
            count = len(call)
            for place, index in enumerate(call):
                self.values[index] = found[place]
                self.first[index] = found[count + place]
                self.second[index] = found[2 * count + place]
        self.rates = self.rates[1:]
        self.taken += 1
        return gradients

    def parameters(self) -> list[Array]:
        return [np.array(value) for value in self.values]

    def state(self) -> dict[str, list[Array]]:
        return {
            "first_moment": [np.array(moment) for moment in self.first],
            "second_moment": [np.array(moment) for moment in self.second],
        }

    def set_state(self, state: dict[str, list[Array]], step: int) -> None:
        kit.check_state(state, ("first_moment", "second_moment"))
        self.first, self.second = state["first_moment"], state["second_moment"]
        self.taken = step


def flags() -> dict[str, str]:
    return {"opset": str(opset())}


ADAPTER = Adapter(NAME, OFFERS, OperatorSession, packages=("onnx", "numpy"), flags=flags)
describe, open_session = ADAPTER.describe, ADAPTER.open_session


def probe(implementation: str) -> dict[str, float | bool | str | None]:
    attributes = defs.get_schema("Adam", domain=DOMAIN).attributes
    return {name: attributes[own].default_value.f for name, own in ATTRIBUTES.items()}
