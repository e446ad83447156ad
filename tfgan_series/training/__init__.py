"""Training: run.py puts a run together, loop.py walks its epochs, one file per algorithm makes the step."""
