"""A trained run: new pictures. See tfgan_series/commands/generate.py."""

import start

start.command("generate")
