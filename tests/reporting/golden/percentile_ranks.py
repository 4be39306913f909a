# SPDX-License-Identifier: Apache-2.0
"""Prints the percentile ranks in heatmap_test.cpp: scipy.stats.rankdata(method="average") / n."""
from scipy.stats import rankdata

scores = [0.5, 0.1, 0.5, 0.9, 0.1, 0.1, 0.0, 0.7]
print([float(rank) for rank in rankdata(scores, method="average") / len(scores)])
