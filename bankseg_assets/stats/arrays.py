"""Type aliases of numpy arrays."""

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Labels = npt.NDArray[np.int64]
"""Segment numbers, or other integers such as counts."""
