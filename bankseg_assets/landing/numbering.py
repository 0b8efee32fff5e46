"""Number the records of a text from which lines were removed."""

from collections.abc import Sequence
from threading import Lock

import numpy as np

from bankseg_assets.landing.lines import Places


class RecordNumbers:
    """Maps a record's position in Arrow's input to its number in the file.

    Memory is proportional to the gaps ahead. One thread may write while another reads, because
    Arrow reads ahead.
    """

    def __init__(self, header_number: int) -> None:
        self._header_number = header_number
        self._before: list[int] = []
        self._lines: list[int] = []
        self._lock = Lock()

    def leave_out(self, records_before: int) -> None:
        """Count a line that was removed after `records_before` records."""
        with self._lock:
            if self._before and self._before[-1] == records_before:
                self._lines[-1] += 1
            else:
                self._before.append(records_before)
                self._lines.append(1)

    def of(self, places: Sequence[int] | Places) -> Places:
        """Return the numbers of records by their positions, which start at 1."""
        with self._lock:
            gaps = np.concatenate(([0], np.cumsum(self._lines, dtype=np.int64)))
            before = np.array(self._before, np.int64)
        wanted = np.asarray(places, np.int64)
        numbers: Places = wanted + self._header_number + gaps[np.searchsorted(before, wanted)]
        return numbers

    def forget(self, before: int) -> None:
        """Drop the state for records before this position; they are not requested again."""
        with self._lock:
            done = int(np.searchsorted(np.array(self._before, np.int64), before))
            self._header_number += sum(self._lines[:done])
            del self._before[:done], self._lines[:done]
