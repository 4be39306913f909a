# SPDX-License-Identifier: Apache-2.0
"""The rival of bench_mil's score: a loop over bags, h5py and then the network.

score_with_h5py.py AGGREGATOR FOLDER THREADS: FOLDER holds weights.safetensors and bags/*/features.h5. Answers "score" with the seconds that all bags took,
"verify" with the probabilities of the first 16.
"""
import pathlib
import sys
import time

import h5py
import torch

from mil_modules import load

aggregator, folder, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
torch.set_num_threads(threads)
network, mean, scale = load(aggregator, folder)
paths = sorted(pathlib.Path(folder).glob("bags/*/features.h5"))


def score(path):
    with h5py.File(path) as file:
        features = torch.from_numpy(file["features"][:])
    with torch.inference_mode():
        return torch.softmax(network((features - mean) / scale), 0).tolist()


for line in sys.stdin:
    chosen = paths[:16] if line.strip() == "verify" else paths
    began = time.perf_counter()
    scores = [score(path) for path in chosen]
    seconds = time.perf_counter() - began
    print(*(p for one in scores for p in one) if line.strip() == "verify" else (seconds,), flush=True)
