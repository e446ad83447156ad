"""Takes a trained generator to other runtimes. See tfgan_series/commands/export.py."""

import start

start.command("export")
