"""The GAN series, vanilla GAN to CycleGAN, as one working package on TensorFlow and Keras 3.

Data flows datasets -> conversion -> records -> pipeline -> training -> runs; docs/tour.md has a map.
Importing this package imports neither TensorFlow nor Keras.
"""

__version__ = "0.1.0"
