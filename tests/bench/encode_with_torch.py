# SPDX-License-Identifier: Apache-2.0
"""The rival of bench_encode: the same network in Python's torch on the same tiles, which lie normalised on the device.

encode_with_torch.py WORKFLOWS TIMM POOL FOLDER WEIGHTS BATCH THREADS MODE DEVICE
WEIGHTS is "random", which is seeded as the export was, or a file. MODE is eager, compile, or torchscript or pt2: the folder's own file, which on
devices is the bare network. Answers "verify" with the least cosine to the golden outputs, and a number of tiles with the seconds they took.
"""
import json
import pathlib
import struct
import sys
import time

import numpy
import torch

workflows, name, pool, folder, weights, batch, threads, mode, device = sys.argv[1:]
sys.path.insert(0, workflows)
import export_encoder as export  # noqa: E402

torch.set_grad_enabled(False)
torch.set_num_threads(int(threads))
on_cpu = device == "cpu"
if not on_cpu:   # as our engine computes: float32 is float32, and every run gives the same
    torch.cuda.set_device(torch.device(device if ":" in device else "cuda:0"))
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.deterministic = True


def tensors_of(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = file.read()
    return {key: numpy.frombuffer(data[slice(*entry["data_offsets"])], {"F32": "<f4", "U8": "u1"}[entry["dtype"]]).reshape(entry["shape"])
            for key, entry in header.items() if key != "__metadata__"}


def network_of():
    if mode == "torchscript":
        return torch.jit.freeze(torch.jit.load(f"{folder}/torchscript_model.pt", map_location=device).eval())
    if mode == "pt2":
        return torch._inductor.aoti_load_package(f"{folder}/model.{'cpu' if on_cpu else 'cuda'}.pt2")
    arguments = export.parse(["--timm", name, "--pool", pool, "--weights", weights, "--seed", "0", "--out", "unused"])
    network = export.exported_network(arguments, export.timm_network(arguments)).to(device)
    return torch.compile(network) if mode == "compile" else network


def wait():
    if not on_cpu:
        torch.cuda.synchronize()


golden = tensors_of(f"{folder}/golden.safetensors")
images = export.images_of(golden["tiles"], json.loads(pathlib.Path(folder, "config.json").read_text())["transform"])
ready = torch.cat([images] * (int(batch) // len(images) + 1))[:int(batch)].to(device)
if mode == "pt2":   # its input's layout is compiled in
    ready = ready.contiguous(memory_format=torch.channels_last)
network = network_of()
network(ready)   # the first pass compiles
wait()

for line in sys.stdin:
    if line.strip() == "verify":
        rows = network(ready)[:len(images)].double().cpu()
        print(torch.nn.functional.cosine_similarity(rows, torch.tensor(golden["outputs"]).double()).min().item(), flush=True)
        continue
    start = time.perf_counter()
    done = 0
    while done < int(line):
        network(ready)
        done += len(ready)
    wait()
    print((time.perf_counter() - start) * int(line) / done, flush=True)
