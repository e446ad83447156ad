"""Shows what a trained generator has learned: walks between samples, sums of samples, and their nearest training pictures.

explore.py does one of these for a run. Only equation.py works without TensorFlow.
"""
