# SPDX-License-Identifier: Apache-2.0
# An encoder, model or genomic table that cannot be used ends the run with 4 and a sentence, before the first slide is opened.
# A patient whom the table does not have is no such case: the slide is done, and says that its prediction rests on the image alone.
import shutil

import anndata
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
    check(document["results"][0]["modalities"][0]["present"] != missing, f"{slide}: {document['results'][0]['modalities']}")
    check(not missing or document["reasons"][0]["code"] == "genomics_missing", f"{slide}: {document['reasons']}")
shuffled = predict_held_out(out / "shuffled")
shuffled[shuffled.index(GENOMICS)] = table("shuffled", genes[::-1].copy())
microtome(*shuffled)
whole = fresh("bad_models_whole")
microtome(*predict_held_out(whole))
for slide, document in findings_of(whole).items():
    check(document["results"] == findings_of(out / "shuffled")[slide]["results"], f"{slide}: rows are joined by id, never by position")
