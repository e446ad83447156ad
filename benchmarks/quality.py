"""How good are the pictures after equal time? The strong preset, the article's preset and TensorFlow's DCGAN tutorial on MNIST.

    python benchmarks/quality.py --contender=strong --seed=0    # a run, about 15 minutes on two cores
    python benchmarks/quality.py --table                        # all runs that are there

Strong and article have the same size and width: 32 pixels, base_filters 32. The tutorial's networks and training are built from
its text (tensorflow.org, "Deep Convolutional Generative Adversarial Network"), at its 28 pixels. Its pictures are enlarged to 32.
Each contender has as many steps as 15 minutes hold (STEPS), so that a run can be repeated on any machine. The same classifier
judges 10,000 pictures of each against MNIST's test pictures. A run of the package that was stopped goes on.
"""

import argparse
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import tensorflow as tf
from keras import layers

from tfgan_series import comparison, preparation, runs, series, workflow
from tfgan_series.data import pipeline
from tfgan_series.evaluation import evaluate, features, scores
from tfgan_series.generators import load_generator

# 15 minutes on two cores of an AMD EPYC in float32, by the fastest of several rounds; for strong a quarter less.
STEPS = {"strong": 12_000, "article": 7_500, "tutorial": 1_500}
SHOWN = ("fid", "kid", "precision", "recall")
SAME = {"image_size": 32, "base_filters": 32, "lr_drops": ()}


def tutorial_networks(seed: int) -> tuple[keras.Model, keras.Model]:
    """The tutorial's generator, z [B, 100] -> [B, 28, 28, 1], and its discriminator, pictures -> logits [B, 1]."""
    keras.utils.set_random_seed(seed)
    generator = keras.Sequential([keras.Input([100]), layers.Dense(7 * 7 * 256, use_bias=False)])
    generator.add(layers.BatchNormalization())
    generator.add(layers.LeakyReLU())
    generator.add(layers.Reshape([7, 7, 256]))
    for filters, stride in ((128, 1), (64, 2)):
        generator.add(layers.Conv2DTranspose(filters, 5, stride, padding="same", use_bias=False))
        generator.add(layers.BatchNormalization())
        generator.add(layers.LeakyReLU())
    generator.add(layers.Conv2DTranspose(1, 5, 2, padding="same", use_bias=False, activation="tanh"))
    judge = keras.Sequential([keras.Input([28, 28, 1])])
    for filters in (64, 128):
        judge.add(layers.Conv2D(filters, 5, 2, padding="same"))
        judge.add(layers.LeakyReLU())
        judge.add(layers.Dropout(0.3))
    judge.add(layers.Flatten())
    judge.add(layers.Dense(1))
    return generator, judge


def train_tutorial(seed: int, steps: int, tfrecord_path: str) -> keras.Model:
    """The tutorial's generator after some steps: its losses, Adam at 1e-4, batches of 256. Its pictures are enlarged to 32."""
    generator, judge = tutorial_networks(seed)
    entropy = keras.losses.BinaryCrossentropy(from_logits=True)
    moved = ((generator, keras.optimizers.Adam(1e-4)), (judge, keras.optimizers.Adam(1e-4)))
    pictures = series.resolve("mnist", "gan", batch_size=256, seed=seed)  # of 28 pixels
    found = preparation.find_or_make(pictures, tfrecord_path)

    @tf.function
    def step(real: tf.Tensor) -> None:
        with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
            fake = generator(tf.random.normal([256, 100]), training=True)
            real_logits, fake_logits = judge(real, training=True), judge(fake, training=True)
            g_loss = entropy(tf.ones_like(fake_logits), fake_logits)
            d_loss = entropy(tf.ones_like(real_logits), real_logits) + entropy(tf.zeros_like(fake_logits), fake_logits)
        for (network, optimizer), tape, loss in zip(moved, (g_tape, d_tape), (g_loss, d_loss), strict=True):
            optimizer.apply(tape.gradient(loss, network.trainable_variables), network.trainable_variables)

    done, epoch = 0, 0
    while done < steps:
        epoch += 1
        for batch in pipeline.batches(found, pictures, epoch).take(steps - done):
            step(batch)
            done += 1
        print(f"tutorial, step {done} of {steps}", flush=True)
    z = keras.Input([100])
    return keras.Model(z, layers.Resizing(32, 32, interpolation="bicubic")(generator(z)))


def run(contender: str, seed: int, steps: int, out: Path, tfrecord_path: str) -> None:
    """Train a contender into OUT/<contender>-<seed>, and measure it."""
    folder = out / f"{contender}-{seed}"
    preset = "article" if contender == "tutorial" else contender
    experiment = series.resolve("mnist", preset=preset, seed=seed, steps=steps, **SAME)
    if contender == "tutorial":
        folder.mkdir(parents=True, exist_ok=True)
        generator = train_tutorial(seed, steps, tfrecord_path)
        generator.save(folder / runs.GENERATOR)
    else:
        workflow.train(experiment.change(grid_every=500), tfrecord_path=tfrecord_path, run_dir=folder)
        generator = load_generator(folder / runs.GENERATOR)
    found = preparation.find_or_make(experiment, tfrecord_path)
    real = evaluate.reference(found, experiment, features.load("classifier", found, experiment))
    measured = evaluate.evaluate({"generator": generator}, real, step=steps)
    scores.add(folder, measured)
    print(scores.table(measured))


def table(out: Path) -> str:
    """The scores of all runs below OUT as Markdown: the median over the seeds, and the smallest and the largest."""
    measured = {}
    for contender in STEPS:
        of_seeds = filter(None, (scores.latest(scores.read(folder)) for folder in sorted(out.glob(f"{contender}-*"))))
        if kept := [[score for score in one if score.metric.startswith(SHOWN)] for one in of_seeds]:
            measured[contender] = kept
    found = comparison.score_table(measured)
    return found.in_markdown() if found else ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contender", choices=STEPS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, help="instead of those of 15 minutes")
    parser.add_argument("--out", type=Path, default=Path("runs/quality"))
    parser.add_argument("--TFRecordPath", default="tfrecords")
    parser.add_argument("--table", action="store_true")
    flags = parser.parse_args()
    if flags.contender:
        run(flags.contender, flags.seed, flags.steps or STEPS[flags.contender], flags.out, flags.TFRecordPath)
    if flags.table:
        print(table(flags.out))


if __name__ == "__main__":
    main()
