"""TensorFlow.js: ``tf.train.rmsprop`` and ``tf.train.adam``."""

from dataclasses import replace

from optimizer_conformance.reference import rules
from optimizer_conformance.reference.variants.record import Variant

PAGE = "https://js.tensorflow.org/api/4.22.0/#train.{}"
VERSIONS = "@tensorflow/tfjs 4.22"

EPSILON = (
    'the page prints no formula and says only "small value to avoid zero denominator": epsilon may '
    "stand under the root (this reading, as in TensorFlow) or be added to it (the reading -outside)"
)
BUFFER = (
    '"plain momentum" is all that the page says of the buffer: the learning rate may stand inside '
    "it (this reading, as in TensorFlow) or be applied to it (the reading -unscaled)"
)
RMSPROP = Variant(
    identifier="tfjs-rmsprop",
    # The slides, to which the page refers for the rest, start at zero.
    rule=rules.RMSPROP.having(epsilon="inside"),
    # The learning rate has no default, and that of epsilon is the back end's own.
    defaults={"decay": "0.9"},
    source="tf.train.rmsprop, parameters",
    url=PAGE.format("rmsprop"),
    versions=VERSIONS,
    readings={"epsilon": EPSILON},
)
OUTSIDE = replace(RMSPROP, identifier="tfjs-rmsprop-outside", rule=rules.RMSPROP)
ADAM = Variant(
    identifier="tfjs-adam",
    rule=rules.ADAM,
    defaults={"learning_rate": "0.001", "beta1": "0.9", "decay": "0.999"},
    source="tf.train.adam, parameters; arXiv:1412.6980",
    url=PAGE.format("adam"),
    versions=VERSIONS,
    readings={
        "epsilon": "the page names the paper, Kingma and Ba, and no formula: epsilon may be added "
        "to the corrected root, as in Algorithm 1 (this reading), or to the uncorrected one, as at "
        "the end of section 2 (the reading -hat)"
    },
)


def with_options(variant: Variant) -> tuple[Variant, ...]:
    """Centred or not ("normalized by the estimated variance"), with each kind of momentum."""
    found = [variant, variant.with_option("centered", centered=True)]
    other = replace(variant, identifier=f"{variant.identifier}-unscaled")
    for start, buffer in ((variant, "scaled"), (other, "unscaled")):
        for item in (start, start.with_option("centered", centered=True)):
            option = item.with_option("momentum", momentum=buffer, defaults={"momentum": "0"})
            found.append(replace(option, readings={**variant.readings, "momentum": BUFFER}))
    return tuple(found)


VARIANTS = (
    *with_options(RMSPROP),
    *with_options(OUTSIDE),
    ADAM,
    replace(ADAM, identifier="tfjs-adam-hat", rule=ADAM.rule.having(epsilon="hat")),
)
