"""tf_keras' Nadam inside tf.function: the schedule's product grows once a variable."""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf
import tf_keras


def two_steps(compiled, count):
    """The first variable after two steps of an optimizer of several."""
    variables = [tf.Variable([0.0]) for _ in range(count)]
    optimizer = tf_keras.optimizers.Nadam(0.5)
    optimizer.build(variables)

    def step():
        optimizer.apply_gradients([(tf.constant([1.0]), variable) for variable in variables])

    step = tf.function(step) if compiled else step
    step()
    step()
    return float(variables[0].numpy()[0]), float(variables[-1].numpy()[0])


print("tf_keras", tf_keras.__version__)
results = {}
for compiled in (False, True):
    for count in (1, 3):
        results[compiled, count] = first, last = two_steps(compiled, count)
        print(f"tf.function={compiled!s:5} {count} variables: first {first:.6f} last {last:.6f}")
same = abs(results[False, 3][1] - results[False, 1][0]) < 1e-6
wrong = abs(results[True, 3][1] - results[True, 1][0]) > 1e-4
sys.exit(0 if same and wrong else 1)
