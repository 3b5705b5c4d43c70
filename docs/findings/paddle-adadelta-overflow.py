"""paddle.optimizer.Adadelta: nan where a gradient's square overflows, in blocks of eight."""

import sys

import numpy as np
import paddle

print("paddle", paddle.__version__)
first = {}
for count in (1, 8):
    parameter = paddle.to_tensor(np.zeros(count, np.float32), stop_gradient=False)
    optimizer = paddle.optimizer.Adadelta(0.5, epsilon=1e-6, rho=0.9, parameters=[parameter])
    parameter.grad = paddle.to_tensor(np.full(count, 1e20, np.float32))
    optimizer.step()
    first[count] = float(parameter.numpy()[0])
    print(f"{count} elements, gradients 1e20: the first becomes {first[count]}")
print("sqrt((0 + eps) / (inf + eps)) * 1e20 is 0")
sys.exit(0 if first[1] == 0.0 and np.isnan(first[8]) else 1)
