"""A network used, not trained."""

import numpy as np


def in_batches(network, inputs, size):
    """The network's outputs for inputs [N, ...], `size` at a time, as a NumPy array [N, ...].

    With training=False: batch normalisation by its moving averages, so that each output depends on its own input alone.
    """
    return np.concatenate([network(inputs[first : first + size], training=False) for first in range(0, len(inputs), size)])
