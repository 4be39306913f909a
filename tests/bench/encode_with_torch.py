# SPDX-License-Identifier: Apache-2.0
"""The rival of bench_encode: the same network in Python's torch, eager or compiled, on the same tiles.

encode_with_torch.py WORKFLOWS TIMM POOL FOLDER BATCH THREADS eager|compile
Answers "verify" with the least cosine to the golden outputs, and a number of tiles with the seconds that they took.
"""
import json
import struct
import sys
import time

import numpy
import torch

workflows, name, pool, folder, batch, threads, mode = sys.argv[1:]
sys.path.insert(0, workflows)
import export_encoder as export  # noqa: E402

torch.set_grad_enabled(False)
torch.set_num_threads(int(threads))
arguments = export.parse(["--timm", name, "--pool", pool, "--weights", "random", "--seed", "0", "--out", "unused"])
network = export.exported_network(arguments, export.timm_network(arguments))
with open(folder + "/golden.safetensors", "rb") as file:
    header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
    data = file.read()
golden = {key: numpy.frombuffer(data[slice(*entry["data_offsets"])], {"F32": "<f4", "U8": "u1"}[entry["dtype"]]).reshape(entry["shape"])
          for key, entry in header.items()}
with open(folder + "/config.json") as file:
    images = export.images_of(golden["tiles"], json.load(file)["transform"])
ready = torch.cat([images] * (int(batch) // len(images) + 1))[:int(batch)]
if mode == "compile":
    network = torch.compile(network)
network(ready)   # the first pass compiles

for line in sys.stdin:
    if line.strip() == "verify":
        rows = network(ready)[:len(images)]
        print(torch.nn.functional.cosine_similarity(rows.double(), torch.tensor(golden["outputs"]).double()).min().item(), flush=True)
        continue
    start = time.perf_counter()
    done = 0
    while done < int(line):
        network(ready)
        done += len(ready)
    print((time.perf_counter() - start) * int(line) / done, flush=True)
