"""Draws new pictures with a trained run. See tfgan_series/commands/generate.py."""

import start

start.command("generate")
