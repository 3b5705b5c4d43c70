"""Keras alone: what the docstrings of keras.optimizers.RMSprop and Adam say beside the formula."""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
import keras
import numpy as np

VERSIONS = ("keras", "tensorflow-cpu")


def example():
    """One step down x^2 / 2 from 10, whose gradient is 10."""
    value = keras.Variable(10.0)
    keras.optimizers.RMSprop(learning_rate=0.1).apply([keras.ops.convert_to_tensor(10.0)], [value])
    return {"printed": f"{float(keras.ops.convert_to_numpy(value)):.6f}"}


def numbers(value):
    """A tensor or variable as numbers of Python."""
    return keras.ops.convert_to_numpy(value).tolist()


def made(name, **arguments):
    """An optimizer that keeps nothing: its state after a step shows the gradient that it used."""
    forgets = {"rho": 0.0} if name == "RMSprop" else {"beta_1": 0.0, "beta_2": 0.0}
    return getattr(keras.optimizers, name)(**{"learning_rate": 1.0, **forgets, **arguments})


def stepped(optimizer, gradients, values=None):
    """One step; the variables."""
    variables = values or [keras.Variable(np.zeros_like(g, dtype="float32")) for g in gradients]
    optimizer.apply([keras.ops.convert_to_tensor(np.float32(g)) for g in gradients], variables)
    return variables


def used(name, gradients, **arguments):
    """The magnitudes of the gradients that a step used, and the directions in which it went."""
    optimizer = made(name, **arguments)
    variables = stepped(optimizer, [np.float32(g) for g in gradients])
    squares = [v for v in optimizer.variables if "velocity" in v.path]
    sizes = [np.sqrt(keras.ops.convert_to_numpy(v)) for v in squares]
    signs = [-np.sign(keras.ops.convert_to_numpy(v)) for v in variables]
    found = [(a * b).tolist() for a, b in zip(sizes, signs, strict=True)]
    return {"used": [[round(x, 4) for x in row] for row in found]}


def rates(name):
    """The parameter after a step with the rate 0.5 given in each form."""
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([100], [0.5, 0.25])
    forms = {"float": 0.5, "schedule": schedule, "callable": lambda: 0.5}
    return {
        form: round(numbers(stepped(made(name, learning_rate=rate, epsilon=0.0), [[3.0]])[0])[0], 5)
        for form, rate in forms.items()
    }


def decays(name, argument):
    """The same with a decay of 0.5 in each form: the number of the state after a step with 1."""
    forms = {"float": 0.5, "tensor": keras.ops.convert_to_tensor(0.5), "callable": lambda: 0.5}
    found = {}
    for form, decay in forms.items():
        try:
            stepped(made(name, **{argument: decay}), [[1.0]])
            found[form] = "steps"
        except Exception as error:  # noqa: BLE001 - what it raises is what is asked for
            found[form] = type(error).__name__
    return found


def averages(name, steps, **arguments):
    """The weight and its average after each step of 1 from 0; the rate makes steps of about one."""
    optimizer = made(name, use_ema=True, epsilon=0.0, **arguments)
    weight = keras.Variable(np.zeros(1, "float32"))
    rows = []
    for _ in range(steps):
        stepped(optimizer, [[-1.0]], [weight])
        average = [v for v in optimizer.variables if "average" in v.path]
        rows.append([round(numbers(v)[0], 5) for v in (weight, *average)])
    optimizer.finalize_variable_values([weight])
    return {"weight and average": rows, "finalised": round(numbers(weight)[0], 5)}


def without_average(name):
    """What the other arguments of the average do where it is not asked for."""
    optimizer = made(name, ema_momentum=0.5, ema_overwrite_frequency=1, epsilon=0.0)
    weight = keras.Variable(np.zeros(1, "float32"))
    for _ in range(2):
        stepped(optimizer, [[-1.0]], [weight])
    return {"weight": round(numbers(weight)[0], 5), "use_ema": optimizer.use_ema}


def fitted(name):
    """Whether the weights are their averages after fit()."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    optimizer = made(name, learning_rate=0.1, use_ema=True, ema_momentum=0.5)
    model.compile(optimizer=optimizer, loss="mse")
    seen = []

    class Look(keras.callbacks.Callback):
        """The weight and its average after the last batch."""

        def on_train_batch_end(self, batch, logs=None):
            (average,) = [v for v in optimizer.variables if "average" in v.path]
            seen[:] = [numbers(model.weights[0])[0][0], numbers(average)[0][0]]

    data = np.ones((4, 1), "float32")
    model.fit(data, 3 * data, batch_size=1, epochs=1, verbose=0, callbacks=[Look()])
    after = numbers(model.weights[0])[0][0]
    return {"before it was the average": seen[0] == seen[1], "after": after == seen[1]}


def scaled(name, factor):
    """The loss as it is scaled, and the gradient that a step uses."""
    optimizer = made(name, loss_scale_factor=factor)
    loss = numbers(optimizer.scale_loss(keras.ops.convert_to_tensor(3.0)))
    return {"loss": loss, **used(name, [[8.0]], loss_scale_factor=factor)}


def automatic(name):
    """The factor of a LossScaleOptimizer: at first, after an overflow, after two good steps."""
    outer = keras.optimizers.LossScaleOptimizer(made(name), dynamic_growth_steps=2)
    weight = keras.Variable(np.zeros(1, "float32"))
    factors = [numbers(outer.scale_loss(keras.ops.convert_to_tensor(1.0)))]
    for gradient in (np.inf, 1.0, 1.0, 1.0):
        stepped(outer, [[gradient]], [weight])
        factors.append(numbers(outer.scale_loss(keras.ops.convert_to_tensor(1.0))))
    return {"factors": factors}


def accumulated(name):
    """The weight and the accumulated gradient's use, step by step, with two steps an update."""
    optimizer = made(name, gradient_accumulation_steps=2, epsilon=0.0)
    weight = keras.Variable(np.zeros(1, "float32"))
    moved, states = [], []
    for gradient in (1.0, 5.0, 2.0, 2.0):
        before = numbers(weight)
        stepped(optimizer, [[gradient]], [weight])
        (square,) = [v for v in optimizer.variables if "velocity" in v.path]
        moved.append(before != numbers(weight))
        states.append(round(float(np.sqrt(numbers(square)[0])), 4))
    return {"moved": moved, "gradient": states}


def accumulated_average(name):
    """After which of eight steps a weight is overwritten by its average: every second update."""
    optimizer = made(
        name, use_ema=True, ema_momentum=0.5, ema_overwrite_frequency=2, epsilon=0.0,
        gradient_accumulation_steps=2,
    )  # fmt: skip
    weight = keras.Variable(np.zeros(1, "float32"))
    found = []
    for step in range(1, 9):
        before = numbers(weight)[0]
        stepped(optimizer, [[-1.0]], [weight])
        moved = round(numbers(weight)[0] - before, 4)
        found += [step] if moved not in (0.0, 1.0) else []
    return {"overwritten after": found}


def accumulated_schedule(name):
    """The rates that a schedule gives in six steps, two an update: 0.5 up to its iteration 2."""
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([2], [0.5, 0.25])
    optimizer = made(name, learning_rate=schedule, gradient_accumulation_steps=2, epsilon=0.0)
    weight = keras.Variable(np.zeros(1, "float32"))
    found = []
    for _ in range(6):
        before = numbers(weight)[0]
        stepped(optimizer, [[-1.0]], [weight])
        found.append(round(numbers(weight)[0] - before, 4))
    return {"moved by": found}
