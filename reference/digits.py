"""MATLAB's digit example: the same network, options and loop, with our update functions.

The network and its gradient are NumPy in single precision; learnables are a table in a
``dlnetwork``-like object, which ``rmspropupdate`` or ``adamupdate`` updates.  MathWorks' images are
read from a file where there is one; otherwise scikit-learn's 8-by-8 digits stand in for them, a
surrogate whose accuracy says nothing about the documented one.

Source: MATLAB rmspropupdate and adamupdate, Examples, second example.  Initial weights: Glorot's
uniform distribution (X. Glorot, Y. Bengio, AISTATS 2010), which is the layers' default there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas
from numpy.lib.stride_tricks import sliding_window_view

from optimizer_conformance.reference.matlab import DLArray, DLNetwork, adamupdate, rmspropupdate
from optimizer_conformance.reference.matlab.containers import objects

Array = np.ndarray[Any, Any]
CLASSES, FILTERS, BATCH, EPOCHS = 10, 20, 128, 20
# (name, width of the filters, padding) of the three convolutions.
CONVOLUTIONS = (("conv_1", 5, 0), ("conv_2", 3, 1), ("conv_3", 3, 1))
NAMES = ("XTrain", "TTrain", "XTest", "TTest")


class DataError(Exception):
    """Images cannot be loaded; the message says what is wanted."""


@dataclass(frozen=True)
class Images:
    """Images (count x height x width x 1, float32), their digits (count), and where from."""

    train: Array
    train_digits: Array
    test: Array
    test_digits: Array
    source: str


def load(path: Path | None = None, *, enlarge: bool = False) -> Images:
    """MathWorks' images from ``path``, or scikit-learn's digits.

    ``path`` is a .npz or .mat file (``save -v7``) with XTrain and XTest (28-by-28-by-1-by-n),
    TTrain and TTest (the digits as numbers).  ``enlarge`` makes scikit-learn's 8-by-8 images
    28-by-28: each pixel 3-by-3, and a margin of 2.  Raises DataError.
    """
    if path is not None:
        return from_file(path)
    try:
        from sklearn.datasets import load_digits  # noqa: PLC0415 - an optional dependency
    except ImportError:
        raise DataError(
            "scikit-learn is not installed: `pip install 'optimizer-conformance[examples]'`"
        ) from None
    found = load_digits()
    images = found.images.astype(np.float32)[..., np.newaxis] / np.float32(16)
    if enlarge:
        images = images.repeat(3, axis=1).repeat(3, axis=2)
        images = np.pad(images, ((0, 0), (2, 2), (2, 2), (0, 0)))
    held_out = np.arange(len(images)) % 5 == 4
    return Images(
        images[~held_out],
        found.target[~held_out],
        images[held_out],
        found.target[held_out],
        "scikit-learn's digits, a surrogate for MathWorks' images",
    )


def from_file(path: Path) -> Images:
    """The four arrays of a file."""
    try:
        if path.suffix == ".mat":
            from scipy.io import loadmat  # noqa: PLC0415 - comes with scikit-learn

            content = loadmat(path)
        else:
            content = dict(np.load(path))
        values = [np.asarray(content[name]) for name in NAMES]
    except KeyError as error:
        raise DataError(f"{path} has no {error}; it needs {', '.join(NAMES)}") from None
    except ImportError:
        raise DataError(".mat files need scipy: `pip install scipy`, or write a .npz") from None
    except (OSError, ValueError, NotImplementedError) as error:
        raise DataError(f"{path} cannot be read: {error}") from error
    images = [np.moveaxis(item, -1, 0).astype(np.float32) for item in values[0::2]]
    digits = [item.ravel().astype(int) for item in values[1::2]]
    for name, item, labels in zip(NAMES[0::2], images, digits, strict=True):
        if item.ndim != 4 or item.shape[3] != 1 or len(item) != len(labels):
            raise DataError(
                f"{path}: {name} must be height-by-width-by-1-by-n with n labels, not "
                f"{'-by-'.join(map(str, item.shape[1:]))} times {len(item)} with {len(labels)}"
            )
    return Images(images[0], digits[0], images[1], digits[1], str(path))


def network(size: int, seed: int) -> DLNetwork:
    """The network for square images of ``size``: a table of 8 learnables, all of them dlarrays."""
    stream = np.random.Generator(np.random.Philox(seed))
    rows: list[tuple[str, tuple[int, ...], int]] = []
    channels, side = 1, size
    for name, width, padding in CONVOLUTIONS:
        rows.append((name, (width, width, channels, FILTERS), width * width))
        channels, side = FILTERS, side + 2 * padding - width + 1
    rows.append(("fc", (side * side * channels, CLASSES), 1))
    layers, parameters, values = [], [], []
    for layer, shape, area in rows:
        limit = np.sqrt(6 / (area * (shape[-2] + shape[-1])))
        weights = stream.uniform(-limit, limit, shape).astype(np.float32)
        layers += [layer, layer]
        parameters += ["Weights", "Bias"]
        values += [DLArray(weights), DLArray(np.zeros(shape[-1], np.float32))]
    return DLNetwork(table(layers, parameters, values))


def table(layers: list[str], parameters: list[str], values: list[DLArray]) -> pandas.DataFrame:
    """A table of learnables or of gradients."""
    return pandas.DataFrame({"Layer": layers, "Parameter": parameters, "Value": objects(values)})


def arrays(net: DLNetwork) -> list[Array]:
    """The learnables in their order: weights and bias of each layer."""
    return [value.data for value in net.Learnables["Value"]]


def patches(x: Array, width: int, padding: int) -> Array:
    """Every window of an image as a row: (count, height, width, width x width x channels)."""
    padded = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    windows = sliding_window_view(padded, (width, width), axis=(1, 2))
    return np.moveaxis(windows, 3, 5).reshape(*windows.shape[:3], -1)


def flattened(weights: Array) -> Array:
    """Filters (height, width, channels, filters) as the matrix that patches are multiplied with."""
    return weights.reshape(-1, weights.shape[-1])


def probabilities(weights: list[Array], images: Array, mean: Array) -> tuple[Array, list[Any]]:
    """Softmax of the network, and what its gradient needs."""
    x, memory = images - mean, []
    for (_, width, padding), w, b in zip(CONVOLUTIONS, weights[0::2], weights[1::2], strict=False):
        columns = patches(x, width, padding)
        x = np.maximum(columns @ flattened(w) + b, 0)
        memory.append((columns, x))
    flat = x.reshape(len(x), -1)
    scores = flat @ weights[-2] + weights[-1]
    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True), [*memory, flat]


def loss_and_gradients(
    weights: list[Array], images: Array, digits: Array, mean: Array
) -> tuple[float, list[Array]]:
    """Cross-entropy, averaged over the batch, and its gradient by each learnable."""
    found, (*memory, flat) = probabilities(weights, images, mean)
    rows = np.arange(len(digits))
    loss = -float(np.log(found[rows, digits]).mean())
    slope = found.copy()
    slope[rows, digits] -= 1
    slope /= len(digits)
    gradients = [slope.sum(axis=0), flat.T @ slope]
    slope = (slope @ weights[-2].T).reshape(memory[-1][1].shape)
    for index in range(len(CONVOLUTIONS) - 1, -1, -1):
        (_, width, padding), (columns, out) = CONVOLUTIONS[index], memory[index]
        w = weights[2 * index]
        slope = slope * (out > 0)
        flat_slope = slope.reshape(-1, FILTERS)
        by_filter = columns.reshape(-1, columns.shape[-1]).T @ flat_slope
        gradients += [flat_slope.sum(axis=0), by_filter.reshape(w.shape)]
        if index:
            slope = unfolded(slope @ flattened(w).T, width, padding)
    return loss, gradients[::-1]


def unfolded(columns: Array, width: int, padding: int) -> Array:
    """The sum of windows at their places: the transpose of ``patches``."""
    count, height, across, _ = columns.shape
    windows = columns.reshape(count, height, across, width, width, -1)
    padded = np.zeros(
        (count, height + width - 1, across + width - 1, windows.shape[5]), columns.dtype
    )
    for i in range(width):
        for j in range(width):
            padded[:, i : i + height, j : j + across] += windows[:, :, :, i, j]
    return padded[:, padding : padded.shape[1] - padding, padding : padded.shape[2] - padding]


def accuracy(net: DLNetwork, images: Array, digits: Array, mean: Array) -> float:
    """The share of images whose most probable class is the right one."""
    guesses = [
        probabilities(arrays(net), images[start : start + 500], mean)[0].argmax(axis=1)
        for start in range(0, len(images), 500)
    ]
    return float((np.concatenate(guesses) == digits).mean())


def updates(function: str) -> Callable[[DLNetwork, Any, int], DLNetwork]:
    """The update with its averages kept between calls, as the example's loop keeps them."""
    first: Any = None
    second: Any = None

    def update(net: DLNetwork, gradients: Any, iteration: int) -> DLNetwork:
        nonlocal first, second
        updated: DLNetwork
        if function == "rmspropupdate":
            updated, second = rmspropupdate(net, gradients, second)
        else:
            updated, first, second = adamupdate(net, gradients, first, second, iteration)
        return updated

    return update


def train(
    function: str, data: Images, *, seed: int = 0, epochs: int = EPOCHS
) -> Iterator[tuple[int, float, DLNetwork]]:
    """The example's loop; yields epoch, the last batch's loss and the network after each epoch."""
    net, update = network(data.train.shape[1], seed), updates(function)
    stream = np.random.Generator(np.random.Philox([seed, 1]))
    mean = data.train.mean(axis=0)
    layers, parameters = (list(net.Learnables[name]) for name in ("Layer", "Parameter"))
    iteration = 0
    for epoch in range(1, epochs + 1):
        order = stream.permutation(len(data.train))
        loss = float("nan")
        for batch in range(len(order) // BATCH):
            iteration += 1
            chosen = order[batch * BATCH : (batch + 1) * BATCH]
            loss, gradients = loss_and_gradients(
                arrays(net), data.train[chosen], data.train_digits[chosen], mean
            )
            slopes = table(layers, parameters, [DLArray(g) for g in gradients])
            net = update(net, slopes, iteration)
        yield epoch, loss, net


def trained_accuracy(function: str, data: Images, *, seed: int = 0, epochs: int = EPOCHS) -> float:
    """The accuracy on the test images after all epochs."""
    *_, (_, _, net) = train(function, data, seed=seed, epochs=epochs)
    return accuracy(net, data.test, data.test_digits, data.train.mean(axis=0))
