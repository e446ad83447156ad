"""What a trained generator has learned: walks between samples, sums of them, the training pictures nearest to them.

explore.py does one of these for a run; equation.py alone needs no TensorFlow.
"""
