"""Runs that differ in one setting: one figure and one table. See tfgan_series/commands/compare.py."""

import start

start.command("compare")
