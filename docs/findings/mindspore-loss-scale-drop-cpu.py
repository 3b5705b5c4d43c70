"""mindspore.amp.FixedLossScaleManager: with drop_overflow_update=True a step asks for an NPU."""

import sys

import mindspore as ms
import numpy as np
from mindspore import Parameter, Tensor, amp, nn

ms.set_device("CPU")
print("mindspore", ms.__version__)


class Product(nn.Cell):
    """A loss whose gradient is its input."""

    def __init__(self):
        super().__init__()
        self.w = Parameter(Tensor(np.zeros(1, np.float32)), name="w")

    def construct(self, x):
        """w times x."""
        return (self.w * x).sum()


def step(drop):
    """What a step of the training cell comes to that goes with the manager."""
    net = Product()
    manager = amp.FixedLossScaleManager(1024.0, drop_overflow_update=drop)
    cell = manager.get_update_cell()
    scale = 1.0 if drop else manager.get_loss_scale()
    optimizer = nn.RMSProp(net.trainable_params(), 0.5, loss_scale=scale)
    if cell is None:
        train = nn.TrainOneStepCell(net, optimizer, sens=manager.get_loss_scale())
    else:
        train = nn.TrainOneStepWithLossScaleCell(net, optimizer, scale_sense=cell)
    try:
        train.set_train()(Tensor(np.ones(1, np.float32)))
    except RuntimeError as error:
        found = [word for word in str(error).split() if "NPU" in word]
        return f"RuntimeError, {found[0].strip('[]')}" if found else "RuntimeError"
    return "a step"


seen = {drop: step(drop) for drop in (False, True)}
for drop, words in seen.items():
    print(f"drop_overflow_update={drop}: {words}")
sys.exit(0 if seen[False] == "a step" and "NPU" in seen[True] else 1)
