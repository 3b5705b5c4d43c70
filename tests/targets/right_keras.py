"""A correct Keras optimizer, written in another way."""

import keras
from keras import ops


class RMSpropInterpolated(keras.optimizers.Optimizer):
    """Averages by interpolation, the step by a division."""

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
        squares = ops.multiply(gradient, gradient)
        self.assign_add(average, (1 - self.rho) * (squares - average))
        self.assign_sub(variable, ops.divide(rate * gradient, ops.sqrt(average + self.epsilon)))
