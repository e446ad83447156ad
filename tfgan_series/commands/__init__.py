"""The commands: each reads its flags, then makes one call into the package. No other part of the package reads flags.

Each command is a module with define(), which defines its flags, and main(), which does the work; command_line.run runs it.
"""
