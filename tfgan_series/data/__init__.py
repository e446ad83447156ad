"""From picture files to batches: datasets/ finds the pictures, preprocess.py opens and resizes each, conversion.py writes them
into a record folder (records.py), here (sharding.py) or on a cluster (ray_cluster.py), pipeline.py reads them back as batches.

schema.py says which fields a record has. serialization.py makes pictures into records, whose bytes wire.py writes. conditions.py
says what a conditional model can be asked for.
"""
