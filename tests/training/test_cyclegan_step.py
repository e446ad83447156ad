import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tfgan_series import runs, series
from tfgan_series.generators import load_generator
from tfgan_series.training import cyclegan
from tfgan_series.training.state import create_state

TINY = {"image_size": 16, "base_filters": 2, "blocks": 1, "batch_size": 2, "optimizer": "sgd", "lr": 0.01}


def make(strategy=None, **given):
    experiment = series.resolve("horse2zebra", **{**TINY, **given})
    strategy = strategy or tf.distribute.get_strategy()
    state = create_state(experiment, strategy, cyclegan.measures(experiment), 8, cyclegan.buffers(experiment))
    state.set_learning_rate(experiment.lr)
    return experiment, state, cyclegan.make_step(experiment, state, strategy)


def real(seed=0, batch=2):
    draw = np.random.default_rng(seed)
    return tuple(tf.constant(draw.uniform(-1, 1, (batch, 16, 16, 3)), tf.float32) for _ in range(2))


def log_sigmoid(x):
    return -np.logaddexp(0, -x)


@pytest.fixture
def eager():
    """Run steps without a graph: tracing so many networks takes longer than computing a few steps."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.mark.parametrize("preset", ["article", "paper"])
def test_losses_by_hand_and_where_they_move_the_generators(preset, eager):
    """Every number of the first step, computed in NumPy from its formula. SGD moves both generators by lr times the gradient of
    their summed loss."""
    experiment, state, step = make(preset=preset, pool=2, real_label=0.9)
    nets = state.networks
    a, b = real()
    with tf.GradientTape() as tape:
        fake_b, fake_a = nets["generator_ab"](a), nets["generator_ba"](b)
        back_a, back_b = nets["generator_ba"](fake_b), nets["generator_ab"](fake_a)
        logits = {"a": nets["discriminator_a"](fake_a), "b": nets["discriminator_b"](fake_b)}
        same_a, same_b = nets["generator_ba"](a), nets["generator_ab"](b)
        if preset == "article":
            total = sum(tf.reduce_mean(tf.nn.softplus(-logits[one])) for one in "ab")
            total += 10 * (tf.reduce_mean((a - back_a) ** 2) + tf.reduce_mean((b - back_b) ** 2))
        else:
            total = sum(tf.reduce_mean((logits[one] - 1) ** 2) for one in "ab")
            total += 10 * (tf.reduce_mean(abs(a - back_a)) + tf.reduce_mean(abs(b - back_b)))
            total += 5 * (tf.reduce_mean(abs(a - same_a)) + tf.reduce_mean(abs(b - same_b)))
    generators = [nets["generator_ab"], nets["generator_ba"]]
    variables = [variable for model in generators for variable in model.trainable_variables]
    gradients, before = tape.gradient(total, [variable.value for variable in variables]), [one.numpy() for one in variables]
    fake = {one: value.numpy() for one, value in logits.items()}
    true = {"a": nets["discriminator_a"](a).numpy(), "b": nets["discriminator_b"](b).numpy()}
    if preset == "article":
        gan = {one: -log_sigmoid(fake[one]).mean() for one in "ab"}
        real_part = {one: -(0.9 * log_sigmoid(true[one]) + 0.1 * log_sigmoid(-true[one])).mean() for one in "ab"}
        judge = {one: real_part[one] - log_sigmoid(-fake[one]).mean() for one in "ab"}
        cycle = np.square(a - back_a).mean() + np.square(b - back_b).mean()
    else:
        gan = {one: np.square(fake[one] - 1).mean() for one in "ab"}
        judge = {one: np.square(true[one] - 0.9).mean() + np.square(fake[one]).mean() for one in "ab"}
        cycle = np.abs(a - back_a).mean() + np.abs(b - back_b).mean()

    step((a, b))
    noted = state.means(1)
    wanted = {"Gen_ab_loss": gan["b"], "Gen_ba_loss": gan["a"], "Dis_a_loss": judge["a"], "Dis_b_loss": judge["b"]}
    wanted |= {"Cycle_loss": cycle, "Gen_loss": float(total), "Dis_loss": sum(judge.values())}
    wanted["Gen_grad"] = np.sqrt(sum(np.square(gradient).sum() for gradient in gradients))
    if preset == "article":
        wanted |= {name: np.mean([1 / (1 + np.exp(-one[k])) for k in "ab"]) for name, one in (("Real_P", true), ("Fake_P", fake))}
    else:  # least squares: the logit is no log-odds
        wanted |= {name: np.mean([one[k] for k in "ab"]) for name, one in (("Real_logit", true), ("Fake_logit", fake))}
    if preset == "paper":
        wanted["Identity_loss"] = np.abs(a - same_a).mean() + np.abs(b - same_b).mean()
    assert noted == pytest.approx(wanted, rel=1e-3)
    for variable, old, gradient in zip(variables, before, gradients, strict=True):
        assert np.allclose(variable.numpy(), old - 0.01 * gradient, atol=1e-6)
    # The pool is still empty: the new fakes are shown unchanged, and kept in their order.
    for name, fakes in (("pool_a", fake_a), ("pool_b", fake_b)):
        np.testing.assert_allclose(state.buffers[name].numpy(), fakes, atol=1e-6)


def walk(strategy, **given):
    """Do five steps with a pool of four. Returns the state afterwards, its networks as one array, and the same at the start."""
    _, state, step = make(strategy, **{"pool": 4, "lr": 0.001, **given})  # with ten times this rate, rounding errors grow
    begun = variables(state)
    batches = [tf.concat(side, 0) for side in zip(*(real(seed) for seed in range(5)), strict=True)]
    dataset = tf.data.Dataset.from_tensor_slices(tuple(batches)).batch(2)
    for batch in strategy.experimental_distribute_dataset(dataset):
        step(batch)
    return state, variables(state), begun


def variables(state):
    return np.concatenate([one.numpy().ravel() for model in state.networks.values() for one in model.variables])


@pytest.fixture(scope="module")
def on_one_device():
    return walk(tf.distribute.get_strategy())


def test_the_pool_fills_and_the_discriminators_see_it(on_one_device):
    """From the step at which the pool is full, it changes what the discriminators see; not before."""
    (state, _, _), (without, _, _) = on_one_device, walk(tf.distribute.get_strategy(), pool=0)
    for name in ("pool_a", "pool_b"):
        kept = state.buffers[name].numpy()
        assert len(np.unique(kept.reshape(4, -1), axis=0)) == 4  # four pictures, none twice
        assert all(np.any(picture) for picture in kept)
    logs = [one.epoch_history(5)[:, one.measures.index("Dis_loss")] for one in (without, state)]
    assert np.allclose(logs[0][:2], logs[1][:2], atol=1e-6)
    assert not np.allclose(logs[0][2:], logs[1][2:], atol=1e-6)


@pytest.mark.parametrize("other", [pytest.param("XLA", marks=pytest.mark.extra), "two replicas"])
def test_several_steps_move_the_same_way_everywhere(other, on_one_device, two_devices):
    """Networks and pools are the same. The second replica's fakes enter the pool too, each in its own slot."""
    wanted, wanted_end, begun = on_one_device
    state, ended, _ = walk(two_devices) if other == "two replicas" else walk(tf.distribute.get_strategy(), jit_compile=True)
    assert np.abs(wanted_end - begun).max() > 0.01
    np.testing.assert_allclose(ended, wanted_end, atol=1e-5)
    for name, buffer in state.buffers.items():  # the normalisations make the last bits of the weights larger in a picture
        np.testing.assert_allclose(buffer.numpy(), wanted.buffers[name].numpy(), atol=2e-5)
    np.testing.assert_allclose(state.epoch_history(5), wanted.epoch_history(5), rtol=1e-4, atol=1e-4)


def test_red_turns_blue_and_stays_where_it_is(translator):
    """On test squares: G_ab makes the red squares blue in their old places, and G_ba makes the blue ones red. After both, the
    squares are in their old places."""
    folder, squares = translator
    ab, ba = (load_generator(folder / f"generator_{way}.keras") for way in ("ab", "ba"))
    for generator, (images, masks), before, after in ((ab, squares("red"), 0, 2), (ba, squares("blue"), 2, 0)):
        translated = generator(images).numpy()
        excess = translated[..., after] - translated[..., before]
        inside = np.array([one[mask].mean() for one, mask in zip(excess, masks, strict=True)])
        outside = np.array([one[~mask].mean() for one, mask in zip(excess, masks, strict=True)])
        assert (inside > 0.4).mean() > 0.9
        assert (np.abs(outside) < 0.3).mean() > 0.9
        found, drawn = (
            np.array([[np.average(axis, weights=one) for axis in np.indices(one.shape)] for one in weights])
            for weights in (np.where(excess > 0.3, excess, 1e-9), masks)
        )
        assert (np.linalg.norm(found - drawn, axis=1) < 2).mean() > 0.8


def test_what_a_cyclegan_run_leaves(translator):
    folder, _ = translator
    row = runs.read_log(folder)[-1]
    assert {"Cycle_loss", "Cycle_test", "Gen_ab_loss", "Gen_ba_loss", "Dis_a_loss", "Dis_b_loss"} <= set(row)
    assert "Real_logit" in row and "Real_P" not in row  # least squares: no probability
    assert row["Cycle_test"] < runs.read_log(folder)[0]["Cycle_test"]
    names = {path.name for path in folder.iterdir()}
    assert {"generator_ab.keras", "generator_ba.keras", "training.gif", "loss.png", "logits.png"} <= names
    assert not {"generator.keras", "probability.png"} & names


def test_the_grids_rows_are_always_the_same_test_pictures(translator):
    """Picture, translation and back, of A and of B: the originals are the records' first test pictures, in every grid."""
    folder, squares = translator
    sheets = [np.asarray(Image.open(path)) for path in runs.find_grids(folder, runs.read_log(folder)).values()]
    assert len(sheets) == 3
    heads, grids = sheets[0][26:48], [sheet[48:] for sheet in sheets]
    assert all((part < 100).any() for part in np.split(heads[:, : heads.shape[1] // 6 * 6], 6, axis=1))
    cells = [grid.shape[1] // 6 * column for grid in grids[:1] for column in (0, 3)]
    for left in cells:
        originals = [grid[:, left + 4 : left + 90] for grid in grids]
        assert all(np.array_equal(originals[0], other) for other in originals[1:])
    red, blue = (grids[0][:, left + 4 : left + 90].reshape(-1, 3).astype(int) for left in cells)
    assert (red[:, 0] - red[:, 2]).max() > 100 > (red[:, 2] - red[:, 0]).max()
    assert (blue[:, 2] - blue[:, 0]).max() > 100 > (blue[:, 0] - blue[:, 2]).max()
