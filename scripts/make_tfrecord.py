"""Pictures: TFRecords, ready for training. See tfgan_series/commands/make_tfrecord.py."""

import start

start.command("make_tfrecord")
