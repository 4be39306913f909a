# SPDX-License-Identifier: Apache-2.0
"""The checks of tests/gpu.sh: gpu.py MICROTOME DEVICE."""
import json
import pathlib
import subprocess
import sys
import tempfile

import h5py
import numpy

program, device = sys.argv[1:]
big = device != "cpu"
BATCH_TOO_LARGE = 4096   # of float32 in a ViT-L: some 10 MB of device memory a tile ...
MEMORY_LEFT = 12 << 30   # ... where this is all that other programs leave
forms = "torchscript,pt2.cuda" if big else "torchscript"
folder = tempfile.TemporaryDirectory()
out = pathlib.Path(folder.name)
wrong = []


def say(**line):
    print(json.dumps(line), flush=True)


def microtome(*words):
    done = subprocess.run([program, *map(str, words)], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, words))}: exit {done.returncode}: {done.stderr}")
    return done.stdout


def encode(name, archive, *words):
    """Features of all slides by slide, and what run.json says of the run."""
    microtome("run", "--archive", out / archive, "--output", out / name, "--encoder", out / "encoder", "--progress", "none", *words)
    features = {}
    for path in sorted((out / name / "slides").glob("*/features.h5")):
        with h5py.File(path, locking=False) as file:
            features[path.parent.name] = file["features"][:].astype(float)
    return features, json.loads((out / name / "run.json").read_text())


def least_cosine(one, other):
    return min(float(((a * b).sum(1) / numpy.linalg.norm(a, axis=1) / numpy.linalg.norm(b, axis=1)).min()) for a, b in zip(one.values(), other.values()))


def hold_memory():
    """Tensors that leave MEMORY_LEFT on every device that is used."""
    import torch
    devices = [device] if ":" in device else [f"cuda:{i}" for i in range(torch.cuda.device_count())]
    return [torch.empty(max(0, torch.cuda.mem_get_info(each)[0] - MEMORY_LEFT), dtype=torch.uint8, device=each) for each in devices]


network = ["--timm", "vit_large_patch16_224", "--pool", "class"] if big else ["--timm", "resnet18"]
subprocess.run([sys.executable, "workflows/export_encoder.py", *network, "--weights", "random", "--forms", forms, "--batch", "128", "--out", out / "encoder"],
               check=True, stdout=sys.stderr)
microtome("synth", "--output", out / "small", "--patients", 1, "--synth.width", 1536, "--synth.height", 1536)
script = ["--encoder.form", "torchscript"]   # the package computes in one precision alone
reference, _ = encode("cpu", "small", "--device", "cpu", "--precision", "float32", *script)


def judge(name, precision, cosine_wanted, *words):
    """Features of the device beside the CPU's own in float32."""
    found, run = encode(name, "small", "--device", device, "--precision", precision, *words)
    cosine = least_cosine(reference, found)
    if not cosine >= cosine_wanted:
        wrong.append(f"{name}: cosine {cosine}, wanted {cosine_wanted}")
    if precision != "float32" and all((a == b).all() for a, b in zip(reference.values(), found.values())):
        wrong.append(f"{name}: every bit is float32's: the precision was not used")
    if run["encoders"][0]["precision"] != precision:
        wrong.append(f"{name}: run.json says {run['encoders'][0]['precision']}")
    say(check="features", device=device, name=name, precision=precision, form=run["encoders"][0]["format"], least_cosine=cosine, wanted=cosine_wanted)


judge("torchscript_float32", "float32", 0.9999, *script)
judge("torchscript_bfloat16", "bfloat16", 0.999, *script)
if big:   # the CPU has no kernels for float16 that are worth trying
    judge("torchscript_float16", "float16", 0.999, *script)
    judge("package", "float32", 0.9999, "--encoder.form", "pt2")
if big:
    microtome("synth", "--output", out / "large", "--patients", 4, "--synth.width", 16384, "--synth.height", 16384)
_, run = encode("speed", "large" if big else "small", "--device", device)
runtime = run["runtime"]
busy = sum(d["busy_seconds"] for d in runtime["devices"]) / runtime["graph_seconds"]
say(check="speed", form=run["encoders"][0]["format"], tiles=run["tiles"], tiles_per_second=run["tiles"] / runtime["graph_seconds"],
    devices=len(runtime["devices"]), busy_device_seconds_per_second=busy)
if big:   # the bare network's rate is tiles / busy seconds: the share above is what of it is reached
    held = hold_memory()
    _, run = encode("too_much", "small", "--device", device, "--batch", BATCH_TOO_LARGE, *script)
    limits = run["runtime"]["batch_limits"]
    del held
    say(check="out of memory", batch=BATCH_TOO_LARGE, batch_limits=limits)
    if not limits:
        wrong.append(f"batches of {BATCH_TOO_LARGE} should not fit the device: no batch_limits in run.json")
print(microtome("check", "--encoder", out / "encoder", "--device", device), file=sys.stderr)
sys.exit("; ".join(wrong) if wrong else 0)
