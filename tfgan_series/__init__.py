"""The GAN series, vanilla GAN to CycleGAN, as one working package on TensorFlow and Keras 3.

Data walks datasets -> records -> pipeline -> training -> runs; DESIGN of the code in docs/tour.md.
Importing this package imports neither TensorFlow nor Keras.
"""

__version__ = "0.1.0"
