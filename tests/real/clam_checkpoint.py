# SPDX-License-Identifier: Apache-2.0
# A checkpoint as CLAM's users have them (legacy stream, DataParallel's names, the SVM's labels) is converted and scores the real slide: the same
# probabilities, attention and shares of tiles as CLAM's formula gives on the slide's features.
import json, os, pathlib, subprocess, sys

import h5py, numpy, torch
from world import SOURCE, check, findings_of, fresh, microtome

SHARED = pathlib.Path(os.environ["MICROTOME_SHARED"])
ENCODER = ["--encoder", "resnet50-trunc", "--encoder.random_weights", "--tile-px", 256, "--mpp", 0.5]
out = fresh("clam_checkpoint")
(out / "manifest.csv").write_text(f"slide_id,path\nCMU-1,{(SHARED / 'slides/CMU-1-Small-Region.svs').resolve()}\n")

torch.manual_seed(5)
shapes = {"attention_net.module.0": (512, 1024), "attention_net.module.3.attention_a.0": (256, 512), "attention_net.module.3.attention_b.0": (256, 512),
          "attention_net.module.3.attention_c": (1, 256), "classifiers": (2, 512), "instance_classifiers.0": (2, 512), "instance_classifiers.1": (2, 512)}
state = {}
for name, (rows, columns) in shapes.items():
    state[name + ".weight"] = torch.randn(rows, columns) / columns ** 0.5 * 3
    state[name + ".bias"] = torch.randn(rows) * 0.1
state["attention_net.module.3.attention_c.weight"] *= 60   # the features of random weights are much alike, the attention shall not be
state["instance_loss_fn.labels"] = torch.tensor([0, 1])
torch.save(state, out / "s_0_checkpoint.pt", _use_new_zipfile_serialization=False)

microtome("run", "--manifest", out / "manifest.csv", "--output", out / "features", *ENCODER)
encoder = findings_of(out / "features")["CMU-1"]["models"][0]
subprocess.run([sys.executable, SOURCE / "workflows/convert_checkpoint.py", out / "s_0_checkpoint.pt", "--out", out / "model", "--classes", "LUAD,LUSC",
                "--encoder-name", "resnet50-trunc", "--encoder-sha256", encoder["sha256"], "--encoder-random-weights", "--tile-px", "256", "--mpp", "0.5",
                "--aggregator", "clam-sb"], check=True)
microtome("run", "--manifest", out / "manifest.csv", "--output", out / "scored", *ENCODER, "--model", out / "model")

slide = out / "scored/slides/CMU-1"
with h5py.File(slide / "features.h5") as file:
    x = file["features"][:].astype(numpy.float64)
with h5py.File(slide / "prediction.h5") as file:
    attention, contribution = file["attention"][:], file["contribution"][:]


def linear(name, value):
    return value @ state[name + ".weight"].double().numpy().T + state[name + ".bias"].double().numpy()


h = numpy.maximum(linear("attention_net.module.0", x), 0)
gated = numpy.tanh(linear("attention_net.module.3.attention_a.0", h)) / (1 + numpy.exp(-linear("attention_net.module.3.attention_b.0", h)))
raw = linear("attention_net.module.3.attention_c", gated)
a = numpy.exp(raw - raw.max())
a /= a.sum()
logits = linear("classifiers", (a * h).sum(0))
probabilities = numpy.exp(logits - logits.max()) / numpy.exp(logits - logits.max()).sum()

check(a.max() > 3 * numpy.median(a), "the attention of this test is too even to tell an order of tiles from another")
check(numpy.abs(attention - a).max() < 1e-4, f"attention differs by {numpy.abs(attention - a).max()}")
shares = a * (h @ state["classifiers.weight"].double().numpy().T)
check(numpy.abs(contribution - shares).max() < 1e-4, f"shares of tiles differ by {numpy.abs(contribution - shares).max()}")
result = findings_of(out / "scored")["CMU-1"]["results"][0]
found = [result["probabilities"][name] for name in ("LUAD", "LUSC")] if isinstance(result["probabilities"], dict) else result["probabilities"]
check(numpy.abs(numpy.array(found) - probabilities).max() < 1e-4, f"probabilities are {found}, CLAM's formula gives {probabilities}")
model = findings_of(out / "scored")["CMU-1"]["models"][1]
check(model["name"] == "clam-sb" and model["sha256"] == json.loads((out / "model/model.json").read_text())["weights_sha256"], f"the document names {model}")
