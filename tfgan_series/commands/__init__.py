"""The commands: flags, then one call into the package. Only this room reads flags.

Each command is a module with define(), which defines its flags, and main(), which does the work; command_line.run runs it.
"""
