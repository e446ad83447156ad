"""Translates your pictures with a trained CycleGAN. See tfgan_series/commands/translate.py."""

import start

start.command("translate")
