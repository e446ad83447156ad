"""Trains a GAN on TFRecords. See tfgan_series/commands/train.py."""

import start

start.command("train")
