"""Makes TFRecords of pictures. See tfgan_series/commands/convert.py."""

import start

start.command("convert")
