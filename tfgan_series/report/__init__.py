"""Makes one HTML page of runs. The page contains all that it shows, so it opens from disk, without a server or a network.

    report.make(["runs/dcgan/mnist-64"], "report.html")

The report only reads the files that runs and conversions left. It does not import networks or training.
"""

from tfgan_series.report.page import NAME, distinct_names, make, refresh
from tfgan_series.report.tables import Table

__all__ = ["NAME", "Table", "distinct_names", "make", "refresh"]
