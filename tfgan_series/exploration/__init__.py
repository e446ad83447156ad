"""Shows what a trained generator has learned: walks between samples, sums of samples, and their nearest training pictures.

explore.py does one of these for a run. Only equation.py and findings.py work without TensorFlow.
"""

FIRST = tuple(range(1, 7))  # the samples that are taken unless told otherwise
STEPS = 9  # pictures from one sample to the next
SAMPLED = 4000  # samples in which the equation of attributes looks for its groups
