"""MindSpore alone: ``nn.RMSProp``, its arguments, groups, rates, decay, errors and result.

Steps are exact: with decay 1 the mean square stays at its start of one, epsilon is far below its
last bit, and rates and gradients are powers of two.
"""

import mindspore as ms
import numpy as np
from mindspore import Parameter, Tensor, amp, nn, ops

VERSIONS = ("mindspore",)
MODES = {"pynative": ms.PYNATIVE_MODE, "graph": ms.GRAPH_MODE}
DTYPES = ("float16", "float32", "float64", "bfloat16")
EXACT = {"decay": 1.0, "epsilon": 1e-30}
ms.set_device("CPU")


class Halving(nn.learning_rate_schedule.LearningRateSchedule):
    """0.5, 0.25, 0.125 … by step."""

    def construct(self, global_step):
        """The rate of one step."""
        return ops.pow(Tensor(0.5, ms.float32), ops.cast(global_step, ms.float32) + 1).reshape(())


class Decay(nn.Cell):
    """The same numbers as a weight decay."""

    def construct(self, global_step):
        """The decay of one step."""
        return ops.pow(Tensor(0.5, ms.float32), ops.cast(global_step, ms.float32) + 1).reshape(())


def special(value):
    """A literal, or ``(kind, value)`` for what no literal can be."""
    if not (isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], str)):
        return value
    kind, content = value
    return {
        "tensor": lambda: Tensor(content, ms.float32),
        "tensor64": lambda: Tensor(content, ms.float64),
        "array": lambda: np.array(content),
        "float32": lambda: np.float32(content),
        "generator": lambda: (item for item in content),
        "range": lambda: range(*content),
        "tuple": lambda: tuple(content),
        "schedule": Halving,
        "cell": Decay,
        "object": object,
        "none": lambda: None,
        "cosine": lambda: nn.CosineDecayLR(*content),
        "exponential": lambda: nn.ExponentialDecayLR(*content),
    }[kind]()


def named(names=("w",), shape=(1,), value=0.0, dtype=np.float32):
    """Parameters with these names."""
    return [Parameter(Tensor(np.full(shape, value, dtype)), name=name) for name in names]


def built(names=("w",), value=0.0, **arguments):
    """An optimizer over parameters of one element, and the parameters."""
    parameters = named(names, value=value)
    keywords = {name: special(given) for name, given in arguments.items()}
    return nn.RMSProp(parameters, **keywords), parameters


def steps(optimizer, parameters, gradients):
    """How far each parameter goes in each step, as positive numbers where it falls."""
    found = []
    for gradient in gradients:
        before = [p.asnumpy().copy() for p in parameters]
        optimizer(tuple(Tensor(np.full(p.shape, gradient, np.float32)) for p in parameters))
        after = [p.asnumpy() for p in parameters]
        found.append([float((b - a).ravel()[0]) for b, a in zip(before, after, strict=True)])
    return found


def defaults():
    """What the constructor gave itself."""
    optimizer, _ = built()
    return {"learning_rate": optimizer.init_learning_rate, **optimizer.init_args}


def positions():
    """The order of the arguments: all given by position, each another value."""
    given = (0.5, 0.25, 0.125, 0.0625, True, True, 2.0, 0.03125)
    optimizer = nn.RMSProp(named(), *given)
    names = ["learning_rate", *optimizer.init_args]
    values = [optimizer.init_learning_rate, *optimizer.init_args.values()]
    return {"names": ",".join(names), "in_order": values == list(given)}


def params(value):
    """Whether a kind of ``params`` is taken, and the names that the optimizer then has."""
    w, v = named(("w", "v"))
    given = {
        "list": [w, v],
        "tuple": (w, v),
        "generator": (p for p in (w, v)),
        "dicts": [{"params": [w]}, {"params": [v]}],
        "mixed": [w, {"params": [v]}],
        "strings": ["w", "v"],
        "tensors": [Tensor(1.0), Tensor(2.0)],
        "numbers": [1, 2],
        "empty": [],
        "none": None,
        "one": w,
        "without params": [{"lr": 0.5}],
        "unknown key": [{"params": [w], "momentum": 0.5}, {"params": [v]}],
        "twice": [{"params": [w]}, {"params": [w]}],
        "group of strings": [{"params": ["w"]}],
        "group as tuple": [{"params": (w, v)}],
    }[value]
    return {"parameters": ",".join(p.name for p in nn.RMSProp(given).parameters)}


def argument(name, value, **others):
    """Construct with one argument (and ``others``); what the optimizer keeps of it."""
    optimizer, _ = built(**{name: value}, **others)
    kept = getattr(optimizer, name, None)
    if isinstance(kept, Tensor):
        kept = kept.asnumpy().tolist()
    return {"accepted": True, "kept": kept if isinstance(kept, float | int | bool) else repr(kept)}


def rate(value, count=3, mode="pynative"):
    """The learning rate of each step: exact, because step = rate times a gradient of one."""
    ms.set_context(mode=MODES[mode])
    optimizer, parameters = built(learning_rate=value, **EXACT)
    kept = optimizer.learning_rate
    return {
        "rates": [row[0] for row in steps(optimizer, parameters, [1.0] * count)],
        "dynamic": optimizer.dynamic_lr,
        "kept": kept.asnumpy().tolist() if isinstance(kept, Parameter) else type(kept).__name__,
        "dtype": str(kept.dtype) if isinstance(kept, Parameter) else "",
    }


def exhausted():
    """The step after the last of two rates: stays at the last, is zero, or raises."""
    optimizer, parameters = built(learning_rate=[0.5, 0.25], **EXACT)
    try:
        third = steps(optimizer, parameters, [1.0] * 3)[2][0]
    except Exception as error:  # noqa: BLE001 - any error is the answer
        return {"then": type(error).__name__}
    return {"then": {0.25: "the last rate stays", 0.0: "zero"}.get(third, repr(third))}


def decayed(value, names=("w",), start=1.0, count=1, **others):
    """Weight decay: steps with a gradient of zero, so that decay is all that moves."""
    optimizer, parameters = built(
        names, value=start, learning_rate=0.5, weight_decay=value, **EXACT, **others
    )
    rows = steps(optimizer, parameters, [0.0] * count)
    return {"steps": rows[0] if count == 1 else [row[0] for row in rows]}


def joined():
    """Decay adds decay x parameter to the gradient, before the square is averaged (L2)."""
    optimizer, parameters = built(
        value=4.0, learning_rate=0.5, weight_decay=0.25, decay=0.0, epsilon=1e-30
    )
    # With decay 0 the mean square is the square of what the gradient became: 1 + 0.25 x 4.
    steps(optimizer, parameters, [1.0])
    return {"mean_square": float(optimizer.ms[0].asnumpy()[0])}


def grouped(first, second=None, rate=0.5, decay=0.0, start=1.0, gradient=1.0, count=1):
    """Two groups of one parameter; each step of both.  Keys as MindSpore has them."""
    parameters = named(("w", "v"), value=start)
    groups = [
        {"params": [p], **{key: special(value) for key, value in (extra or {}).items()}}
        for p, extra in zip(parameters, (first, second), strict=True)
    ]
    optimizer = nn.RMSProp(groups, learning_rate=special(rate), weight_decay=decay, **EXACT)
    rows = steps(optimizer, parameters, [gradient] * count)
    return {"first": [row[0] for row in rows], "second": [row[1] for row in rows]}


def grouped_names(names):
    """Whether a group's weight decay passes over parameters by their names; steps of each."""
    parameters = named(tuple(names), value=1.0)
    optimizer = nn.RMSProp(
        [{"params": parameters, "weight_decay": 0.5}], learning_rate=0.5, **EXACT
    )
    return {"steps": steps(optimizer, parameters, [0.0])[0]}


def refusals(name, kinds, **others):
    """What comes of each kind of value: the name of what is raised, or ``accepted``."""
    values = {
        "None": None,
        "bool": True,
        "int": 1,
        "negative int": -1,
        "float": 0.5,
        "zero": 0.0,
        "negative": -0.5,
        "str": "0.5",
        "empty str": "",
        "bytes": b"0.5",
        "list": [0.5, 0.25],
        "empty list": [],
        "tuple": (0.5, 0.25),
        "dict": {"a": 0.5},
        "ndarray": np.array([0.5, 0.25]),
        "scalar ndarray": np.array(0.5),
        "float32": np.float32(0.5),
        "complex": 0.5j,
        "object": object(),
        "nan": float("nan"),
        "inf": float("inf"),
        "tensor": Tensor(0.5, ms.float32),
    }
    found = {}
    for kind in kinds or values:
        try:
            nn.RMSProp(named(), **{name: values[kind]}, **others)
            found[kind] = "accepted"
        except Exception as error:  # noqa: BLE001 - its name is the answer
            found[kind] = type(error).__name__
    return found


def limits(name, values=(-1e-30, 0.0, 1e-30, 1.0, 2.0, 1e30, float("nan"), -float("inf"))):
    """Both sides of zero, one and far off, and nan: what is raised, or ``accepted``."""
    found = {}
    for value in values:
        try:
            nn.RMSProp(named(), **{name: value})
            found[f"{value:g}"] = "accepted"
        except Exception as error:  # noqa: BLE001 - its name is the answer
            found[f"{value:g}"] = type(error).__name__
    return found


def infinite(names):
    """What comes of an infinite value, by argument."""
    return {name: limits(name, [float("inf")])["inf"] for name in names.split(",")}


def order(names, extra=None):
    """The order of the optimizer's parameters where ``order_params`` gives one."""
    w, v, u = named(("w", "v", "u"))
    by_name = {"w": w, "v": v, "u": u, "other": named(("other",))[0]}
    groups = [{"params": [w, u], "lr": 0.5}, {"params": [v], "lr": 0.25}]
    wanted = {"order_params": [by_name[name] for name in names], **(extra or {})}
    optimizer = nn.RMSProp([*groups, wanted])
    rates = [float(lr.asnumpy()) for lr in optimizer.learning_rate]
    return {"order": ",".join(p.name for p in optimizer.parameters), "rates": rates}


def centralized(shape, flag=True):
    """One step of a group with ``grad_centralization``; is the gradient's mean taken off?"""
    (w,) = named(shape=tuple(shape))
    size = int(np.prod(shape))
    gradient = np.arange(size, dtype=np.float32).reshape(shape)
    optimizer = nn.RMSProp(
        [{"params": [w], "grad_centralization": flag}], learning_rate=0.5, **EXACT
    )
    optimizer((Tensor(gradient),))
    taken = -w.asnumpy() / 0.5
    axes = tuple(range(1, len(shape)))
    central = gradient - gradient.mean(axis=axes, keepdims=True)
    distances = {
        name: float(np.abs(taken - value).max())
        for name, value in (("as it was", gradient), ("centred", central))
    }
    return {"gradient": min(distances, key=distances.get)}


def initial(centered=False):
    """Where each state starts."""
    optimizer, _ = built(centered=centered)
    state = {"mean_square": optimizer.ms, "moment": optimizer.moment}
    state |= {"mean_gradient": optimizer.mg} if centered else {}
    return {name: float(of[0].asnumpy()[0]) for name, of in state.items()}


def momentum(value, count=3):
    """The step lengths of a constant gradient: rate x (1 + beta + beta^2 + …)."""
    optimizer, parameters = built(learning_rate=0.5, momentum=value, **EXACT)
    return {"steps": [row[0] for row in steps(optimizer, parameters, [1.0] * count)]}


def rate_in_buffer():
    """The buffer after a change of rate: does it hold steps of the old rate?"""
    optimizer, parameters = built(learning_rate=[0.5, 0.25], momentum=0.5, **EXACT)
    rows = steps(optimizer, parameters, [1.0, 1.0])
    return {"second": rows[1][0]}  # 0.5 x 0.5 + 0.25, or 0.25 x 1.5 with the rate outside


def averaged(centered=False):
    """The averages after gradients 2 and 4 with decay 0.5: from the documented recursions."""
    optimizer, parameters = built(decay=0.5, centered=centered, learning_rate=0.5)
    start = initial(centered)
    steps(optimizer, parameters, [2.0, 4.0])
    square = (start["mean_square"] * 0.5 + 2.0) * 0.5 + 8.0
    found = {"mean_square": float(optimizer.ms[0].asnumpy()[0]) == square}
    if centered:
        found["mean_gradient"] = float(optimizer.mg[0].asnumpy()[0]) == 2.5
    return found


def epsilon_place(size=19, centered=False):
    """Of one step with epsilon 0.25 over a mean square of one: how many elements fit which form."""
    (w,) = named(shape=(size,))
    nn.RMSProp([w], 0.5, 1.0, 0.0, 0.25, centered=centered)((Tensor(np.ones(size, np.float32)),))
    taken = -w.asnumpy().astype(np.float64)
    inside, outside = 0.5 / np.sqrt(1.25), 0.5 / 1.25
    nearer = np.abs(taken - inside) < np.abs(taken - outside)
    return {"inside": int(nearer.sum()), "outside": int((~nearer).sum())}


def returned(mode="pynative", count=1, centered=False):
    """What a step gives back."""
    ms.set_context(mode=MODES[mode])
    parameters = named(tuple(f"w{i}" for i in range(count)))
    optimizer = nn.RMSProp(parameters, centered=centered)
    result = optimizer(tuple(Tensor(np.ones(1, np.float32)) for _ in parameters))
    return described(result)


def described(result):
    """Type, dtype and value."""
    if isinstance(result, tuple):
        parts = [described(item) for item in result]
        return {"type": "tuple", "length": len(parts), "of": parts[0]["type"] if parts else ""}
    if isinstance(result, Tensor):
        return {"type": "Tensor", "dtype": str(result.dtype), "value": result.asnumpy().tolist()}
    return {"type": type(result).__name__, "value": repr(result)}


def gradients(kind):
    """Whether gradients of a kind are taken."""
    optimizer, parameters = built()
    one = Tensor(np.ones(1, np.float32))
    given = {
        "tuple": (one,),
        "list": [one],
        "tensor": one,
        "too many": (one, one),
        "other shape": (Tensor(np.ones(3, np.float32)),),
    }[kind]
    optimizer(given)
    return {"accepted": True, "shape": list(parameters[0].shape)}


def dtype(name, centered=False):
    """A step of parameters of one dtype, and the dtype afterwards."""
    value = Tensor(np.zeros(3, np.float32)).astype(getattr(ms, name))
    w = Parameter(value, name="w")
    nn.RMSProp([w], 0.5, centered=centered)((value + 1,))
    return {"dtype": str(w.dtype).lower()}


def platform():
    """Device and a step on it."""
    optimizer, parameters = built(learning_rate=0.5, **EXACT)
    return {"target": ms.get_context("device_target"), "step": steps(optimizer, parameters, [1])[0]}


def locking(centered=False):
    """Whether ``use_locking`` changes a bit of three steps of 1000 elements."""
    found = []
    for flag in (False, True):
        (w,) = named(shape=(1000,))
        optimizer = nn.RMSProp([w], 0.1, use_locking=flag, centered=centered)
        generator = np.random.default_rng(0)
        for _ in range(3):
            optimizer((Tensor(generator.normal(size=1000).astype(np.float32)),))
        found.append(w.asnumpy().tobytes())
    return {"same_bits": found[0] == found[1]}


def scaled(scale=1024.0):
    """Gradients multiplied by the loss scale, a power of two: is the step that of the unscaled?"""
    plain, w = built(learning_rate=0.5, **EXACT)
    unscaled, v = built(learning_rate=0.5, loss_scale=scale, **EXACT)
    manager = amp.FixedLossScaleManager(scale, drop_overflow_update=False)
    rows = steps(plain, w, [0.75]), steps(unscaled, v, [0.75 * float(manager.get_loss_scale())])
    return {"same": rows[0] == rows[1], "scale": float(manager.get_loss_scale())}


def skipped_by_manager(drop):
    """Whether FixedLossScaleManager hands out an update cell, which unscales gradients itself."""
    manager = amp.FixedLossScaleManager(1024.0, drop_overflow_update=drop)
    return {"update_cell": manager.get_update_cell() is not None}


class Network(nn.Cell):
    """A convolution and a dense layer, in the place of the page's LeNet5."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 3, has_bias=True)
        self.flatten = nn.Flatten()
        self.dense = nn.Dense(32, 3)

    def construct(self, x):
        """Logits."""
        return self.dense(self.flatten(self.conv(x)))


def example(number, steps_taken=1):
    """The page's examples: 1 without groups, 2 with groups; then a step of training."""
    net = Network()
    every = net.trainable_params()
    if number == 1:
        optimizer = nn.RMSProp(params=every, learning_rate=0.1)
        found = {"parameters": len(optimizer.parameters), "groups": optimizer.is_group}
    else:
        conv = [p for p in every if "conv" in p.name]
        rest = [p for p in every if "conv" not in p.name]
        groups = [
            {"params": conv, "weight_decay": 0.01, "grad_centralization": True},
            {"params": rest, "lr": 0.01},
            {"order_params": every},
        ]
        optimizer = nn.RMSProp(groups, learning_rate=0.1, weight_decay=0.0)
        rows = zip(
            optimizer.parameters,
            optimizer.learning_rate,
            optimizer.group_weight_decay,
            optimizer.group_grad_centralization,
            strict=True,
        )
        found = {"order": [p.name for p in optimizer.parameters] == [p.name for p in every]}
        for p, lr, decay, central in rows:
            kind = "conv" if "conv" in p.name else "rest"
            rate = Tensor(lr).asnumpy()[()]
            found |= {
                f"{kind}_rate": float(np.format_float_positional(rate, unique=True)),
                f"{kind}_decay": decay,
                f"{kind}_centralized": central,
            }
    if steps_taken:
        loss = nn.SoftmaxCrossEntropyWithLogits(sparse=True, reduction="mean")
        ms.train.Model(net, loss_fn=loss, optimizer=optimizer)

        def forward(x, y):
            return loss(net(x), y)

        gradient = ms.value_and_grad(forward, None, optimizer.parameters)
        x = Tensor(np.linspace(0, 1, 16, dtype=np.float32).reshape(1, 1, 4, 4))
        _, slopes = gradient(x, Tensor(np.array([1], np.int32)))
        optimizer(slopes)
        found["trained"] = True
    return found


def gradients_words(kind):
    """The same, and whether what is raised names the gradients."""
    try:
        return gradients(kind)
    except Exception as error:  # noqa: BLE001 - any error is the answer
        return {"raised": type(error).__name__, "names_gradients": "gradient" in str(error).lower()}
