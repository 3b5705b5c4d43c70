"""MindSpore alone: ``nn.RMSProp`` in training: loss scales, and the page's example to its end."""

import mindspore as ms
import numpy as np
from mindspore import Parameter, Tensor, amp, nn

VERSIONS = ("mindspore",)
ms.set_device("CPU")


class LeNet5(nn.Cell):
    """The network of the page's link, by its layers: two convolutions, three dense ones."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, pad_mode="valid")
        self.conv2 = nn.Conv2d(6, 16, 5, pad_mode="valid")
        self.fc1 = nn.Dense(16 * 5 * 5, 120)
        self.fc2 = nn.Dense(120, 84)
        self.fc3 = nn.Dense(84, 10)
        self.relu = nn.ReLU()
        self.pool = nn.MaxPool2d(2, 2)
        self.flatten = nn.Flatten()

    def construct(self, x):
        """Logits of images of 32 by 32."""
        x = self.pool(self.relu(self.conv1(x)))
        x = self.flatten(self.pool(self.relu(self.conv2(x))))
        return self.fc3(self.relu(self.fc2(self.relu(self.fc1(x)))))


def _groups(net, number):
    """The optimizer of the page's first or second example."""
    every = net.trainable_params()
    if number == 1:
        return nn.RMSProp(params=every, learning_rate=0.1)
    conv = list(filter(lambda x: "conv" in x.name, every))
    rest = list(filter(lambda x: "conv" not in x.name, every))
    groups = [
        {"params": conv, "weight_decay": 0.01, "grad_centralization": True},
        {"params": rest, "lr": 0.01},
        {"order_params": every},
    ]
    return nn.RMSProp(groups, learning_rate=0.1, weight_decay=0.0)


def example(number):
    """The page's example as it is printed, and then an epoch of ``Model.train`` of two batches."""
    net = LeNet5()
    optimizer = _groups(net, number)
    model = ms.train.Model(net, loss_fn=nn.SoftmaxCrossEntropyWithLogits(), optimizer=optimizer)
    generator = np.random.default_rng(0)
    images = generator.random((4, 1, 32, 32), np.float32)
    labels = np.eye(10, dtype=np.float32)[[1, 2, 3, 4]]
    dataset = ms.dataset.NumpySlicesDataset({"x": images, "y": labels}, shuffle=False).batch(2)
    before = [p.asnumpy().copy() for p in net.trainable_params()]
    model.train(1, dataset, dataset_sink_mode=False)
    after = [p.asnumpy() for p in net.trainable_params()]
    moved = [bool((b != a).any()) for b, a in zip(before, after, strict=True)]
    return {"trained": True, "moved": sum(moved), "parameters": len(moved)}


class Product(nn.Cell):
    """A loss whose gradient by ``w`` is its input."""

    def __init__(self):
        super().__init__()
        self.w = Parameter(Tensor(np.zeros(1, np.float32)), name="w")

    def construct(self, x):
        """w times x."""
        return (self.w * x).sum()


def scaled_step(drop, loss_scale=1.0, scale=1024.0, gradient=0.75, mode="pynative"):
    """A step with FixedLossScaleManager, made as the manager asks: its update cell, or none."""
    ms.set_context(mode={"pynative": ms.PYNATIVE_MODE, "graph": ms.GRAPH_MODE}[mode])
    manager = amp.FixedLossScaleManager(scale, drop_overflow_update=drop)
    net = Product()
    optimizer = nn.RMSProp(
        net.trainable_params(), 0.5, decay=1.0, epsilon=1e-30, loss_scale=loss_scale
    )
    cell = manager.get_update_cell()
    if cell is None:
        step = nn.TrainOneStepCell(net, optimizer, sens=manager.get_loss_scale())
    else:
        step = nn.TrainOneStepWithLossScaleCell(net, optimizer, scale_sense=cell)
    step.set_train()
    step(Tensor(np.full(1, gradient, np.float32)))
    return {"step": float(-net.w.asnumpy()[0]), "update_cell": cell is not None}
