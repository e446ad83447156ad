"""A run: one HTML page. See tfgan_series/commands/report.py."""

import start

start.command("report")
