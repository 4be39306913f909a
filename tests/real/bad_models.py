# SPDX-License-Identifier: Apache-2.0
# An encoder, model or genomic table that cannot be used ends the run with 4 and a sentence, before the first slide is opened.
# A patient whom the table does not have is no such case: the slide is done, and says that its prediction rests on the image alone.
import hashlib, json, shutil

import anndata, torch
from world import ARCHIVE, ENCODER, GENOMICS, HELD_OUT, MODEL, check, findings_of, fresh, microtome, predict_held_out

out = fresh("bad_models")
genes = anndata.read_h5ad(GENOMICS)
refused = 0


def refuses(what, wanted, *words, encoder=ENCODER, **replaced):
    """The run ends with 4, says `wanted`, and has not touched a slide."""
    global refused
    results = out / f"out{refused}"
    line = ["run", "--manifest", HELD_OUT, "--output", results, *encoder, "--model", MODEL, "--genomics", GENOMICS, *words]
    for option, value in replaced.items():
        line[line.index(f"--{option}") + 1] = value
    log = microtome(*line, exits=(4,)).stderr
    sentence = log.strip().splitlines()[-1]
    check(wanted in sentence, f"{what}: wanted '{wanted}' in: {log}")
    check(not (results / "slides").exists(), f"{what}: slides were opened before it was refused")
    print(f"{what}: {sentence}")
    refused += 1


def table(name, data):
    data.write_h5ad(out / f"{name}.h5ad")
    return out / f"{name}.h5ad"


def model(name, change):
    shutil.copytree(MODEL, out / name)
    change(out / name)
    return out / name


def cut(path):
    path.write_bytes(path.read_bytes()[:100])


(out / "torn").mkdir()
(out / "torn" / "config.json").write_text("{")
(out / "weights.safetensors").write_bytes(b"\xff" * 64)
def encoder_folder(name, card, **files):
    """Cards and files of an encoder; `card` adds to the least that config.json needs."""
    folder = out / name
    folder.mkdir()
    config = {"patch_size_pixels": 256, "spacing_um_px": 0.5, "transform": [{"name": "ToTensor"}]} | card
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "torchscript_model.pt").write_bytes(b"no archive")
    for file, data in files.items():
        (folder / file.replace("_DOT_", ".")).write_bytes(data)
    return ["--encoder", folder]


def scripted(name, body, card={}, **own):
    """An encoder folder with a small TorchScript module."""
    words = encoder_folder(name, card)
    torch.jit.script(body()).save(str(out / name / "torchscript_model.pt"))
    if own:
        (out / name / "microtome.json").write_text(json.dumps(own))
    return words


class MeanColour(torch.nn.Module):
    def forward(self, x):
        return x.mean([2, 3])


class FourChannels(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(4, 2, 3)

    def forward(self, x):
        return self.conv(x).mean([2, 3])


class TokenMap(torch.nn.Module):
    def forward(self, x):
        return x.flatten(2)


nan = [{"name": "ToTensor"}, {"name": "Normalize", "arguments": {"mean": [float("nan"), 0, 0], "std": [1, 1, 1]}}]
refuses("a card with NaN statistics", "NaN", encoder=encoder_folder("nan_card", {"transform": nan}))
refuses("a corrupt TorchScript file", "wanted a TorchScript module", encoder=encoder_folder("corrupt_script", {}))
refuses("another dimension than the card's", "wanted 4 features per tile", encoder=scripted("other_dim", MeanColour, feature_dim=4))
refuses("other classes than the card's", "wanted 2 classes", encoder=scripted("other_classes", MeanColour, {"class_names": ["a", "b"]}))
refuses("a network of four channels", "to have 4 channels", encoder=scripted("four_channels", FourChannels))
refuses("an output that is no row a tile", "wanted an output of shape [2, features]", encoder=scripted("token_map", TokenMap))
hostile = encoder_folder("hostile", {"architecture": "resnet18"}, model_DOT_safetensors=(2**40).to_bytes(8, "little") + b"{}")
(out / "hostile" / "torchscript_model.pt").unlink()
refuses("a safetensors file that claims a terabyte of header", "its header claims", encoder=hostile)
good = scripted("good", MeanColour, output="features")
(out / "allowed.txt").write_text("0" * 64 + "  another.pt\n")
refuses("a model that the list does not allow", "is not in the list", "--models-allowed", out / "allowed.txt", encoder=good)
(out / "allowed.txt").write_text(hashlib.sha256((out / "good" / "torchscript_model.pt").read_bytes()).hexdigest() + "  good\n")
random = hashlib.sha256(b"random resnet18 seed 0 v1").hexdigest()
(out / "allowed.txt").write_text(f"{random}  rehearsals\n")
refuses("a slide model that the list does not allow", "weights.safetensors: wanted a model that", "--models-allowed", out / "allowed.txt")
refuses("an encoder folder that is not there", "there is no such folder", encoder=["--encoder", out / "nowhere"])
refuses("a torn card", "config.json", encoder=["--encoder", out / "torn"])
refuses("torn weights", "weights.safetensors", encoder=["--encoder", "resnet18", "--encoder.weights", out / "weights.safetensors"])
refuses("another encoder than in training", "encoder", encoder=["--encoder", "resnet50", "--encoder.random_weights"])
refuses("another seed of the random weights", "sha256", "--encoder.seed", "9")
refuses("another tile size than in training", "tile", "--tile-px", "128")
refuses("another scale than in training", "mpp", "--mpp", "1")
refuses("a model folder that is not there", "nowhere", model=out / "nowhere")
refuses("torn model weights", "weights.safetensors", model=model("torn_weights", lambda m: cut(m / "weights.safetensors")))
refuses("a torn model card", "model.json", model=model("torn_card", lambda m: cut(m / "model.json")))
refuses("a table that is not there", "nowhere.h5ad", genomics=out / "nowhere.h5ad")
(out / "torn.h5ad").write_bytes(GENOMICS.read_bytes()[:3000])
refuses("a torn table", "torn.h5ad", genomics=out / "torn.h5ad")
refuses("missing genes", "GENE003", genomics=table("missing_genes", genes[:, [name != "GENE003" for name in genes.var_names]].copy()))
doubled = anndata.concat([genes, genes[:1]])
refuses("a row id that is there twice", "same name", genomics=table("doubled_rows", doubled))
samples = anndata.concat([genes, genes[-1:]])
samples.obs["patient_id"] = list(samples.obs_names)
samples.obs_names = [f"sample{i}" for i in range(samples.n_obs)]
refuses("two samples of one patient", "patient", genomics=table("two_samples", samples))

held_out = [line.split(",")[2] for line in HELD_OUT.read_text().splitlines()[1:]]
without = table("without_patient", genes[[name != held_out[0] for name in genes.obs_names]].copy())
words = predict_held_out(out / "partial")
words[words.index(GENOMICS)] = without
microtome(*words)
found = findings_of(out / "partial")
check(len(found) == len(held_out), "every slide is there")
for slide, document in found.items():
    missing = document["slide"]["patient_id"] == held_out[0]
    check(document["status"] == ("partial" if missing else "ok"), f"{slide}: {document['status']}")
    check(document["results"][0]["modalities"][1]["present"] != missing, f"{slide}: {document['results'][0]['modalities']}")
    check(not missing or document["reasons"][0]["code"] == "genomics_missing", f"{slide}: {document['reasons']}")
shuffled = predict_held_out(out / "shuffled")
shuffled[shuffled.index(GENOMICS)] = table("shuffled", genes[::-1].copy())
microtome(*shuffled)
whole = fresh("bad_models_whole")
microtome(*predict_held_out(whole))
for slide, document in findings_of(whole).items():
    check(document["results"] == findings_of(out / "shuffled")[slide]["results"], f"{slide}: rows are joined by id, never by position")
