"""A trained CycleGAN and your pictures: their translations. See tfgan_series/commands/translate.py."""

import start

start.command("translate")
