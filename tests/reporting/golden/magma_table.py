# SPDX-License-Identifier: Apache-2.0
"""Prints the 256 rows of matplotlib's magma map (CC0, van der Walt and Smith) as the table in reporting/colour_map.cpp.

Needs matplotlib. Each channel is round(255 * value).
"""
from matplotlib._cm_listed import _magma_data

cells = ["0x" + "".join(f"{int(255 * channel + 0.5):02x}" for channel in row) for row in _magma_data]
assert len(cells) == 256
for start in range(0, 256, 13):
    print("    " + ", ".join(cells[start:start + 13]) + ",")
