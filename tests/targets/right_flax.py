"""Adam as users of Flax step it: an optimizer over a model, a class of it, and a train state."""

import optax
from flax import nnx
from flax.training.train_state import TrainState


def adam(model, learning_rate=1e-3, b1=0.9, b2=0.999, eps=1e-8) -> nnx.Optimizer:
    return nnx.Optimizer(model, optax.adam(learning_rate, b1, b2, eps), wrt=nnx.Param)


class Adam(nnx.Optimizer):
    def __init__(self, model, learning_rate=1e-3, b1=0.9, b2=0.999, eps=1e-8):
        super().__init__(model, optax.adam(learning_rate, b1, b2, eps), wrt=nnx.Param)


def state(params, learning_rate=1e-3, b1=0.9, b2=0.999, eps=1e-8) -> TrainState:
    tx = optax.adam(learning_rate, b1, b2, eps)
    return TrainState.create(apply_fn=None, params=params, tx=tx)
