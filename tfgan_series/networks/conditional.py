"""The condition as a second input of the generator and of the discriminator (Mirza and Osindero 2014), for all builders.

The generator gets the condition beside z. The last layer of the discriminator has a score for "real", as without a condition, and
one more for each name: how well the picture fits the name (the projection of Miyato and Koyama 2018). If the condition lay beside
the pixels, as in the first conditional DCGANs, it would have to find its way through all convolutions.
"""

from keras import Input, KerasTensor, layers, ops

from tfgan_series.series import Experiment

Condition = list[KerasTensor]  # the second input [B, K], or nothing if the experiment has no conditions


def condition_of(experiment: Experiment) -> Condition:
    """The second input of a network: [condition [B, K] float32], or [] if the experiment's pictures cannot be asked for."""
    names = experiment.conditions.names
    return [Input([len(names)], name="condition")] if names else []


def beside(z: KerasTensor, condition: Condition) -> KerasTensor:
    """z [B, n] with the condition behind it: [B, n + K]."""
    return layers.Concatenate()([z, *condition]) if condition else z


def outputs(condition: Condition) -> int:
    """The number of outputs of the discriminator's last layer: 1 + K."""
    return 1 + sum(one.shape[-1] for one in condition)


def logit(found: KerasTensor, condition: Condition) -> KerasTensor:
    """The discriminator's scores, 1 + K for each picture, and the condition c -> logits [B] float32: s_0 + sum over k of c_k s_k.

    Without a condition: the only score.
    """
    if condition:
        weights = layers.Concatenate()([ops.ones_like(condition[0][:, :1]), *condition])
        found = layers.Dot(axes=1, dtype="float32")([layers.Flatten()(found), weights])
    return layers.Reshape([], dtype="float32")(found)
