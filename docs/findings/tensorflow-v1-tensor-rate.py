"""tf.keras.optimizers.RMSprop and Adam: a tensor as learning_rate is refused."""

import sys

import tensorflow as tf

refused = []
rate = 1.0 / (1.0 + tf.Variable(1.0))
print("tensorflow", tf.__version__, "keras", tf.keras.__version__)
for name in ("RMSprop", "Adam"):
    try:
        getattr(tf.keras.optimizers, name)(learning_rate=rate)
        print(f"tf.keras.optimizers.{name}: taken")
    except ValueError as error:
        refused.append(name)
        print(f"tf.keras.optimizers.{name}: ValueError: {str(error).partition('.')[0]}")
for name in ("RMSPropOptimizer", "AdamOptimizer"):
    optimizer = getattr(tf.compat.v1.train, name)(learning_rate=rate)
    weight = tf.Variable([0.0])
    optimizer.apply_gradients([(tf.constant([-1.0]), weight)])
    print(f"tf.compat.v1.train.{name}: steps to {weight.numpy()}")
sys.exit(0 if len(refused) == 2 else 1)
