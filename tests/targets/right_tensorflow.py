"""Adam as TensorFlow's guide to its core API has it."""

import tensorflow as tf


class Adam(tf.Module):
    def __init__(self, learning_rate=1e-3, beta_1=0.9, beta_2=0.999, ep=1e-7):
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.learning_rate = learning_rate
        self.ep = ep
        self.t = 1.0
        self.v_dvar, self.s_dvar = [], []
        self.built = False

    def apply_gradients(self, grads, vars):  # noqa: A002 - the guide calls it so
        if not self.built:
            for var in vars:
                self.v_dvar.append(tf.Variable(tf.zeros(shape=var.shape, dtype=var.dtype)))
                self.s_dvar.append(tf.Variable(tf.zeros(shape=var.shape, dtype=var.dtype)))
            self.built = True
        for i, (d_var, var) in enumerate(zip(grads, vars)):  # noqa: B905 - as in the guide
            self.v_dvar[i].assign(self.beta_1 * self.v_dvar[i] + (1 - self.beta_1) * d_var)
            self.s_dvar[i].assign(self.beta_2 * self.s_dvar[i] + (1 - self.beta_2) * d_var**2)
            v = self.v_dvar[i] / (1 - (self.beta_1**self.t))
            s = self.s_dvar[i] / (1 - (self.beta_2**self.t))
            var.assign_sub(self.learning_rate * (v / (tf.sqrt(s) + self.ep)))
        self.t += 1.0
