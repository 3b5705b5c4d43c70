"""MXNet: ``mx.optimizer``, ``gluon.Trainer``, the operators beneath, and the book's own loop.

MXNet 1.9.1 asks NumPy for names that NumPy 1.20 deprecated; its last wheel needs NumPy below 1.24.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.kit import Array
from optimizer_conformance.adapters.offer import Adapter, Offer

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import mxnet as mx

NAME = "mxnet"
API = "https://mxnet.apache.org/versions/1.9.1/api/python/docs/api/"

# Canonical name to MXNet's own.  The centred form's buffer is never absent: gamma2 is its momentum.
SHARED = {"learning_rate": "lr", "epsilon": "epsilon", "weight_decay": "wd"}
RMSPROP = {**SHARED, "decay": "gamma1", "momentum": "gamma2", "loss_scale": "rescale_grad"}
ADAM = {**SHARED, "beta1": "beta1", "decay": "beta2", "loss_scale": "rescale_grad"}
# Canonical state in the order of MXNet's tuples and of the operators' arguments.
STATE = {
    "rmsprop": ["second_moment"],
    "centered": ["second_moment", "mean_gradient", "momentum"],
    "adam": ["first_moment", "second_moment"],
    "rowwise_adagrad": ["second_moment"],
}
GROUPS = ("learning_rate", "weight_decay")
SCALED = [[], ["weight_decay"], ["loss_scale"], ["weight_decay", "loss_scale"]]
CENTERED = [["centered", "momentum", *more] for more in SCALED]

# Gaps, in MXNet's words.
STATE_DTYPE = "MXNetError: Incompatible attr in node  at 2-th input: expected {}, got float32"
COMPLEX = {name: f"KeyError: <class 'numpy.{name}'>" for name in ("complex64", "complex128")}
BFLOAT16 = "NumPy and mx.nd.array have no bfloat16"
SHAPES = {
    name: f"MXNetError: Operator _copyto inferring shapes failed ({shape} means unknown)"
    for name, shape in {"scalar": "the shape ()", "empty": "a length of 0"}.items()
}
TABLE = "assert len(weight.shape) == 2"
CONTRIB = (
    "https://mxnet.apache.org/versions/1.9.1/api/python/docs/_modules/mxnet/optimizer/contrib.html"
)
CLIPPED = "no rule here bounds weights; `conformance verify mxnet` checks the argument"
ALL: list[protocol.DType] = ["float16", "float32", "float64"]


def d2l_scratch(
    parameter: Any, state: Any, gradient: Any, *, lr: float, gamma: float, epsilon: float
) -> None:
    """Dive into Deep Learning 8.6.2: the rule on ``mx.nd`` arrays."""
    state[:] = gamma * state + (1 - gamma) * gradient.square()
    parameter[:] -= lr * gradient / (state + epsilon).sqrt()


@dataclass(frozen=True)
class MXNetOffer(Offer):
    """One way to run a rule.

    driver  ``optimizer``, ``trainer`` and ``rows`` (an optimizer that keeps one number a row) are
            objects that keep state; ``operator`` and ``book`` leave it to the caller
    """

    driver: str = "optimizer"

    @property
    def keeps_state(self) -> bool:
        return self.driver in ("optimizer", "trainer", "rows")

    def order(self, features: Sequence[str]) -> list[str]:
        """Canonical names of the state that a configuration has, in MXNet's order."""
        return STATE["centered" if "centered" in features else self.family]

    def described(
        self, name: str, devices: Sequence[str], **fields: Any
    ) -> protocol.Implementation:
        gaps: dict[str, str] = {"bfloat16": BFLOAT16, **COMPLEX, **SHAPES}
        clips = self.family == "rmsprop" and self.driver != "book"
        if self.driver == "rows":
            gaps["vector"] = TABLE
        gaps.update((dtype, STATE_DTYPE.format(dtype)) for dtype in ALL if dtype not in self.dtypes)
        changed = self.changed(
            state={kept: kept for kept in self.order(max(self.features, key=len))},
            groups=[name for name in GROUPS if name in self.names] if self.keeps_state else [],
            gaps=gaps,
            undriven={"clip_weights": CLIPPED} if clips else {},
        )
        return Offer.described(changed, name, devices, **fields)


CLASS_RMSPROP = MXNetOffer(
    own=mx.optimizer.RMSProp,
    driver="optimizer",
    family="rmsprop",
    claims=["mxnet-rmsprop"],
    features=[*SCALED, *CENTERED],
    names={**RMSPROP, "learning_rate": "learning_rate"},
    dtypes=["float32"],
    page=f"{API}optimizer/index.html#mxnet.optimizer.RMSProp",
)
CLASS_ADAM = CLASS_RMSPROP.changed(
    own=mx.optimizer.Adam,
    family="adam",
    claims=["mxnet-adam"],
    features=SCALED,
    names={**ADAM, "learning_rate": "learning_rate", "epsilon": "epsilon"},
    dtypes=ALL,
    page=f"{API}optimizer/index.html#mxnet.optimizer.Adam",
)
GROUP_ADAGRAD = CLASS_RMSPROP.changed(
    own=mx.optimizer.contrib.GroupAdaGrad,
    driver="rows",
    family="rowwise_adagrad",
    claims=["mxnet-groupadagrad"],
    features=[[], ["loss_scale"], ["clip"]],
    names={
        "learning_rate": "learning_rate",
        "epsilon": "eps",
        "loss_scale": "rescale_grad",
        "clip": "clip_gradient",
    },
    page=CONTRIB,
)
TRAINER = f"{API}gluon/trainer.html"
OPERATOR = CLASS_RMSPROP.changed(
    own=mx.nd.rmsprop_update,
    driver="operator",
    claims=["mxnet-nd-rmsprop"],
    features=SCALED,
    names={name: own for name, own in RMSPROP.items() if name != "momentum"},
    dtypes=ALL,
    page=f"{API}ndarray/ndarray.html#mxnet.ndarray.rmsprop_update",
)
OFFERS = {
    "mxnet:optimizer.RMSProp": CLASS_RMSPROP,
    "mxnet:optimizer.Adam": CLASS_ADAM,
    "mxnet:optimizer.contrib.GroupAdaGrad": GROUP_ADAGRAD,
    "mxnet:gluon.Trainer[rmsprop]": CLASS_RMSPROP.changed(driver="trainer", page=TRAINER),
    "mxnet:gluon.Trainer[adam]": CLASS_ADAM.changed(driver="trainer", page=TRAINER),
    "mxnet:nd.rmsprop_update": OPERATOR,
    "mxnet:nd.rmspropalex_update": OPERATOR.changed(
        own=mx.nd.rmspropalex_update,
        features=CENTERED,
        names=RMSPROP,
        page=f"{API}ndarray/ndarray.html#mxnet.ndarray.rmspropalex_update",
    ),
    "mxnet:nd.adam_update": OPERATOR.changed(
        own=mx.nd.adam_update,
        family="adam",
        claims=["mxnet-nd-adam"],
        names=ADAM,
        page=f"{API}ndarray/ndarray.html#mxnet.ndarray.adam_update",
    ),
    "mxnet:d2l.scratch": OPERATOR.changed(
        own=d2l_scratch,
        driver="book",
        claims=["d2l-rmsprop"],
        features=[[]],
        names={"learning_rate": "lr", "decay": "gamma", "epsilon": "epsilon"},
        page="Dive into Deep Learning 8.6.2",
    ),
}


def flags() -> dict[str, str]:
    return {"flush_to_zero": str(not (mx.nd.array([1e-38]) * 1e-3).asnumpy()[0])}


def to_mxnet(array: Array) -> Any:
    """A copy; MXNet's arrays are contiguous."""
    return mx.nd.array(array, dtype=array.dtype)


def read(arrays: Iterable[Any]) -> list[Array]:
    """Gradients after a step.

    What an operator writes over one that it only reads (1.5 does), MXNet does not wait for.
    """
    mx.nd.waitall()
    return [array.asnumpy() for array in arrays]


class Rates(mx.lr_scheduler.LRScheduler):
    """The rate of each coming step; MXNet counts updates from ``begin_num_update`` + 1."""

    def __init__(self, rates: list[float], base: float) -> None:
        super().__init__(base_lr=base)
        self.rates, self.taken = rates, 0

    def __call__(self, num_update: int) -> float:
        return self.rates[min(num_update - self.taken, len(self.rates)) - 1]


def settings(request: protocol.Open, offer: MXNetOffer) -> dict[str, Any]:
    """The request under MXNet's names.  Reciprocals: ``rescale_grad`` multiplies the gradient."""
    own: dict[str, Any] = kit.keywords(request, offer.names)
    if "rescale_grad" in own:
        own["rescale_grad"] = 1 / own["rescale_grad"]
    return own


class HeldSession:
    """What the sessions share that hold MXNet's own state: a tuple a parameter."""

    values: list[Any]
    names: list[str]
    memory: list[Any]

    def count(self, step: int) -> None:
        """As if ``step`` steps had been taken; an operator counts none."""

    def parameters(self) -> list[Array]:
        return [value.asnumpy() for value in self.values]

    def state(self) -> dict[str, list[Array]]:
        return shown(self.names, self.memory)

    def set_state(self, state: dict[str, list[Array]], step: int) -> None:
        self.memory = packed(self.names, state)
        self.count(step)


class OptimizerSession(HeldSession):
    """An ``mx.optimizer.Optimizer`` that is told index, weight, gradient and state."""

    def __init__(self, request: protocol.Open, offer: MXNetOffer) -> None:
        own = settings(request, offer)
        if "centered" in request.features:
            own["centered"] = True
        # MXNet's groups are multipliers: of one, they leave a group's value exactly as it is.
        self.multipliers: dict[str, list[float] | None] = {
            name: kit.group_values(request, name) for name in ("learning_rate", "weight_decay")
        }
        for name, values in self.multipliers.items():
            if values is not None:
                own[offer.names[name]] = 1.0
        if request.learning_rates:
            base = own.get("learning_rate", 1.0)
            own.update(learning_rate=base, lr_scheduler=Rates(request.learning_rates, base))
        self.groups = [parameter.group for parameter in request.parameters]
        self.arrays = [kit.to_array(parameter.value) for parameter in request.parameters]
        self.names = offer.order(request.features)
        self.start(request, offer, own)

    def start(self, request: protocol.Open, offer: MXNetOffer, own: dict[str, Any]) -> None:
        self.optimizer = offer.own(**own)
        self.optimizer.set_lr_mult(dict(enumerate(self.multiplied("learning_rate"))))
        if "weight_decay" in offer.names:
            self.optimizer.set_wd_mult(dict(enumerate(self.multiplied("weight_decay"))))
        self.values = list(map(to_mxnet, self.arrays))
        self.memory = [
            self.optimizer.create_state(index, value) for index, value in enumerate(self.values)
        ]

    def multiplied(self, name: str) -> list[float]:
        """The multiplier of each parameter."""
        values = self.multipliers[name]
        return [1.0 if values is None else values[group] for group in self.groups]

    def step(self, gradients: list[Array]) -> list[Array]:
        sent = list(map(to_mxnet, gradients))
        for index, gradient in enumerate(sent):
            self.optimizer.update(index, self.values[index], gradient, self.memory[index])
        return read(sent)

    def count(self, step: int) -> None:
        """As if ``step`` updates had been made of every parameter."""
        self.optimizer.begin_num_update = self.optimizer.num_update = step
        for index in range(len(self.arrays)):
            self.optimizer._index_update_count[index] = step  # the only place of these counts
        if self.optimizer.lr_scheduler is not None:
            self.optimizer.lr_scheduler.taken = step


class RowSession(OptimizerSession):
    """The same of an optimizer that keeps one number a row of a table."""

    def start(self, request: protocol.Open, offer: MXNetOffer, own: dict[str, Any]) -> None:
        if any(array.ndim != 2 for array in self.arrays):
            raise kit.Unsupported(TABLE)
        super().start(request, offer, own)

    def state(self) -> dict[str, list[Array]]:
        """Each in the place of the elements of its row."""
        pairs = zip(self.memory, self.values, strict=True)
        rows = [mx.nd.broadcast_to(kept, value.shape).asnumpy() for kept, value in pairs]
        return dict.fromkeys(self.names, rows)

    def set_state(self, state: dict[str, list[Array]], step: int) -> None:
        kit.check_state(state, self.names)
        self.memory = [to_mxnet(rows[:, :1]) for rows in state[self.names[0]]]
        self.count(step)


def shown(names: list[str], memory: list[Any]) -> dict[str, list[Array]]:
    """MXNet's tuples as canonical state; its ``delta`` is added to the weight."""
    found = {name: [parts[place].asnumpy() for parts in memory] for place, name in enumerate(names)}
    return {name: [-a if name == "momentum" else a for a in of] for name, of in found.items()}


def packed(names: list[str], state: dict[str, list[Array]]) -> list[Any]:
    """Canonical state as MXNet's tuples, one a parameter."""
    if set(names) != set(state):
        raise ValueError(f"state {sorted(state)} for a rule that has {sorted(names)}: send those")
    rows = zip(*(state[name] for name in names), strict=True)
    return [
        tuple(to_mxnet(-a if name == "momentum" else a) for name, a in zip(names, row, strict=True))
        for row in rows
    ]


class TrainerSession(OptimizerSession):
    """A ``gluon.Trainer`` over parameters whose gradients come from ``backward``.

    A loss scale is the ``batch_size`` of ``step``, by which the trainer divides gradients.
    """

    def start(self, request: protocol.Open, offer: MXNetOffer, own: dict[str, Any]) -> None:
        own.pop("rescale_grad", None)
        self.batch_size = request.hyperparameters.get("loss_scale", 1)
        self.values = []
        pairs = zip(*map(self.multiplied, ("learning_rate", "weight_decay")), strict=True)
        for index, (array, (rate, decay)) in enumerate(zip(self.arrays, pairs, strict=True)):
            parameter = mx.gluon.Parameter(
                f"p{index}", shape=array.shape, dtype=array.dtype, lr_mult=rate, wd_mult=decay
            )
            parameter.initialize(init=mx.init.Zero())
            parameter.set_data(to_mxnet(array))
            self.values.append(parameter)
        self.trainer = mx.gluon.Trainer(self.values, offer.family, own)
        self.optimizer = self.trainer.optimizer

    @property
    def updater(self) -> Any:
        """What holds the trainer's states; its public methods only write them to a file."""
        return self.trainer._updaters[0]

    def step(self, gradients: list[Array]) -> list[Array]:
        with mx.autograd.record():
            heads = [mx.nd.identity(parameter.data()) for parameter in self.values]
        # The derivative of the identity: each parameter's gradient is what was sent.
        mx.autograd.backward(heads, list(map(to_mxnet, gradients)))
        self.trainer.step(self.batch_size)
        return read(parameter.grad() for parameter in self.values)

    def parameters(self) -> list[Array]:
        return [parameter.data().asnumpy() for parameter in self.values]

    def state(self) -> dict[str, list[Array]]:
        """Empty before the first step, when MXNet has not made its state yet."""
        states = self.updater.states
        return shown(self.names, [states[i] for i in range(len(states))]) if states else {}

    def set_state(self, state: dict[str, list[Array]], step: int) -> None:
        for index, parts in enumerate(packed(self.names, state)):
            self.updater.states[index] = parts
            self.updater.states_synced[index] = True
        self.count(step)


class OperatorSession(HeldSession):
    """An operator of ``mx.nd``, or the book's function, called once a parameter.

    The caller keeps the state, which starts at zero, and knows the rate of each step.
    """

    def __init__(self, request: protocol.Open, offer: MXNetOffer) -> None:
        self.offer, self.scalars = offer, settings(request, offer)
        self.rates, self.steps = request.learning_rates, 0
        self.values = [to_mxnet(kit.to_array(parameter.value)) for parameter in request.parameters]
        self.names = offer.order(request.features)
        self.memory = [tuple(mx.nd.zeros_like(value) for _ in self.names) for value in self.values]

    def step(self, gradients: list[Array]) -> list[Array]:
        scalars = {**self.scalars, "lr": self.rates[self.steps]} if self.rates else self.scalars
        self.steps += 1
        sent = list(map(to_mxnet, gradients))
        for value, gradient, parts in zip(self.values, sent, self.memory, strict=True):
            if self.offer.driver == "book":
                self.offer.own(value, *parts, gradient, **scalars)
            else:
                self.offer.own(value, gradient, *parts, out=value, **scalars)
        return read(sent)


def driven(request: protocol.Open, offer: MXNetOffer) -> kit.Session:
    """A session of the kind that an offer needs."""
    if any(0 in parameter.value.shape for parameter in request.parameters):
        raise kit.Unsupported(SHAPES["empty"])
    if any(not parameter.value.shape for parameter in request.parameters):
        raise kit.Unsupported(SHAPES["scalar"])
    session: dict[str, Any] = {
        "optimizer": OptimizerSession,
        "rows": RowSession,
        "trainer": TrainerSession,
    }
    return session.get(offer.driver, OperatorSession)(request, offer)


ADAPTER = Adapter(
    NAME,
    OFFERS,
    driven,
    packages=("mxnet", "numpy"),
    flags=flags,
    public={"mxnet.optimizer": "Optimizer"},
)
describe, open_session = ADAPTER.describe, ADAPTER.open_session


def probe(implementation: str) -> dict[str, float | bool | str | None]:
    """The constructor's defaults; an operator's stand in its docstring alone."""
    offer = OFFERS[implementation]
    if not offer.keeps_state:
        return {}
    # gamma2 has a default and does nothing unless the centred form is switched on.
    names = {name: own for name, own in offer.names.items() if name != "momentum"}
    return kit.constructor_defaults(offer.own, {**names, "centered": "centered"})
