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
forms = "torchscript,pt2.cuda" if big else "torchscript"
out = pathlib.Path(tempfile.mkdtemp())
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


network = ["--timm", "vit_large_patch16_224", "--pool", "class"] if big else ["--timm", "resnet18"]
subprocess.run([sys.executable, "workflows/export_encoder.py", *network, "--weights", "random", "--forms", forms, "--batch", "128", "--out", out / "encoder"],
               check=True, stdout=sys.stderr)
microtome("synth", "--output", out / "small", "--patients", 1, "--synth.width", 1536, "--synth.height", 1536)
script = ["--encoder.form", "torchscript"]   # the package computes in one precision alone
reference, _ = encode("cpu", "small", "--device", "cpu", "--precision", "float32", *script)
for precision, cosine_wanted in (("float32", 0.9999), ("bfloat16", 0.99)):
    found, _ = encode(f"device_{precision}", "small", "--device", device, "--precision", precision, *script)
    cosine = least_cosine(reference, found)
    wrong += [] if cosine >= cosine_wanted else [f"{precision}: cosine {cosine}"]
    say(check="features", device=device, precision=precision, least_cosine=cosine, wanted=cosine_wanted)
if big:
    microtome("synth", "--output", out / "large", "--patients", 4, "--synth.width", 16384, "--synth.height", 16384)
_, run = encode("speed", "large" if big else "small", "--device", device)
runtime = run["runtime"]
busy = sum(d["busy_seconds"] for d in runtime["devices"]) / runtime["graph_seconds"]
say(check="speed", form=run["encoders"][0]["format"], tiles=run["tiles"], tiles_per_second=run["tiles"] / runtime["graph_seconds"],
    devices=len(runtime["devices"]), busy_device_seconds_per_second=busy)
if big:   # the bare network's rate is tiles / busy seconds: the share above is what of it is reached
    _, run = encode("too_much", "small", "--device", device, "--batch", 4096, *script)
    say(check="out of memory", batch=4096, batch_limits=run["runtime"]["batch_limits"])
print(microtome("check", "--encoder", out / "encoder", "--device", device), file=sys.stderr)
sys.exit("; ".join(wrong) if wrong else 0)
