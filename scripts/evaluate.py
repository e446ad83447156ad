"""Measures how near a run's pictures come to real ones. See tfgan_series/commands/evaluate.py."""

import start

start.command("evaluate")
