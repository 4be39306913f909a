# SPDX-License-Identifier: Apache-2.0
# One thread or two: the same bytes of features, predictions, heatmaps and findings.
from world import check_same_results, fresh, microtome, predict_held_out

out = fresh("threads_equal")
for threads in (1, 2):
    microtome(*predict_held_out(out / f"threads_{threads}"), "--threads", threads)
check_same_results(out / "threads_1", out / "threads_2")
