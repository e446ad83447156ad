import functools
import math

import numpy as np
import pytest
import tensorflow as tf

from tfgan_series import latent, series
from tfgan_series.losses import LOSSES
from tfgan_series.training import adversarial
from tfgan_series.training.diff_augment import diff_augment
from tfgan_series.training.state import create_state

STEPS = 6  # in an epoch
TINY = {"image_size": 8, "base_filters": 4, "batch_size": 8, "noise_dim": 10}


def pictures(seed=0, batch=8):
    return tf.constant(np.random.default_rng(seed).uniform(-1, 1, (batch, 8, 8, 1)), tf.float32)


CONDITIONS = tf.constant(np.eye(3)[np.arange(8) % 3], tf.float32)


def make(strategy=None, **given):
    experiment = series.resolve("mnist", **{**TINY, **given})
    strategy = strategy or tf.distribute.get_strategy()
    state = create_state(experiment, strategy, adversarial.measures(experiment), STEPS, {})
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
    assert state.broken() == []
    state.networks["discriminator"].weights[0].assign(np.full(state.networks["discriminator"].weights[0].shape, np.nan))
    assert state.broken() == ["discriminator"]


@pytest.mark.parametrize(
    ("loss", "more"),
    [
        *((loss, {}) for loss in ("minimax", "non_saturating", "least_squares", "hinge", "relativistic")),
        ("non_saturating", {"real_label": 0.8, "diff_augment": True}),
    ],
)
def test_simultaneous_step_against_plain_gradients(loss, more):
    """Checks what is differentiated: Adam's first step is lr * sign(gradient)."""
    experiment, state, step = make(loss=loss, dropout=0.0, **more)
    generator, discriminator = state.networks["generator"], state.networks["discriminator"]
    before = weights(state)
    real, z = pictures(), latent.noise(8, 10, experiment.seed, stream=0)
    drawn = tf.random.stateless_uniform([8, 3, 7], seed=[experiment.seed, latent.SAMPLES - 1], alg="philox")

    def logits(images, whose):
        return discriminator(diff_augment(images, drawn[:, whose]) if "diff_augment" in more else images, training=True)

    with tf.GradientTape(persistent=True) as tape:
        fake_logits, real_logits = logits(generator(z, training=True), 1), logits(real, 0)
        # A label t below 1 adds (1 - t) E l to -E log s(l).
        smoothed = (1 - more.get("real_label", 1.0)) * tf.reduce_mean(real_logits)
        d_loss = LOSSES[loss].discriminator(real_logits, fake_logits) + smoothed
        g_loss = LOSSES[loss].generator(fake_logits - real_logits if loss == "relativistic" else fake_logits)
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


@pytest.mark.parametrize("update", ["simultaneous", "alternating"])
def test_fakes_are_drawn_and_judged_for_the_conditions_of_the_real_pictures(update):
    """Both losses against the same by hand. The discriminator's rate is 0, so the alternating update meets the old one."""
    given = {"classes": ("cat", "cow", "dog"), "update": update, "optimizer": "sgd"}
    experiment, state, step = make(model="cgan", **given)
    state.optimizers["discriminator"].learning_rate = 0.0
    generator, discriminator = state.networks["generator"], state.networks["discriminator"]
    real, loss = pictures(), LOSSES["non_saturating"]

    def judged(stream):
        z = latent.noise(8, 10, experiment.seed, stream=stream)
        return discriminator([generator([z, CONDITIONS], training=True), CONDITIONS], training=True)

    d_loss = float(loss.discriminator(discriminator([real, CONDITIONS], training=True), judged(0)))
    g_loss = float(loss.generator(judged({"simultaneous": 0, "alternating": 1}[update])))
    step((real, CONDITIONS))
    assert state.means(1)["Dis_loss"] == pytest.approx(d_loss, rel=1e-4)
    assert state.means(1)["Gen_loss"] == pytest.approx(g_loss, rel=1e-4)


def test_alternating_step_uses_fresh_noise_against_the_moved_discriminator():
    experiment, state, step = make(update="alternating", dropout=0.0)
    # The same networks, updated by hand: first only the discriminator, with the first z.
    _, twin, _ = make(dropout=0.0)
    generator, discriminator = twin.networks["generator"], twin.networks["discriminator"]
    fake = generator(latent.noise(8, 10, experiment.seed, stream=0), training=True)
    with tf.GradientTape() as tape:
        real_logits, fake_logits = discriminator(pictures(), training=True), discriminator(fake, training=True)
        d_loss = LOSSES["non_saturating"].discriminator(real_logits, fake_logits)
    variables = discriminator.trainable_variables
    twin.optimizers["discriminator"].apply(tape.gradient(d_loss, variables), variables)
    second = latent.noise(8, 10, experiment.seed, stream=1)
    g_loss = LOSSES["non_saturating"].generator(discriminator(generator(second, training=True), training=True))
    step(pictures())
    assert state.means(1)["Gen_loss"] == pytest.approx(float(g_loss), rel=1e-4)
    for one, other in zip(weights(state)["discriminator"], weights(twin)["discriminator"], strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_no_retracing():
    _, state, step = make()
    for seed in range(3):
        state.set_learning_rate(10.0 ** -(seed + 3))
        step(pictures(seed))
    assert step.experimental_get_tracing_count() == 1


def test_the_same_seed_repeats_every_bit():
    runs = []
    for _ in range(2):
        _, state, step = make()
        for seed in range(3):
            step(pictures(seed))
        runs.append(weights(state)["generator"])
    assert all(np.array_equal(one, other) for one, other in zip(*runs, strict=True))


# SGD shows errors of scale, which Adam hides. No Dropout: Keras draws the same mask on every replica.
PLAIN = {"optimizer": "sgd", "lr": 0.05, "dropout": 0.0}
UPDATES = {
    "simultaneous": {},
    "alternating with R1": {"update": "alternating", "r1": 1.0},
    "relativistic with R1 and R2, two rates": {"loss": "relativistic", "r1": 0.5, "r2": 0.5, "d_lr_factor": 2.0, "ema": 0.9},
    "alternating, augmented": {"update": "alternating", "diff_augment": True},
    "Wasserstein, two critic steps": {"loss": "wasserstein", "critic_steps": 2},
    "conditional": {"model": "cdcgan", "classes": ("cat", "cow", "dog"), "r1": 1.0},
}


def walk(strategy, **given):
    """Do three steps. Returns the noted numbers, and the networks before and after, with their moving averages."""
    experiment, state, step = make(strategy, **PLAIN, **given)
    state.set_learning_rate(PLAIN["lr"])
    begun = variables(state)
    whole = tf.concat([pictures(seed) for seed in range(3)], 0)
    if experiment.conditions.names:
        whole = whole, tf.tile(CONDITIONS, [3, 1])
    dataset = tf.data.Dataset.from_tensor_slices(whole).batch(8)
    for batch in strategy.experimental_distribute_dataset(dataset):
        step(batch)
    return state.epoch_history(3), begun, variables(state)


def variables(state):
    return np.concatenate([one.numpy().ravel() for model in state.networks.values() for one in model.variables])


@functools.cache
def walk_on_one_device(name):
    return walk(tf.distribute.get_strategy(), **UPDATES[name])


# XLA compiles each of them anew, so the suite has two with XLA: the plain step, and the one with a condition in its graph.
WITH_XLA = [
    pytest.param(name, "XLA", marks=() if name in ("simultaneous", "Wasserstein, two critic steps") else pytest.mark.extra)
    for name in UPDATES
]


@pytest.mark.parametrize(("name", "other"), [*WITH_XLA, *((name, "two replicas") for name in UPDATES)])
def test_several_steps_move_the_same_way_everywhere(name, other, two_devices):
    if other == "XLA":
        noted, _, ended = walk(tf.distribute.get_strategy(), jit_compile=True, **UPDATES[name])
    else:
        noted, _, ended = walk(two_devices, **UPDATES[name])
    wanted, begun, wanted_end = walk_on_one_device(name)
    assert np.abs(wanted_end - begun).max() > 0.01
    np.testing.assert_allclose(ended, wanted_end, atol=1e-5)
    np.testing.assert_allclose(noted, wanted, atol=1e-4)


def test_bfloat16_computes_nearly_the_same():
    """bfloat16 has 8 bits of precision; the weights and the noted numbers are float32."""
    noted = {}
    for precision in ("float32", "mixed_bfloat16"):
        _, state, step = make(precision=precision, dropout=0.0)
        step(pictures())
        noted[precision] = state.means(1)
        dtypes = {variable.dtype for model in state.networks.values() for variable in model.trainable_variables}
        assert dtypes == {"float32"}
    assert noted["mixed_bfloat16"] == pytest.approx(noted["float32"], rel=0.02)
    assert noted["mixed_bfloat16"] != noted["float32"]


def test_float16_trains():
    _, state, step = make(precision="mixed_float16")
    before = weights(state)
    step(pictures())
    assert all(np.isfinite(value) for value in state.means(1).values())
    assert moved(before, weights(state)) == {"generator": True, "discriminator": True}
    assert {float(optimizer.dynamic_scale) for optimizer in state.optimizers.values()} == {2.0**15}


def test_float16_survives_a_gradient_that_overflows():
    _, state, step = make(precision="mixed_float16")
    state.optimizers["generator"].dynamic_scale.assign(2.0**40)
    before = weights(state)
    step(pictures())
    # The generator skips the step and lowers its own scale. The discriminator has another scale.
    assert moved(before, weights(state)) == {"generator": False, "discriminator": True}
    assert float(state.optimizers["generator"].dynamic_scale) == 2.0**39
    assert state.steps_done() == 1
    noted = state.means(1)
    assert math.isnan(noted.pop("Gen_grad"))  # the gradient moved nothing, so it has no norm
    assert all(np.isfinite(value) for value in noted.values())
    state.optimizers["generator"].dynamic_scale.assign(2.0**15)
    step(pictures())
    assert state.means(2)["Gen_grad"] == state.epoch_history(2)[1, -1] > 0  # the mean is over the step that moved it


def test_float16_pictures_of_one_replica_that_overflow_move_nothing(two_devices):
    experiment = series.resolve(
        "mnist", model="gan", image_size=8, base_filters=4, batch_size=2, noise_dim=10, precision="mixed_float16"
    )
    state = create_state(experiment, two_devices, adversarial.measures(experiment), STEPS, {})
    step = adversarial.make_step(experiment, state, two_devices)
    before = weights(state)
    dataset = tf.data.Dataset.from_tensor_slices(pictures(batch=2) * [[[[1.0]]], [[[1e30]]]]).batch(2)
    for batch in two_devices.experimental_distribute_dataset(dataset):
        step(batch)  # the second replica's picture is the large one
    assert moved(before, weights(state)) == {"generator": True, "discriminator": False}
    assert {name: float(one.dynamic_scale.value.numpy()) for name, one in state.optimizers.items()} == {
        "generator": 2.0**15,
        "discriminator": 2.0**14,
    }


@pytest.mark.parametrize("update", ["simultaneous", "alternating"])
def test_critic_steps(update):
    """The discriminator is updated at every step, the generator at every third. Gen_grad is the mean of the latter."""
    _, state, step = make(critic_steps=3, update=update)
    for seed in range(6):
        before = weights(state)
        step(pictures(seed))
        assert moved(before, weights(state)) == {"generator": seed % 3 == 2, "discriminator": True}
    noted = state.epoch_history(6)[:, state.measures.index("Gen_grad")]
    assert np.isfinite(noted).tolist() == [False, False, True] * 2
    assert state.means(6)["Gen_grad"] == pytest.approx(noted[[2, 5]].mean())
    assert math.isnan(state.means(2)["Gen_grad"])  # the loop asks after the first step


def test_no_noise_is_drawn_in_vain(monkeypatch):
    """The alternating update draws fresh z for its second half, and the penalty draws points. The same step draws the same z."""
    streams = []
    draw = latent.noise
    monkeypatch.setattr(latent, "noise", lambda *given: streams.append(given[-1]) or draw(*given))
    for options in ({}, {"update": "alternating"}, {"update": "alternating", "critic_steps": 2}):
        _, _, step = make(**options)
        tf.config.run_functions_eagerly(True)
        step(pictures())
        tf.config.run_functions_eagerly(False)
    assert [int(stream) for stream in streams] == [0, 0, 1, 0]


@pytest.mark.parametrize("penalty", ["gp_weight", "r1", "r2"])
def test_penalties_are_added_as_the_papers_have_them(penalty):
    """Dis_loss with a penalty is Dis_loss without it, plus the penalty computed here from its formula at the same points."""
    loss, weight = ("wasserstein", 5.0) if penalty == "gp_weight" else ("non_saturating", 2.0)
    experiment, state, step = make(loss=loss, dropout=0.0, **{penalty: weight})
    assert experiment.discriminator_norm == "layer"
    generator, discriminator = state.networks["generator"], state.networks["discriminator"]
    real, fake = pictures(), generator(latent.noise(8, 10, experiment.seed, stream=0), training=True)
    plain = float(LOSSES[loss].discriminator(discriminator(real, training=True), discriminator(fake, training=True)))
    points = fake if penalty == "r2" else real
    if penalty == "gp_weight":
        share = tf.random.stateless_uniform([8], seed=[experiment.seed, 2], alg="philox").numpy()[:, None, None, None]
        points = (1 - share) * real + share * fake
    with tf.GradientTape() as tape:
        tape.watch(points)
        logits = discriminator(points, training=True)
    norms = np.sqrt(np.sum(np.square(tape.gradient(logits, points)), axis=(1, 2, 3)))
    added = 5 * np.mean((norms - 1) ** 2) if penalty == "gp_weight" else 2 * np.mean(norms**2) / 2
    before = weights(state)
    step(real)
    assert state.means(1)["Dis_loss"] == pytest.approx(plain + added, rel=1e-4)
    assert moved(before, weights(state)) == {"generator": True, "discriminator": True}


def test_the_alternating_relativistic_generator_is_compared_with_the_moved_discriminators_real_logits():
    experiment, state, step = make(loss="relativistic", update="alternating", optimizer="sgd", dropout=0.0, d_norm="none")
    fresh = state.networks["generator"](latent.noise(8, 10, experiment.seed, stream=1), training=True)
    state.optimizers["generator"].learning_rate = 0.0
    step(pictures())
    judge = state.networks["discriminator"]  # moved, and as the generator's update saw it
    wanted = np.log1p(np.exp(judge(pictures()) - judge(fresh))).mean()
    assert state.means(1)["Gen_loss"] == pytest.approx(wanted, rel=1e-4)


def test_two_rates():
    """SGD moves by exactly its rate times the gradient, so three times the rate moves three times as far."""
    moves = {}
    for factor in (1.0, 3.0):
        _, state, step = make(optimizer="sgd", d_lr_factor=factor, dropout=0.0)
        state.set_learning_rate(0.1)
        before = weights(state)
        step(pictures())
        after = weights(state)
        moves[factor] = {name: np.concatenate([(b - a).ravel() for a, b in zip(before[name], after[name], strict=True)])
                         for name in before}  # fmt: skip
    np.testing.assert_allclose(moves[3.0]["discriminator"], 3 * moves[1.0]["discriminator"], atol=1e-6)
    np.testing.assert_allclose(moves[3.0]["generator"], moves[1.0]["generator"], atol=1e-6)


def test_adams_decays():
    """After one step the first moment is (1 - beta_1) g, and the second is (1 - beta_2) g^2."""
    moments = {}
    for decays in ((0.5, 0.9), (0.0, 0.99)):
        _, state, step = make(beta_1=decays[0], beta_2=decays[1], dropout=0.0)
        step(pictures())
        found = state.optimizers["discriminator"].variables
        moments[decays] = [
            np.concatenate([one.numpy().ravel() for one in found if kind in one.path]) for kind in ("momentum", "velocity")
        ]
    first, second = moments.values()
    np.testing.assert_allclose(second[0], 2 * first[0], rtol=1e-4, atol=1e-9)
    np.testing.assert_allclose(second[1], first[1] / 10, rtol=1e-4, atol=1e-12)


def test_the_average_of_the_generators_weights():
    """By hand: m <- k m + (1 - k) w after each step t that moved the generator, k = min(ema, (1 + t) / (10 + t))."""
    _, state, step = make(ema=0.15, critic_steps=2)
    wanted = [value.numpy() for value in state.networks["generator"].trainable_variables]
    for t in range(4):
        step(pictures(t))
        if t % 2:
            k = min(0.15, (1 + t) / (10 + t))
            now = [value.numpy() for value in state.networks["generator"].trainable_variables]
            wanted = [k * mean + (1 - k) * weight for mean, weight in zip(wanted, now, strict=True)]
    generator = state.networks["generator"]
    kept = dict(zip([weight.path for weight in generator.weights], state.weights("generator"), strict=True))
    for weight, mean in zip(generator.trainable_variables, wanted, strict=True):
        np.testing.assert_allclose(kept[weight.path], mean, atol=1e-6)
    assert not np.allclose(kept[generator.trainable_variables[0].path], generator.trainable_variables[0].numpy(), atol=1e-6)


def test_the_vanilla_gan_steps_with_sgd():
    """SGD moves by exactly lr times the gradient; the lab report's row, small."""
    experiment = series.resolve("mnist", model="gan", image_size=8, base_filters=4, batch_size=8, noise_dim=10)
    strategy = tf.distribute.get_strategy()
    state = create_state(experiment, strategy, adversarial.measures(experiment), STEPS, {})
    step = adversarial.make_step(experiment, state, strategy)
    before = weights(state)["generator"]
    step(pictures())
    moves = [new - old for old, new in zip(before, weights(state)["generator"], strict=True)]
    distance = np.sqrt(sum(np.sum(np.square(move)) for move in moves))
    assert distance == pytest.approx(0.1 * state.means(1)["Gen_grad"], rel=1e-4)
