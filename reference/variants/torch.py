"""PyTorch: the optimizers of ``torch.optim`` that step element by element.

Everything follows the boxed algorithms and the argument lists of the docstrings.
"""

from typing import Any

from optimizer_conformance.reference import rules
from optimizer_conformance.reference.variants.record import Variant

DOCUMENTATION = "https://docs.pytorch.org/docs/2.13/generated/torch.optim.{}.html"
VERSIONS = "torch 2.13"

# "stepping through a PyTorch optimizer with complex parameters" is "equivalent to stepping through
# the same optimizer on the torch.view_as_real() equivalent": Complex Numbers, Optimizers.
RMSPROP = Variant(
    identifier="torch-rmsprop",
    squares="components",
    # "takes the square root of the gradient average before adding epsilon"
    rule=rules.RMSPROP,
    defaults={"learning_rate": "0.01", "decay": "0.99", "epsilon": "1e-8"},
    source="torch.optim.RMSprop, algorithm and arguments",
    url=DOCUMENTATION.format("RMSprop"),
    versions=VERSIONS,
)
RMSPROP_CENTERED = RMSPROP.with_option("centered", centered=True)
# The buffer b collects g / (sqrt(v) + epsilon); the learning rate multiplies b when it is applied.
BUFFER: dict[str, Any] = {"momentum": "unscaled", "defaults": {"momentum": "0"}}

ADAM = Variant(
    identifier="torch-adam",
    squares="components",
    rule=rules.ADAM,
    defaults={"learning_rate": "0.001", "beta1": "0.9", "decay": "0.999", "epsilon": "1e-8"},
    source="torch.optim.Adam, algorithm and arguments",
    url=DOCUMENTATION.format("Adam"),
    versions=VERSIONS,
)
ADAMW = Variant(
    identifier="torch-adamw",
    squares="components",
    rule=ADAM.rule,
    defaults=ADAM.defaults,
    source="torch.optim.AdamW, algorithm and arguments",
    url=DOCUMENTATION.format("AdamW"),
    versions=VERSIONS,
)

SGD = Variant(
    identifier="torch-sgd",
    squares="components",
    rule=rules.SGD,
    defaults={"learning_rate": "0.001"},
    source="torch.optim.SGD, algorithm and arguments",
    url=DOCUMENTATION.format("SGD"),
    versions=VERSIONS,
)
# Without dampening a buffer that starts as the first gradient is one that starts at zero.
SGD_MOMENTUM = SGD.with_option("momentum", **BUFFER)

ADAGRAD = Variant(
    identifier="torch-adagrad",
    squares="components",
    # The algorithm's lr_decay and initial accumulator are 0 unless they are asked for.
    rule=rules.ADAGRAD,
    defaults={"learning_rate": "0.01", "epsilon": "1e-10"},
    source="torch.optim.Adagrad, algorithm and arguments",
    url=DOCUMENTATION.format("Adagrad"),
    versions=VERSIONS,
)

ADADELTA = Variant(
    identifier="torch-adadelta",
    squares="components",
    rule=rules.ADADELTA,
    defaults={"learning_rate": "1.0", "decay": "0.9", "epsilon": "1e-6"},
    source="torch.optim.Adadelta, algorithm and arguments",
    url=DOCUMENTATION.format("Adadelta"),
    versions=VERSIONS,
)

ADAMAX = Variant(
    identifier="torch-adamax",
    squares="components",
    # u_t = max(beta_2 u_(t-1), |g_t| + epsilon)
    rule=rules.ADAMAX.having(epsilon="new"),
    defaults={"learning_rate": "0.002", "beta1": "0.9", "decay": "0.999", "epsilon": "1e-8"},
    source="torch.optim.Adamax, algorithm and arguments",
    url=DOCUMENTATION.format("Adamax"),
    versions=VERSIONS,
)

RADAM = Variant(
    identifier="torch-radam",
    squares="components",
    # if rho_t > 5: l_t = sqrt(1 - beta_2^t) / (sqrt(v_t) + epsilon)
    rule=rules.RADAM.having(epsilon="hat"),
    defaults={"learning_rate": "0.001", "beta1": "0.9", "decay": "0.999", "epsilon": "1e-8"},
    source="torch.optim.RAdam, algorithm and arguments",
    url=DOCUMENTATION.format("RAdam"),
    versions=VERSIONS,
)

RPROP = Variant(
    identifier="torch-rprop",
    squares="components",
    rule=rules.RPROP,
    defaults={
        "learning_rate": "0.01",
        "shrinkage": "0.5",
        "growth": "1.2",
        "least_step": "1e-6",
        "largest_step": "50",
    },
    source="torch.optim.Rprop, algorithm and arguments",
    url=DOCUMENTATION.format("Rprop"),
    versions=VERSIONS,
)

NADAM = Variant(
    identifier="torch-nadam",
    squares="components",
    rule=rules.NADAM,
    defaults={
        "learning_rate": "0.002",
        "beta1": "0.9",
        "decay": "0.999",
        "epsilon": "1e-8",
        "momentum_decay": "0.004",
    },
    source="torch.optim.NAdam, algorithm and arguments",
    url=DOCUMENTATION.format("NAdam"),
    versions=VERSIONS,
)

ASGD = Variant(
    identifier="torch-asgd",
    squares="components",
    # The docstring prints no formula: Bottou's, whose words the arguments are ("decay term", "power
    # for eta update", "point at which to start averaging").
    rule=rules.ASGD,
    defaults={"learning_rate": "0.01", "fading": "0.0001", "power": "0.75", "delay": "1000000"},
    source="torch.optim.ASGD, arguments, and the paper that it names",
    url=DOCUMENTATION.format("ASGD"),
    versions=VERSIONS,
)

VARIANTS = (
    ASGD,
    ASGD.with_option("weight_decay", weight_decay="l2", defaults={"weight_decay": "0"}),
    ASGD.with_option("maximize", maximize=True),
    RMSPROP,
    RMSPROP.with_option("momentum", **BUFFER),
    RMSPROP_CENTERED,
    RMSPROP_CENTERED.with_option("momentum", **BUFFER),
    RMSPROP.with_option("weight_decay", weight_decay="l2", defaults={"weight_decay": "0"}),
    # RMSprop's algorithm leaves maximize out; its argument says "maximize the objective".
    RMSPROP.with_option("maximize", maximize=True),
    ADAM,
    # The maximum is taken of the raw second moments and divided by 1 - beta2^t afterwards.
    ADAM.with_option("amsgrad", amsgrad="raw"),
    ADAM.with_option("weight_decay", weight_decay="l2", defaults={"weight_decay": "0"}),
    ADAM.with_option("maximize", maximize=True),
    ADAMW,
    ADAMW.with_option("amsgrad", amsgrad="raw"),
    # The parameter first loses lr x weight_decay x parameter, then takes Adam's step.
    ADAMW.with_option("weight_decay", weight_decay="decoupled", defaults={"weight_decay": "0.01"}),
    ADAMW.with_option("maximize", maximize=True),
    SGD,
    SGD_MOMENTUM,
    SGD_MOMENTUM.with_option("nesterov", nesterov=True),
    SGD.with_option("weight_decay", weight_decay="l2", defaults={"weight_decay": "0"}),
    SGD.with_option("maximize", maximize=True),
    NADAM,
    NADAM.with_option("weight_decay", weight_decay="l2", defaults={"weight_decay": "0"}),
    NADAM.with_option("maximize", maximize=True),
    ADAGRAD,
    ADAGRAD.with_option("weight_decay", weight_decay="l2", defaults={"weight_decay": "0"}),
    ADAGRAD.with_option("maximize", maximize=True),
    ADAMAX,
    ADAMAX.with_option("weight_decay", weight_decay="l2", defaults={"weight_decay": "0"}),
    ADAMAX.with_option("maximize", maximize=True),
    RADAM,
    RADAM.with_option("weight_decay", weight_decay="l2", defaults={"weight_decay": "0"}),
    RADAM.with_option("maximize", maximize=True),
    RPROP,
    RPROP.with_option("maximize", maximize=True),
    ADADELTA,
    ADADELTA.with_option("weight_decay", weight_decay="l2", defaults={"weight_decay": "0"}),
    ADADELTA.with_option("maximize", maximize=True),
)
