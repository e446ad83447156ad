import numpy as np
import pytest
import tensorflow as tf

from tfgan_series import series
from tfgan_series.training import train
from tfgan_series.training.checkpoints import Checkpoints
from tfgan_series.training.state import create_state

STEPS = 8
TINY = {"image_size": 8, "base_filters": 2, "batch_size": 2}


def ended(experiment, strategy, folder, *ways):
    """For each way to put the same steps into calls, a list of lengths: all weights, and the numbers of each step."""
    algorithm = series.MODELS[experiment.model].load_algorithm()
    state = create_state(experiment, strategy, algorithm.measures(experiment), STEPS, algorithm.buffers(experiment))
    steps = train.in_one_call(algorithm.make_step(experiment, state, strategy))
    shape = [STEPS, experiment.batch_size, experiment.image_size, experiment.image_size, experiment.channels]
    sets = [np.random.default_rng(seed).uniform(-1, 1, shape).astype("float32") for seed, _ in enumerate(experiment.sides)]
    dataset = tf.data.Dataset.from_tensor_slices(tuple(sets) if len(sets) > 1 else sets[0])
    begun = Checkpoints(state, folder)
    begun.save()
    for calls in ways:
        begun.restore()
        batches = iter(strategy.experimental_distribute_dataset(dataset))
        for count in calls:
            steps(batches, count)
        assert state.steps_done() == STEPS
        weights = [weight.numpy() for network in state.networks.values() for weight in network.weights]
        averages = [average.numpy() for kept in state.averages.values() for average in kept]
        yield [*weights, *averages, state.epoch_history(STEPS)]


@pytest.mark.parametrize(
    ("model", "given"),
    [
        ("gan", {"optimizer": "adam"}),
        ("dcgan", {"critic_steps": 3, "ema": 0.9, "diff_augment": True}),
        ("cyclegan", {"image_size": 16, "blocks": 1, "pool": 2}),
        ("dcgan on two devices", {"critic_steps": 2}),
    ],
)
def test_how_steps_are_put_into_calls_changes_no_bit(model, given, two_devices, tmp_path):
    strategy = two_devices if "two" in model else tf.distribute.get_strategy()
    row = {"gan": "mnist", "cyclegan": "horse2zebra"}.get(model, "digits")
    settings = TINY | given if model != "gan" else {"batch_size": 2, **given}
    experiment = series.resolve(row, model.split()[0], **settings)
    alone, together = ended(experiment, strategy, tmp_path, [1] * STEPS, [1, 4, 3])
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)
