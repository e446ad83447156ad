"""How good are the pictures after equal time? The strong preset, the article's preset and TensorFlow's DCGAN tutorial on MNIST.

    python benchmarks/quality.py --contender=strong --seed=0       # one run; also article, tutorial
    python benchmarks/quality.py --table                           # all runs that are there

Strong and article have the same size and width: 32 pixels, base_filters 32. The tutorial's networks are built from its text
(tensorflow.org, "Deep Convolutional Generative Adversarial Network"), at its 28 pixels; its pictures are enlarged to 32, as the
records are. Each run has as many steps as 15 minutes hold on the machine where we measured (STEPS), so that it can be repeated on
any machine. All are judged by the same classifier, 10,000 pictures each.
"""

import argparse
import os
import statistics
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from PIL import Image

from tfgan_series import files, pictures, preparation, runs, series, workflow
from tfgan_series.evaluation import evaluate, features, scores

# In 15 minutes on two cores of an Intel Xeon without other work, in float32.
STEPS = {"strong": 0, "article": 0, "tutorial": 0}
SAME = {"image_size": 32, "base_filters": 32}


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


def train_tutorial(seed: int, steps: int) -> keras.Model:
    """The tutorial's generator after some steps: its losses, Adam at 1e-4, batches of 256."""
    generator, judge = tutorial_networks(seed)
    entropy = keras.losses.BinaryCrossentropy(from_logits=True)
    of_generator, of_judge = keras.optimizers.Adam(1e-4), keras.optimizers.Adam(1e-4)
    (images, _), _ = keras.datasets.mnist.load_data()
    dataset = tf.data.Dataset.from_tensor_slices(images[..., None].astype("float32") / 127.5 - 1)

    @tf.function
    def step(real):
        with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
            fake = generator(tf.random.normal([256, 100]), training=True)
            real_logits, fake_logits = judge(real, training=True), judge(fake, training=True)
            g_loss = entropy(tf.ones_like(fake_logits), fake_logits)
            d_loss = entropy(tf.ones_like(real_logits), real_logits) + entropy(tf.zeros_like(fake_logits), fake_logits)
        for tape, loss, optimizer, network in (
            (g_tape, g_loss, of_generator, generator),
            (d_tape, d_loss, of_judge, judge),
        ):
            optimizer.apply(tape.gradient(loss, network.trainable_variables), network.trainable_variables)

    for batch in dataset.shuffle(60_000, seed=seed).repeat().batch(256).take(steps):
        step(batch)
    return generator
