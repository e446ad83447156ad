"""TFRecords: a trained GAN. See tfgan_series/commands/train.py."""

import start

start.command("train")
