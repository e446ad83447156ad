"""The series as plain data: settings, the Experiment, the models, the articles' rows, the studies.

Nothing here imports TensorFlow, so flags and error messages come at once.
"""

from tfgan_series.series.experiment import LOSSES, Experiment, differences
from tfgan_series.series.models import MODELS, drawing_from, from_dict
from tfgan_series.series.rows import (
    ALIASES,
    DEFAULT_IMAGE_TYPE,
    PRESETS,
    ROWS,
    USUAL_STEPS,
    changes,
    origin,
    pairs,
    resolve,
)
from tfgan_series.series.settings import GROUPS, counted, fields, flag_line, flag_lines, flag_name, in_words, values

__all__ = [
    "ALIASES",
    "DEFAULT_IMAGE_TYPE",
    "GROUPS",
    "LOSSES",
    "MODELS",
    "PRESETS",
    "ROWS",
    "USUAL_STEPS",
    "Experiment",
    "changes",
    "counted",
    "differences",
    "drawing_from",
    "fields",
    "flag_line",
    "flag_lines",
    "flag_name",
    "from_dict",
    "in_words",
    "origin",
    "pairs",
    "resolve",
    "values",
]
