"""MLX alone: what the docstrings of RMSprop and Adam say beside the formula."""

import mlx.core as mx
import mlx.optimizers

VERSIONS = ("mlx",)


def stepped(name, count=3, **arguments):
    """The parameter after each step with the gradient 1, 3, -0.5."""
    optimizer = getattr(mlx.optimizers, name)(**{"learning_rate": 0.5, **arguments})
    parameters, found = {"w": mx.zeros(1)}, []
    for gradient in (1.0, 3.0, -0.5)[:count]:
        parameters = optimizer.apply_gradients({"w": mx.array([gradient])}, parameters)
        found.append(parameters["w"].item())
    return found


def callable_rate(name):
    """The numbers with which a rate is called in three steps, and whether what it gives is used."""
    asked = []

    def rate(step):
        asked.append(int(step.item()))
        return mx.array(0.5)

    same = stepped(name, learning_rate=rate) == stepped(name)
    return {"asked with": sorted(set(asked)), "as the number": same}


def forms(name, argument, *values):
    """Whether an argument in other forms steps as the first, to the bit."""
    found = [stepped(name, **{argument: value}) for value in values]
    return {"same": all(one == found[0] for one in found)}


def corrected():
    """The size of Adam's first step with the rate 0.5: with, without and with no word of it."""
    given = {"with": {"bias_correction": True}, "without": {"bias_correction": False}, "silent": {}}
    return {
        words: round(abs(stepped("Adam", 1, eps=0.0, **arguments)[0]), 4)
        for words, arguments in given.items()
    }


def without_rate(name):
    """An optimizer without a rate."""
    return {"made": getattr(mlx.optimizers, name)() is not None}
