"""How the TensorFlow adapter drives Keras' optimizers, TensorFlow 1's and the bare kernels."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

try:
    import keras
except ImportError:  # TensorFlow before 2.6 has Keras in itself, and no distribution of it
    keras = tf.keras

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.kit import Array
from optimizer_conformance.adapters.offer import Offer
from optimizer_conformance.adapters.packing import msgspec

V1 = tf.compat.v1
# What `import keras` gives is not the public package before Keras 3.
KERAS2 = keras.__version__.startswith("2.")
KERAS: Any = tf.keras if KERAS2 else keras
# The argument of tf.function, whose name before TensorFlow 2.5 was another.
JIT = "jit_compile"
if JIT not in inspect.signature(tf.function).parameters:
    JIT = "experimental_compile"
BFLOAT16 = tf.bfloat16.as_numpy_dtype
EVERY_OPTION = ("centered", "momentum", "amsgrad")


DTYPES: list[protocol.DType] = ["float16", "bfloat16", "float32", "float64"]
COMPLEX: list[protocol.DType] = ["complex64", "complex128"]
# What TensorFlow's Adams call their hyperparameters and moments.
ADAM_NAMES = {
    "learning_rate": "learning_rate",
    "beta1": "beta1",
    "decay": "beta2",
    "epsilon": "epsilon",
}
MOMENTS = {"first_moment": "m", "second_moment": "v"}
NO_STRIDES = "a tf.Tensor is dense and in row-major order; it has no strides"


@dataclass(frozen=True)
class TensorFlowOffer(Offer):
    """One optimizer class or kernel.

    session  what drives it
    option   how it is compiled: the part of its name in brackets
    """

    session: Any = None
    option: str = ""

    def lacking(self) -> str:
        return kit.lacks(self.own, [])

    def described(
        self, name: str, devices: Sequence[str], **fields: Any
    ) -> protocol.Implementation:
        gaps = {"strided": NO_STRIDES, **self.gaps}
        if sparse := "Sparse" in name:
            gaps["scalar"] = "var must be at least 1 dimensional"
            gaps["bfloat16"] = f"No OpKernel was registered to support Op '{name.split('.')[1]}'"
        xla = self.option == "jit_compile"
        changed = self.changed(
            dtypes=[dtype for dtype in (*DTYPES, *COMPLEX) if dtype not in gaps],
            compiled=bool(self.option),
            gaps=gaps,
            arithmetic={"cuda": "xla-cuda", "cpu": "xla-cpu"} if xla else {"cuda": "cuda"},
        )
        described = Offer.described(changed, name, devices, **fields)
        places = [place for place in described.devices if place == "cpu" or not sparse]
        return msgspec.structs.replace(described, devices=places)


def rows(name: str, offer: TensorFlowOffer, sessions: Mapping[str, Any]) -> dict[str, Any]:
    """An offer an option, by full name; ``sessions`` maps options to what drives them."""
    return {
        f"{name}[{option}]" if option else name: offer.changed(session=session, option=option)
        for option, session in sessions.items()
    }


def to_native(array: Array) -> Array:
    """bfloat16 bits as TensorFlow's own NumPy type; the rest as it is."""
    return array.view(BFLOAT16) if array.dtype == np.uint16 else array


def to_wire(array: Any) -> Array:
    """A copy of what TensorFlow gave; bfloat16 as its bits."""
    copy: Array = np.array(array)
    return copy.view(np.uint16) if copy.dtype == BFLOAT16 else copy


def compiled(option: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """``function`` as it stands, as one graph, or as one XLA program."""
    if option not in ("function", "jit_compile"):
        return function
    wrapped: Callable[..., Any] = tf.function(function, **{JIT: option == "jit_compile"})
    return wrapped


class TensorFlowSession:
    """What the sessions share: variables and slots, and the way to them.

    ``slots`` holds the framework's own state variables by canonical name, one a parameter.
    """

    def __init__(self, request: protocol.Open, offer: TensorFlowOffer) -> None:
        self.request, self.offer = request, offer
        self.rates = list(request.learning_rates)
        self.run = compiled(offer.option, self.apply)
        self.device = request.device.replace("cuda", "GPU")
        with tf.device(self.device):
            self.variables = [
                self.variable(f"parameter_{i}", to_native(kit.to_array(parameter.value)))
                for i, parameter in enumerate(request.parameters)
            ]
            self.construct()
            self.slots = {
                name: slots
                for name, own in offer.kept(request.features).items()
                if (slots := self.made(own))
            }

    def variable(self, name: str, value: Array) -> Any:
        return tf.Variable(value, name=name)

    def construct(self) -> None:
        """Construct the optimizer and the state that belongs to it."""
        raise NotImplementedError

    def made(self, own: str) -> list[Any]:
        """The state variables that the framework calls ``own``; empty where it made none."""
        raise NotImplementedError

    def apply(self, gradients: list[Any], *scalars: Any) -> None:
        """One step in the framework's words; ``run`` is this, compiled."""
        raise NotImplementedError

    def advance(self, gradients: list[Any]) -> None:
        self.run(gradients)

    def count(self, step: int) -> None:
        """Set the framework's counter to ``step`` steps taken."""
        raise NotImplementedError

    def read(self, variable: Any) -> Array:
        return to_wire(variable.numpy())

    def assign(self, variable: Any, value: Any) -> None:
        variable.assign(value)

    def step(self, gradients: list[Array]) -> list[Array]:
        with tf.device(self.device):
            tensors = [tf.constant(to_native(gradient)) for gradient in gradients]
            self.advance(tensors)
        return [to_wire(tensor.numpy()) for tensor in tensors]

    def parameters(self) -> list[Array]:
        return [self.read(variable) for variable in self.variables]

    def state(self) -> dict[str, list[Array]]:
        return {name: [self.read(slot) for slot in slots] for name, slots in self.slots.items()}

    def set_state(self, state: dict[str, list[Array]], step: int) -> None:
        kit.check_state(state, self.slots)
        for name, arrays in state.items():
            for variable, array in zip(self.slots[name], arrays, strict=True):
                self.assign(variable, to_native(array))
        self.count(step)


class Rates(KERAS.optimizers.schedules.LearningRateSchedule):
    """One rate a step, held in Keras' floatx as Keras' own schedules hold theirs.

    Keras asks by its own count of iterations; ``start`` is where that stood at the first rate.
    """

    def __init__(self, rates: list[float]) -> None:
        self.rates = rates
        self.start = tf.Variable(0, dtype=tf.int64, trainable=False)

    def __call__(self, step: Any) -> Any:
        return keras.ops.take(keras.ops.convert_to_tensor(self.rates), step - self.start)


class KerasSession(TensorFlowSession):
    """An optimizer of Keras."""

    def variable(self, name: str, value: Array) -> Any:
        return keras.Variable(value, dtype=value.dtype.name, name=name)

    def construct(self) -> None:
        arguments = self.offer.settings(self.request)
        self.schedule = Rates(self.rates) if self.rates else None
        if self.schedule is not None:
            arguments["learning_rate"] = self.schedule
        self.optimizer = self.offer.own(**arguments)
        self.optimizer.build(self.variables)
        self.by_name = {slot.name: slot for slot in self.optimizer.variables}

    def made(self, own: str) -> list[Any]:
        # Keras makes no buffer for a momentum of zero or less.
        names = (f"parameter_{i}_{own}" for i in range(len(self.variables)))
        return [self.by_name[name] for name in names if name in self.by_name]

    def apply(self, gradients: list[Any], *scalars: Any) -> None:
        self.optimizer.apply(gradients, self.variables)

    def remember(self) -> None:
        """What it begins with, for ``renew``."""
        self.begun = [(variable, variable.numpy()) for variable in self.optimizer.variables]

    def renew(self, values: list[Array]) -> None:
        """Begin again with other parameters, by the function that was compiled already.

        TensorFlow keeps each function that it has compiled, and the variables in it.
        """
        for variable, value in zip(self.variables, values, strict=True):
            self.assign(variable, to_native(value))
        for variable, value in self.begun:
            self.assign(variable, value)

    def count(self, step: int) -> None:
        if self.schedule is not None:
            taken = int(self.optimizer.iterations.numpy()) - int(self.schedule.start.numpy())
            self.schedule.start.assign(step - taken)
        self.optimizer.iterations.assign(step)


class V1Session(TensorFlowSession):
    """An optimizer of TensorFlow 1, in TensorFlow 2's eager mode or inside of a tf.function."""

    def construct(self) -> None:
        arguments = self.offer.settings(self.request)
        if self.rates:
            # A Python number becomes float32, too.
            self.rate = arguments["learning_rate"] = tf.Variable(self.rates[0], dtype=tf.float32)
        self.optimizer = self.offer.own(**arguments)
        # Otherwise the slots come with the first step, too late for set_state before it.
        self.optimizer._create_slots(self.variables)
        self.remember_powers()

    def remember_powers(self) -> None:
        """Adam's powers of beta start as beta and are multiplied by it after each step."""
        self.betas = [
            (variable, self.read(variable))
            for variable in self.optimizer.variables()
            if variable.name.startswith("beta")
        ]

    def made(self, own: str) -> list[Any]:
        return [self.optimizer.get_slot(variable, own) for variable in self.variables]

    def apply(self, gradients: list[Any], *scalars: Any) -> None:
        self.optimizer.apply_gradients(self.paired(gradients), global_step=self.steps)

    @property
    def steps(self) -> Any:
        """The count of steps of an optimizer that reads its user's."""
        return getattr(self.optimizer, "steps", None)

    def paired(self, gradients: Sequence[Any]) -> list[Any]:
        """Gradients with their variables."""
        return list(zip(gradients, self.variables, strict=True))

    def advance(self, gradients: list[Any]) -> None:
        if self.rates:
            self.rate.assign(self.rates.pop(0))
        self.run(gradients)

    def count(self, step: int) -> None:
        if self.steps is not None:
            self.assign(self.steps, step)
        for variable, beta in self.betas:
            self.assign(variable, np.cumprod(np.full(step + 1, beta))[-1])


class GraphSession(V1Session):
    """An optimizer of TensorFlow 1 as it was meant: reference variables in a graph."""

    def __init__(self, request: protocol.Open, offer: TensorFlowOffer) -> None:
        self.graph = tf.Graph()
        one = V1.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
        self.session = V1.Session(graph=self.graph, config=one)
        with self.graph.as_default():
            super().__init__(request, offer)

    def variable(self, name: str, value: Array) -> Any:
        return V1.Variable(value, name=name, use_resource=False)

    def construct(self) -> None:
        arguments = self.offer.settings(self.request)
        self.rate = V1.placeholder_with_default(np.float32(self.rates[0] if self.rates else 0), ())
        if self.rates:
            arguments["learning_rate"] = self.rate
        self.optimizer = self.offer.own(**arguments)
        self.gradients = [V1.placeholder(v.dtype.base_dtype, v.shape) for v in self.variables]
        pairs = self.paired(self.gradients)
        self.update = self.optimizer.apply_gradients(pairs, global_step=self.steps)
        self.session.run(V1.global_variables_initializer())
        self.remember_powers()

    def read(self, variable: Any) -> Array:
        return to_wire(self.session.run(variable))

    def assign(self, variable: Any, value: Any) -> None:
        # What Variable.load does, without its notice of deprecation.
        self.session.run(variable.initializer, {variable.initializer.inputs[1]: value})

    def step(self, gradients: list[Array]) -> list[Array]:
        fed = [to_native(gradient) for gradient in gradients]
        feeds = dict(zip(self.gradients, fed, strict=True))
        rate = {self.rate: self.rates.pop(0)} if self.rates else {}
        self.session.run(self.update, {**feeds, **rate})
        return [to_wire(gradient) for gradient in fed]


class KernelSession(TensorFlowSession):
    """One of ``tf.raw_ops``; the slots and the count of steps belong to its caller."""

    def construct(self) -> None:
        kit.keywords(self.request, self.offer.names)
        self.taken = 0
        self.takes = set(inspect.signature(self.offer.own).parameters)
        self.sparse = "indices" in self.takes
        # Keras' buffer holds what is added to the parameter: its only state.
        self.opposite = "keras" in self.offer.own.__name__.lower()
        self.switches = {"use_nesterov": True} if "nesterov" in self.request.features else {}
        self.rows = {
            own: [tf.Variable(tf.zeros_like(variable)) for variable in self.variables]
            for own in self.offer.kept(EVERY_OPTION).values()
        }

    def made(self, own: str) -> list[Any]:
        return self.rows[own]

    def apply(self, gradients: list[Any], *scalars: Any) -> None:
        for i, (variable, gradient) in enumerate(zip(self.variables, gradients, strict=True)):
            handles = {own: slots[i].handle for own, slots in self.rows.items()}
            if self.sparse:
                handles["indices"] = tf.range(variable.shape[0])
            given = {"grad" if "grad" in self.takes else "delta": gradient, **self.switches}
            self.offer.own(var=variable.handle, **given, **handles, **scalars[0][i])

    def advance(self, gradients: list[Any]) -> None:
        rate = {"learning_rate": self.rates.pop(0)} if self.rates else {}
        self.taken += 1
        scalars = [
            self.scalars(parameter.group, rate, variable.dtype)
            for variable, parameter in zip(self.variables, self.request.parameters, strict=True)
        ]
        self.run(gradients, scalars)

    def scalars(self, group: int, rate: dict[str, float], dtype: Any) -> dict[str, Any]:
        """The scalars of one call, each rounded once, to the parameter's dtype."""
        overrides = self.request.groups[group] if self.request.groups else {}
        values = {**self.request.hyperparameters, **overrides, **rate}
        own = {self.offer.names[name]: value for name, value in values.items()}
        for beta in ("beta1", "beta2"):
            if f"{beta}_power" in self.takes:
                own[f"{beta}_power"] = own[beta] ** self.taken
        if "momentum" in self.takes:
            own.setdefault("momentum", 0.0)
        found = {name: tf.constant(value, dtype) for name, value in own.items()}
        if "global_step" in self.takes:
            found["global_step"] = tf.constant(self.taken, tf.int64)
        return found

    def count(self, step: int) -> None:
        self.taken = step

    def state(self) -> dict[str, list[Array]]:
        return {name: [self.turned(a) for a in of] for name, of in super().state().items()}

    def set_state(self, state: dict[str, list[Array]], step: int) -> None:
        super().set_state({name: [self.turned(a) for a in of] for name, of in state.items()}, step)

    def turned(self, array: Array) -> Array:
        """With the sign that the framework keeps it with."""
        return to_wire(-to_native(array)) if self.opposite else array
