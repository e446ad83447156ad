"""docs/images/dying_gradient.png: how large the generator's gradient is when the discriminator is ahead.

    python docs/figures/dying_gradient.py                        # draws the docs' figure again
    python docs/figures/dying_gradient.py --steps=2 --out=FILE   # a quick look

We take the article's two networks for MNIST at 32 pixels, a quarter as wide, untrained. Only the discriminator learns. After each
step we measure the norm of the generator's gradient under both losses, on the same fake pictures. The two losses are those of
the theory post (series 1), after Goodfellow et al. 2014, section 3. The experiment is that of Arjovsky and Bottou 2017, figures 2
and 3.
"""

import argparse
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from matplotlib.figure import Figure

from tfgan_series import latent, losses, networks, pictures, series
from tfgan_series.data import preprocess
from tfgan_series.data.datasets.source import Request
from tfgan_series.series.models import DCGAN

OUT = Path(__file__).parents[1] / "images/dying_gradient.png"
STEPS = 115
GENERATOR_LOSSES = {"minimax": losses.generator_minimax, "non-saturating": losses.generator_non_saturating}


def measure(count: int) -> dict[str, list[float]]:
    """{name: a value after each of the discriminator's `count` steps}: D(G(z)), and the generator's gradient norms."""
    experiment = series.resolve("mnist", image_size=32, base_filters=32, batch_size=64)
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

    measured = []
    for index, real in enumerate(real_batches(experiment, count)):
        z = latent.noise(experiment.batch_size, experiment.noise_dim, experiment.seed, index)
        measured.append({name: float(value) for name, value in step(real, z).items()})
    return {name: [row[name] for row in measured] for name in measured[0]}


def real_batches(experiment: DCGAN, count: int) -> tf.data.Dataset:
    """`count` batches [B, H, W, C] in [-1, 1] of the first training pictures. They need no records."""
    source = experiment.data_set.find(Request(experiment.image_type, None, Path("tfrecords/downloads")))
    size = {"image_size": experiment.image_size, "channels": experiment.channels}
    examples = source.partitions["train"][: count * experiment.batch_size]
    pixels = np.stack([preprocess.prepare(example.image, **size).pixels for example in examples])
    return tf.data.Dataset.from_tensor_slices(pictures.to_float(pixels)).repeat().batch(experiment.batch_size).take(count)


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
    print(f"Written: {arguments.out}")


if __name__ == "__main__":
    main()
