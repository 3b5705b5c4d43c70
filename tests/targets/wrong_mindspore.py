"""A MindSpore optimizer that is wrong in one respect."""

from mindspore import nn, ops


class RMSPropOutside(nn.Optimizer):
    """Epsilon is added outside the root."""

    def __init__(self, params, learning_rate=0.1, decay=0.9, epsilon=1e-10):
        super().__init__(learning_rate, params)
        self.decay, self.epsilon = decay, epsilon
        self.averages = self.parameters.clone(prefix="average", init="zeros")

    def construct(self, gradients):
        rate = self.get_lr()
        for w, v, g in zip(self.parameters, self.averages, gradients):  # noqa: B905 - a graph
            ops.assign(v, self.decay * v + (1 - self.decay) * g * g)
            ops.assign_sub(w, rate * g / (ops.sqrt(v) + self.epsilon))
        self.assignadd(self.global_step, self.global_step_increase_tensor)
        return True
