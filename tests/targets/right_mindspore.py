"""A correct MindSpore optimizer, written out of single operations."""

from mindspore import nn, ops


class RMSPropOfOperations(nn.Optimizer):
    """What ApplyRMSProp does, by hand."""

    def __init__(self, params, learning_rate=0.1, decay=0.9, epsilon=1e-10):
        super().__init__(learning_rate, params)
        self.decay, self.epsilon = decay, epsilon
        self.averages = self.parameters.clone(prefix="average", init="zeros")

    def construct(self, gradients):
        rate = self.get_lr()
        for w, v, g in zip(self.parameters, self.averages, gradients):  # noqa: B905 - a graph
            ops.assign_add(v, (1 - self.decay) * (ops.square(g) - v))
            ops.assign_sub(w, rate * g / ops.sqrt(v + self.epsilon))
        self.assignadd(self.global_step, self.global_step_increase_tensor)
        return True
