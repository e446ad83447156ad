"""From picture files to batches: datasets/ finds the pictures, preprocess.py opens and resizes each, conversion.py writes them
into a record folder (records.py), here (sharding.py) or on a cluster (ray_cluster.py), pipeline.py reads them back as batches."""
