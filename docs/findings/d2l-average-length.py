"""Dive into Deep Learning 8.6: how much of the average comes from the last 1/(1 - gamma) steps."""

import sys

gamma = 0.9
length = round(1 / (1 - gamma))
weights = [(1 - gamma) * gamma**age for age in range(1000)]
share = sum(weights[:length])
mean_age = sum((age + 1) * weight for age, weight in enumerate(weights))
print(f"gamma {gamma}: the last {length} steps hold {share:.4f} of the weight")
print(f"mean age of a square {mean_age:.4f} steps")
sys.exit(0 if share < 0.66 else 1)
