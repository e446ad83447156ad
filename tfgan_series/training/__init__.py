"""Training: train.py goes from records to a trained run, loop.py over its epochs; each algorithm has a file for its step."""
