# SPDX-License-Identifier: Apache-2.0
"""The rival of bench_genomics: scikit-survival's c-index.

cohort_with_sksurv.py FILE: float64 months, event (0 or 1) and risk of N patients, one after the other. Answers "ready" with the same word, or with why it
cannot; "verify" with the numbers of concordant, discordant, risk-tied and time-tied pairs; "run" with the seconds that one c-index took.
"""
import sys
import time

import numpy

try:
    from sksurv.metrics import concordance_index_censored
    ready = "ready"
except ImportError as error:
    ready = f"scikit-survival cannot be used: {error}: is workflows/install.sh tests done?"

months, event, risk = numpy.fromfile(sys.argv[1], "<f8").reshape(3, -1)
event = event == 1

for line in sys.stdin:
    if line.strip() == "ready":
        print(ready, flush=True)
        continue
    began = time.perf_counter()
    counts = concordance_index_censored(event, months, risk)
    print(" ".join(map(str, counts[1:])) if line.strip() == "verify" else time.perf_counter() - began, flush=True)
