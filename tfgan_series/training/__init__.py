"""Training: train.py puts a run together, loop.py goes through its epochs, and one file for each algorithm makes its step."""
