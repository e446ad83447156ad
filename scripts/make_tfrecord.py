"""Makes TFRecords of pictures. See tfgan_series/commands/make_tfrecord.py."""

import start

start.command("make_tfrecord")
