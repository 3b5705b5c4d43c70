"""Keras optimizers, each wrong in one respect."""

import keras
from keras import ops


class RMSpropOutside(keras.optimizers.Optimizer):
    """Epsilon is added outside the root."""

    def __init__(self, learning_rate=0.001, rho=0.9, epsilon=1e-7, name="mine", **kwargs):
        super().__init__(learning_rate=learning_rate, name=name, **kwargs)
        self.rho, self.epsilon = rho, epsilon

    def build(self, variables):
        if not self.built:
            super().build(variables)
            self.averages = [self.add_variable_from_reference(v, "average") for v in variables]

    def update_step(self, gradient, variable, learning_rate):
        average = self.averages[self._get_variable_index(variable)]
        rate = ops.cast(learning_rate, variable.dtype)
        self.assign(average, self.rho * average + (1 - self.rho) * ops.square(gradient))
        self.assign_sub(variable, rate * gradient / (ops.sqrt(average) + self.epsilon))


class RMSpropTwice(RMSpropOutside):
    """Epsilon is right, and each step is twice as long."""

    def update_step(self, gradient, variable, learning_rate):
        average = self.averages[self._get_variable_index(variable)]
        rate = ops.cast(learning_rate, variable.dtype)
        self.assign(average, self.rho * average + (1 - self.rho) * ops.square(gradient))
        self.assign_sub(variable, 2 * rate * gradient * ops.rsqrt(average + self.epsilon))
