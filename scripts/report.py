"""Makes one HTML page of a run. See tfgan_series/commands/report.py."""

import start

start.command("report")
