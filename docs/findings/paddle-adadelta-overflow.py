"""paddle.optimizer.Adadelta and Adagrad: nan where a square overflows, in blocks of eight."""

import sys

import numpy as np
import paddle

print("paddle", paddle.__version__)


def first(own: type, count: int, **options: float) -> float:
    """The first of so many elements after a step from zero."""
    parameter = paddle.to_tensor(np.zeros(count, np.float32), stop_gradient=False)
    optimizer = own(0.5, epsilon=1e-6, parameters=[parameter], **options)
    parameter.grad = paddle.to_tensor(np.full(count, 1e20, np.float32))
    optimizer.step()
    return float(parameter.numpy()[0])


held = True
for own, options in ((paddle.optimizer.Adadelta, {"rho": 0.9}), (paddle.optimizer.Adagrad, {})):
    found = {count: first(own, count, **options) for count in (1, 8)}
    for count, value in found.items():
        print(f"{own.__name__}, {count} elements, gradients 1e20: the first becomes {value}")
    held &= found[1] == 0.0 and bool(np.isnan(found[8]))
print("Adadelta: sqrt((0 + eps) / (inf + eps)) * 1e20 is 0; Adagrad: 1e20 / (inf + eps) is 0")
sys.exit(0 if held else 1)
