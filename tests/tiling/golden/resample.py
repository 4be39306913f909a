# SPDX-License-Identifier: Apache-2.0
"""Makes the golden rows of resample_test.cpp: the area averages of a small picture that the test draws too, rounded to bytes."""
import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
import area

WIDTH, HEIGHT = 13, 11
y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
picture = np.stack([(x * 37 + y * 59) % 256, (x * x * 7 + y * 13) % 256, (x * 101 ^ y * 43) % 256], -1).astype(np.uint8)

CASES = [((0, 0, 13, 11), (4, 3)), ((1.25, 2.5, 9.75, 8.125), (5, 4)), ((3.2, 3.7, 5.9, 5.1), (6, 4)), ((2, 1, 6, 5), (4, 4)),
         ((9.5, 7.5, 13, 11), (2, 2)), ((0, 0.5, 13, 10.5), (1, 1))]
for box, size in CASES:
    result = np.floor(area.resize(picture, box, size) + 0.5).astype(int)
    bytes_ = ", ".join(str(v) for v in result.ravel())
    print(f"    {{{{{box[0]}, {box[1]}, {box[2]}, {box[3]}}}, {{{size[0]}, {size[1]}}}, {{{bytes_}}}}},")
