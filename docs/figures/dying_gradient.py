"""docs/images/dying_gradient.png: how large the generator's gradient is when the discriminator is ahead.

    python docs/figures/dying_gradient.py                        # draws the docs' figure again
    python docs/figures/dying_gradient.py --steps=2 --out=FILE   # a quick look

We take the digits row's two networks, untrained. Only the discriminator learns. After each step we measure the norm of the
generator's gradient under both losses, on the same fake pictures. The two losses are those of the theory post (series 1), after
Goodfellow et al. 2014, section 3. The experiment is that of Arjovsky and Bottou 2017, figures 2 and 3.
"""

import argparse
import tempfile
from pathlib import Path

import keras
import tensorflow as tf
from matplotlib.figure import Figure

from tfgan_series import latent, losses, networks, series
from tfgan_series.data import conversion, pipeline
from tfgan_series.series.models import DCGAN

OUT = Path(__file__).parents[1] / "images/dying_gradient.png"
STEPS = 115  # five epochs of the digits
GENERATOR_LOSSES = {"minimax": losses.generator_minimax, "non-saturating": losses.generator_non_saturating}


def measure(count: int) -> dict[str, list[float]]:
    """{name: a value after each of the discriminator's `count` steps}: D(G(z)), and the generator's gradient norms."""
    experiment = series.resolve("digits")
    assert isinstance(experiment, DCGAN)
    generator, discriminator = networks.build(experiment).values()
    optimizer = keras.optimizers.Adam(experiment.lr, beta_1=experiment.beta_1)

    @tf.function
    def step(real, z):
        fake = generator(z, training=True)
        with tf.GradientTape() as tape:
            loss = losses.discriminator_cross_entropy(discriminator(real, training=True), discriminator(fake, training=True))
        optimizer.apply(tape.gradient(loss, discriminator.trainable_variables), discriminator.trainable_variables)
        with tf.GradientTape(persistent=True) as tape:
            logits = discriminator(generator(z, training=True), training=True)
            player = {name: loss(logits) for name, loss in GENERATOR_LOSSES.items()}
        norms = {name: tf.linalg.global_norm(tape.gradient(loss, generator.trainable_variables)) for name, loss in player.items()}
        return {"D(G(z))": tf.reduce_mean(tf.sigmoid(logits)), **norms}

    measured: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as records:
        found = conversion.convert(experiment, tfrecord_path=records)
        while len(measured) < count:
            epoch = len(measured) // pipeline.steps_per_epoch(found, experiment) + 1
            for real in pipeline.batches(found, experiment, epoch).take(count - len(measured)):
                z = latent.noise(experiment.batch_size, experiment.noise_dim, experiment.seed, len(measured))
                measured.append({name: float(value) for name, value in step(real, z).items()})
    return {name: [row[name] for row in measured] for name in measured[0]}


def draw(measured: dict[str, list[float]], path: Path) -> None:
    """Two plots on logarithmic axes: the gradients, and how sure the discriminator is."""
    figure = Figure(figsize=(9, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    steps = range(1, len(measured["D(G(z))"]) + 1)
    for name in GENERATOR_LOSSES:
        left.semilogy(steps, measured[name], label=name)
    left.set_ylabel("norm of the generator's gradient")
    left.legend()
    right.semilogy(steps, measured["D(G(z))"], color="tab:green")
    right.set_ylabel("D(G(z)), mean over the batch")
    for axes in (left, right):
        axes.set_xlabel("steps of the discriminator, the generator standing still")
        axes.grid(alpha=0.3)
    figure.savefig(path, dpi=100)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=STEPS, help="steps of the discriminator")
    parser.add_argument("--out", type=Path, default=OUT, help="file of the figure")
    arguments = parser.parse_args()
    measured = measure(arguments.steps)
    for name, values in measured.items():
        print(
            f"{name}: {values[0]:.3g} after the first step, {values[len(values) // 2]:.3g} halfway, {values[-1]:.3g} at the end"
        )
    draw(measured, arguments.out)


if __name__ == "__main__":
    main()
