"""MXNet alone: Dive into Deep Learning 8.6.3, the book's training through Gluon."""

import mxnet as mx
import numpy as np
from mxnet import autograd, gluon, init, nd

VERSIONS = ("mxnet", "numpy")
RATE, GAMMA, SPREAD = 0.01, 0.9, 0.01


def losses(samples, seeds, batch=10, epochs=2, every=100, first=0):
    """The loss that the book would print, once a seed: the seeds from ``first`` to ``seeds`` - 1.

    ``samples``: a .npy file of standardised features (all columns but the last) and targets.
    """
    table = np.load(samples)
    features, targets = nd.array(table[:, :-1]), nd.array(table[:, -1])
    return [one(features, targets, seed, batch, epochs, every) for seed in range(first, seeds)]


def one(features, targets, seed, batch, epochs, every):
    """Two epochs of one seed; the book evaluates every 100 samples and prints the last loss."""
    generator = np.random.default_rng(seed)
    mx.random.seed(seed)
    net = gluon.nn.Sequential()
    net.add(gluon.nn.Dense(1))
    net.initialize(init.Normal(sigma=SPREAD))
    half_square = gluon.loss.L2Loss()
    trainer = gluon.Trainer(
        net.collect_params(), "rmsprop", {"learning_rate": RATE, "gamma1": GAMMA}
    )
    printed = None
    for _ in range(epochs):
        # What the book's DataLoader does with shuffle=True, without its 10 slices a batch.
        order = nd.array(generator.permutation(len(targets)), dtype="int32")
        x_all, y_all = features.take(order), targets.take(order)
        for first in range(0, len(targets), batch):
            x, y = x_all[first : first + batch], y_all[first : first + batch]
            with autograd.record():
                error = half_square(net(x), y)
            error.backward()
            trainer.step(batch)
            # Every hundred samples the book evaluates; it prints what it saw last.
            if first + batch == len(targets) // every * every:
                printed = half_square(net(features), targets).mean()
    return float(printed.asscalar())
