import numpy as np
import pytest
import tensorflow as tf

from tfgan_series import latent, series
from tfgan_series.losses import LOSSES
from tfgan_series.training import adversarial
from tfgan_series.training.state import create_state

STEPS = 4  # in an epoch
TINY = {"image_size": 8, "base_filters": 4, "batch_size": 8, "noise_dim": 10}


def pictures(seed=0, batch=8):
    return tf.constant(np.random.default_rng(seed).uniform(-1, 1, (batch, 8, 8, 1)), tf.float32)


def make(strategy=None, **given):
    experiment = series.resolve("digits", **{**TINY, **given})
    strategy = strategy or tf.distribute.get_strategy()
    state = create_state(experiment, strategy, adversarial.reported(experiment), STEPS, {})
    return experiment, state, adversarial.make_step(experiment, state, strategy)


def weights(state):
    return {name: [value.numpy() for value in model.trainable_variables] for name, model in state.networks.items()}


def moved(before, after):
    return {name: any(not np.array_equal(a, b) for a, b in zip(before[name], after[name], strict=True)) for name in before}


def test_a_step_moves_both_and_reports():
    _, state, step = make()
    before = weights(state)
    step(pictures())
    assert moved(before, weights(state)) == {"generator": True, "discriminator": True}
    assert state.steps_done() == 1
    means = state.means(1)
    assert list(means) == ["Real_P", "Fake_P", "Gen_loss", "Dis_loss", "Gen_grad"]
    assert 0 < means["Fake_P"] < 1


@pytest.mark.parametrize("loss", ["minimax", "non_saturating", "least_squares", "hinge"])
def test_simultaneous_step_against_plain_gradients(loss):
    """One SGD-like check of what is differentiated: Adam's first step is lr * sign(gradient)."""
    experiment, state, step = make(loss=loss, dropout=0.0)
    generator, discriminator = state.networks["generator"], state.networks["discriminator"]
    before = weights(state)
    real, z = pictures(), latent.noise(8, 10, experiment.seed, stream=0)
    d_loss_of, g_loss_of = LOSSES[loss]
    with tf.GradientTape(persistent=True) as tape:
        fake_logits = discriminator(generator(z, training=True), training=True)
        d_loss = d_loss_of(discriminator(real, training=True), fake_logits)
        g_loss = g_loss_of(fake_logits)
    gradients = {
        "discriminator": tape.gradient(d_loss, discriminator.trainable_variables),
        "generator": tape.gradient(g_loss, generator.trainable_variables),
    }
    step(real)
    assert state.means(1)["Dis_loss"] == pytest.approx(float(d_loss), rel=1e-4)
    assert state.means(1)["Gen_loss"] == pytest.approx(float(g_loss), rel=1e-4)
    norm = np.sqrt(sum(np.sum(np.square(gradient)) for gradient in gradients["generator"]))
    assert state.means(1)["Gen_grad"] == pytest.approx(norm, rel=1e-4)
    for name, after in weights(state).items():
        for old, new, gradient in zip(before[name], after, gradients[name], strict=True):
            clear = np.abs(gradient) > 1e-3  # far above Adam's epsilon
            np.testing.assert_allclose((new - old)[clear], -2e-4 * np.sign(gradient)[clear], rtol=0.02)


def test_alternating_step_uses_fresh_noise_against_the_moved_discriminator():
    experiment, state, step = make(update="alternating", dropout=0.0)
    # The same networks, moved by hand: first the discriminator alone, on the first draw.
    _, twin, _ = make(dropout=0.0)
    generator, discriminator = twin.networks["generator"], twin.networks["discriminator"]
    fake = generator(latent.noise(8, 10, experiment.seed, stream=0), training=True)
    with tf.GradientTape() as tape:
        d_loss = LOSSES["non_saturating"][0](discriminator(pictures(), training=True), discriminator(fake, training=True))
    variables = discriminator.trainable_variables
    twin.optimizers["discriminator"].apply(tape.gradient(d_loss, variables), variables)
    second = latent.noise(8, 10, experiment.seed, stream=1)
    g_loss = LOSSES["non_saturating"][1](discriminator(generator(second, training=True), training=True))
    step(pictures())
    assert state.means(1)["Gen_loss"] == pytest.approx(float(g_loss), rel=1e-4)
    for one, other in zip(weights(state)["discriminator"], weights(twin)["discriminator"], strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_no_retracing():
    _, state, step = make()
    for seed in range(3):
        state.set_learning_rate(10.0 ** -(seed + 3))
        step(pictures(seed))
    assert step.func.experimental_get_tracing_count() == 1


def test_the_same_seed_repeats_every_bit():
    runs = []
    for _ in range(2):
        _, state, step = make()
        for seed in range(3):
            step(pictures(seed))
        runs.append(weights(state)["generator"])
    assert all(np.array_equal(one, other) for one, other in zip(*runs, strict=True))


def test_xla_computes_the_same():
    results = []
    for jit_compile in (False, True):
        _, state, step = make(jit_compile=jit_compile, dropout=0.0)
        step(pictures())
        results.append(state.means(1))
    assert results[0] == pytest.approx(results[1], rel=1e-3)


@pytest.mark.parametrize(
    "options", [{}, {"loss": "wasserstein", "d_norm": "layer", "r1": 1.0, "critic_steps": 2, "update": "alternating"}], ids=str
)
def test_two_replicas_agree_with_one(two_devices, options):
    # No Dropout, as Keras draws the same mask on every replica.
    results = []
    for strategy in (tf.distribute.get_strategy(), two_devices):
        _, state, step = make(strategy, dropout=0.0, **options)
        dataset = tf.data.Dataset.from_tensor_slices(tf.concat([pictures(seed) for seed in range(3)], 0)).batch(8)
        for batch in strategy.experimental_distribute_dataset(dataset):
            step(batch)
        results.append(state.means(3))
    assert results[0] == pytest.approx(results[1], rel=1e-3)


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_reduced_precision_trains(precision):
    _, state, step = make(precision=precision)
    before = weights(state)
    step(pictures())
    assert all(np.isfinite(value) for value in state.means(1).values())
    assert moved(before, weights(state)) == {"generator": True, "discriminator": True}
    if precision == "mixed_float16":
        scales = {name: float(optimizer.dynamic_scale) for name, optimizer in state.optimizers.items()}
        assert set(scales.values()) == {2.0**15}


def test_float16_survives_a_gradient_that_overflows():
    _, state, step = make(precision="mixed_float16")
    state.optimizers["generator"].dynamic_scale.assign(2.0**40)
    before = weights(state)
    step(pictures())
    # The generator skips the step and lowers its own scale; the discriminator's loss has one of its own.
    assert moved(before, weights(state)) == {"generator": False, "discriminator": True}
    assert float(state.optimizers["generator"].dynamic_scale) == 2.0**39
    assert state.steps_done() == 1
    assert all(np.isfinite(value) for value in state.means(1).values())  # the loop takes anything else for divergence


@pytest.mark.parametrize("update", ["simultaneous", "alternating"])
def test_critic_steps(update):
    """The discriminator moves at every step, the generator at every third."""
    _, state, step = make(critic_steps=3, update=update)
    for seed in range(6):
        before = weights(state)
        step(pictures(seed))
        assert moved(before, weights(state)) == {"generator": seed % 3 == 2, "discriminator": True}


@pytest.mark.parametrize("loss", ["wasserstein", "non_saturating"])
def test_penalties_are_added_as_the_papers_have_them(loss):
    """Dis_loss with and without penalties, the penalty computed here from its formula at the same points."""
    given = {"r1": 2.0} if loss == "non_saturating" else {"gp_weight": 5.0}
    experiment, state, step = make(loss=loss, dropout=0.0, **given)
    assert experiment.discriminator_norm == "layer"
    generator, discriminator = state.networks["generator"], state.networks["discriminator"]
    real, fake = pictures(), generator(latent.noise(8, 10, experiment.seed, stream=0), training=True)
    plain = float(LOSSES[loss][0](discriminator(real, training=True), discriminator(fake, training=True)))
    points = real
    if loss == "wasserstein":
        share = tf.random.stateless_uniform([8], seed=[experiment.seed, 2], alg="philox").numpy()[:, None, None, None]
        points = (1 - share) * real + share * fake
    with tf.GradientTape() as tape:
        tape.watch(points)
        logits = discriminator(points, training=True)
    norms = np.sqrt(np.sum(np.square(tape.gradient(logits, points)), axis=(1, 2, 3)))
    penalty = 5 * np.mean((norms - 1) ** 2) if loss == "wasserstein" else 2 * np.mean(norms**2) / 2
    before = weights(state)
    step(real)
    assert state.means(1)["Dis_loss"] == pytest.approx(plain + penalty, rel=1e-4)
    assert moved(before, weights(state)) == {"generator": True, "discriminator": True}


def test_the_vanilla_gan_steps_with_sgd():
    """SGD moves by exactly lr times the gradient; the lab report's row, small."""
    experiment = series.resolve("mnist", model="gan", image_size=8, base_filters=4, batch_size=8, noise_dim=10)
    strategy = tf.distribute.get_strategy()
    state = create_state(experiment, strategy, adversarial.reported(experiment), STEPS, {})
    step = adversarial.make_step(experiment, state, strategy)
    before = weights(state)["generator"]
    step(pictures())
    moves = [new - old for old, new in zip(before, weights(state)["generator"], strict=True)]
    distance = np.sqrt(sum(np.sum(np.square(move)) for move in moves))
    assert distance == pytest.approx(0.1 * state.means(1)["Gen_grad"], rel=1e-4)
