"""mxnet.nd.rmsprop_update, rmspropalex_update, adam_update: clipping to 0 is not turned off."""

import sys

import mxnet as mx

STATES = {"rmsprop_update": 1, "rmspropalex_update": 3, "adam_update": 2}


def step(name, **options):
    """The weight after one step from 2 with the gradient 2."""
    weight = mx.nd.array([2.0])
    state = [mx.nd.zeros(1) for _ in range(STATES[name])]
    getattr(mx.nd, name)(weight, mx.nd.array([2.0]), *state, out=weight, lr=0.5, **options)
    return float(weight.asscalar())


print("mxnet", mx.__version__)
held = []
for name in STATES:
    off = step(name)
    for option in ("clip_gradient", *(["clip_weights"] if name != "adam_update" else [])):
        negative, zero = step(name, **{option: -1.0}), step(name, **{option: 0.0})
        print(f"{name}: without {off:.5f}, {option}=-1 {negative:.5f}, {option}=0 {zero:.5f}")
        held.append(negative == off and zero != off)
print('documented: "If clip_gradient <= 0, gradient clipping is turned off", clip_weights likewise')
sys.exit(0 if all(held) else 1)
