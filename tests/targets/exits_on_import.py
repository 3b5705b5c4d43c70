"""A script without a guard: it ends when it is imported."""

import sys

sys.exit("usage: train.py DATA")
