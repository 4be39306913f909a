# SPDX-License-Identifier: Apache-2.0
"""The rival of bench_mil's forward and train: one bag in memory.

mil_with_torch.py AGGREGATOR FOLDER TILES: FOLDER holds weights.safetensors and features.f32 (TILES, D). One thread. Answers "verify" with the logits,
"forward" and "train" with the seconds that one took: training is forward, cross-entropy, backward and a step of Adam.
"""
import sys
import time

import numpy
import torch
from torch import nn

from mil_modules import load

aggregator, folder, tiles = sys.argv[1], sys.argv[2], int(sys.argv[3])
torch.set_num_threads(1)
network, mean, scale = load(aggregator, folder)
features = torch.from_numpy(numpy.fromfile(f"{folder}/features.f32", "<f4").reshape(tiles, -1))
optimiser = torch.optim.Adam(network.parameters(), lr=1e-4)
label = torch.tensor([1])

for line in sys.stdin:
    began = time.perf_counter()
    if line.strip() == "train":
        optimiser.zero_grad()
        nn.functional.cross_entropy(network((features - mean) / scale)[None], label).backward()
        optimiser.step()
        answer = str(time.perf_counter() - began)
    else:
        with torch.inference_mode():
            logits = network((features - mean) / scale)
        answer = " ".join(map(str, logits.tolist())) if line.strip() == "verify" else str(time.perf_counter() - began)
    print(answer, flush=True)
