"""Explores a trained run: walks, sums and nearest neighbours. See tfgan_series/commands/explore.py."""

import start

start.command("explore")
