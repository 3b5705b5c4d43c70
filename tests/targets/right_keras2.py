"""Optimizers in the two forms of Keras 2."""

import tensorflow as tf
import tf_keras


class RMS(tf_keras.optimizers.Optimizer):
    def __init__(self, learning_rate=0.001, rho=0.9, epsilon=1e-7, name="RMS", **kwargs):
        super().__init__(name=name, **kwargs)
        self._learning_rate = self._build_learning_rate(learning_rate)
        self.rho, self.epsilon = rho, epsilon

    def build(self, var_list):
        super().build(var_list)
        if getattr(self, "_built", False):
            return
        self.v = [self.add_variable_from_reference(v, "velocity") for v in var_list]
        self._built = True

    def update_step(self, gradient, variable):
        lr = tf.cast(self.learning_rate, variable.dtype)
        v = self.v[self._index_dict[self._var_key(variable)]]
        v.assign(self.rho * v + (1 - self.rho) * tf.square(gradient))
        variable.assign_sub(lr * gradient / tf.sqrt(v + self.epsilon))

    def get_config(self):
        return {}


class Legacy(tf_keras.optimizers.legacy.Optimizer):
    def __init__(self, learning_rate=0.001, rho=0.9, epsilon=1e-7, name="RMS", **kwargs):
        super().__init__(name, **kwargs)
        self._set_hyper("learning_rate", learning_rate)
        self._set_hyper("rho", rho)
        self.epsilon = epsilon

    def _create_slots(self, var_list):
        for var in var_list:
            self.add_slot(var, "rms")

    def _resource_apply_dense(self, grad, var, apply_state=None):
        lr = self._get_hyper("learning_rate", var.dtype)
        rho = self._get_hyper("rho", var.dtype)
        v = self.get_slot(var, "rms")
        v.assign(rho * v + (1 - rho) * tf.square(grad))
        return var.assign_sub(lr * grad / tf.sqrt(v + self.epsilon))

    def get_config(self):
        return {}
