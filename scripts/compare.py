"""Compares runs that differ in one setting. See tfgan_series/commands/compare.py."""

import start

start.command("compare")
