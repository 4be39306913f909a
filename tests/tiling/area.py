# SPDX-License-Identifier: Apache-2.0
"""Area averaging by integrals, in doubles: the oracle of tiling/resample.h. Its own way to the same definition: the running sum of the
pixels, interpolated between them, is the integral of the picture; a target pixel is a difference of two of its values."""
import numpy as np


def along(values, start, stop, count):
    """values (n, ...) -> (count, ...): means over the `count` equal parts of [start, stop), each at least one pixel wide."""
    n = len(values)
    integral = np.concatenate([np.zeros((1,) + values.shape[1:]), np.cumsum(values, 0, dtype=float)])
    scale = (stop - start) / count
    centre = start + (np.arange(count) + 0.5) * scale
    low, high = (np.clip(centre + sign * max(scale, 1) / 2, 0, n) for sign in (-1, 1))

    def at(x):
        left = np.minimum(np.floor(x).astype(int), n - 1)
        share = (x - left).reshape((-1,) + (1,) * (values.ndim - 1))
        return integral[left] * (1 - share) + integral[left + 1] * share

    width = (high - low).reshape((-1,) + (1,) * (values.ndim - 1))
    nearest = values[np.clip(np.floor(centre).astype(int), 0, n - 1)]
    return np.where(width > 0, (at(high) - at(low)) / np.where(width > 0, width, 1), nearest)


def resize(picture, box, size):
    """picture (height, width, channels), box (x0, y0, x1, y1), size (width, height) -> float64 (height, width, channels)"""
    rows = along(np.asarray(picture, float), box[1], box[3], size[1])
    return along(rows.swapaxes(0, 1), box[0], box[2], size[0]).swapaxes(0, 1)
