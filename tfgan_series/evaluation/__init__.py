"""Scores of a trained generator: how near its pictures come to real ones.

metrics.py has the scores as functions of feature arrays, features.py the networks that make features of pictures, evaluate.py
the way from a generator to its scores, scores.py the rows of scores.jsonl. Only metrics.py and scores.py work without TensorFlow.
"""
