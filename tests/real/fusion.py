# SPDX-License-Identifier: Apache-2.0
# A cohort whose hazard is planted in the tiles and in a group of genes: fusion beats either alone, the planted genes come first, both inputs get their
# share, and with the rows of the table shuffled exactly the gene part is gone.
import hashlib, json, shutil

import anndata
import h5py
import numpy
import pandas
from world import BAGS, check, fresh, microtome

out = fresh("fusion")
rng = numpy.random.default_rng(3)
PATIENTS, TILES, FEATURES, GENES, PLANTED = 320, 12, 16, 30, 5
template = next(path for path in sorted((BAGS / "slides").glob("*/features.h5")))

lesion, score = rng.normal(size=PATIENTS), rng.normal(size=PATIENTS)
age = rng.normal(62, 8, PATIENTS)
genes = rng.normal(size=(PATIENTS, GENES)).astype(numpy.float32)
genes[:, :PLANTED] = (score[:, None] + 0.5 * rng.normal(size=(PATIENTS, PLANTED))).astype(numpy.float32)
hazard = 0.02 * numpy.exp(1.2 * lesion + 1.2 * score)
death, censored = rng.exponential(1 / hazard), rng.exponential(150, PATIENTS)
patients = [f"Q{p:03}" for p in range(PATIENTS)]


def bag(folder, patient, values):
    """A finished slide with these features, everything else as in one of the world's."""
    slide = f"{patient}-S1"
    folder = folder / "slides" / slide
    folder.mkdir(parents=True)
    with h5py.File(template) as old, h5py.File(folder / "features.h5", "w") as new:
        new.attrs.update(old.attrs)
        new.attrs["slide_id"] = slide
        for name in old:
            if name != "quality":
                new[name] = values if name == "features" else old[name][:TILES] if len(old[name]) else old[name][:]
                new[name].attrs.update(old[name].attrs)
        new["quality/focus"] = old["quality/focus"][:TILES]
    shutil.copy(template.parent / "thumbnail.jpg", folder)
    document = json.loads((template.parent / "findings.json").read_text())
    document["slide"] |= {"id": slide, "patient_id": patient, "sample_id": None}
    document["artifacts"] = [artifact for artifact in document["artifacts"] if artifact["role"] in ("features", "thumbnail")]
    for artifact in document["artifacts"]:
        data = (folder / artifact["path"]).read_bytes()
        artifact |= {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    (folder / "findings.json").write_text(json.dumps(document))


def table(name, rows):
    made = anndata.AnnData(rows, var=pandas.DataFrame(index=[f"G{g:02}" for g in range(GENES)]), uns={"units": "zscore"})
    made.obs_names = patients
    made.write_h5ad(out / name)
    return out / name


for i, patient in enumerate(patients):
    tiles = rng.normal(size=(TILES, FEATURES)).astype(numpy.float32)
    tiles[:, 0] += 2 * lesion[i]
    bag(out / "bags", patient, tiles)
follow_up = pandas.DataFrame({"patient_id": patients, "time": numpy.minimum(death, censored) + 0.01, "event": (death <= censored).astype(int)})
follow_up.insert(0, "slide_id", [f"{patient}-S1" for patient in patients])
follow_up.to_csv(out / "labels.csv", index=False)
pandas.DataFrame({"patient_id": patients, "age": age.round(1), "sex": ["F" if p % 3 else "M" for p in range(PATIENTS)]}).to_csv(out / "clinical.csv", index=False)
rna, shuffled = table("rna.h5ad", genes), table("shuffled.h5ad", genes[rng.permutation(PATIENTS)])

SETTINGS = ["--task", "survival", "--train.folds", 4, "--epochs", 25, "--train.learning_rate", 3e-3, "--train.weight_decay", 0.03, "--train.embed_dim", 16, "--train.attention_dim", 8,
            "--train.table_dim", 8, "--train.accumulate", 4, "--train.dropout", 0, "--train.table_encoder", "linear"]


def trained(name, genomics, *words):
    """The ladder: rung -> c_harrell, and of the rungs fusion minus rung."""
    microtome("train", "--bags", out / "bags", "--labels", out / "labels.csv", "--genomics", f"rna={genomics}", "--output", out / name, *SETTINGS, *words)
    microtome("evaluate", "--predictions", out / name / "predictions.csv", "--labels", out / "labels.csv", "--output", out / (name + "-judged"), "--bootstrap", 300)
    return {rung["name"]: rung for rung in json.loads((out / (name + "-judged") / "metrics.json").read_text())["ladder"]}


real = trained("model", rna, "--clinical", out / "clinical.csv")
c = {name: rung["c_harrell"]["value"] for name, rung in real.items()}
check(set(c) == {"fusion", "clinical-cox", "genes-snn", "genes-mlp", "slides", "late-fusion", "without-rna", "without-clinical", "without-tiles"}, f"every rung: {c}")
for alone in ("clinical-cox", "genes-snn", "genes-mlp", "slides", "without-rna", "without-tiles"):
    check(real[alone]["fusion_minus"]["low"] > 0, f"fusion beats {alone}, with its interval: {real[alone]} of {c}")
check(c["fusion"] > 0.75 and c["slides"] > 0.6 and c["genes-snn"] > 0.6 and 0.35 < c["clinical-cox"] < 0.65, f"what is planted is found, what is not is not: {c}")

wrong = trained("shuffled", shuffled)
s = {name: rung["c_harrell"]["value"] for name, rung in wrong.items()}
check(0.35 < s["genes-snn"] < 0.6 and 0.35 < s["genes-mlp"] < 0.6, f"genes of other patients say nothing: {s}")
check(abs(s["slides"] - c["slides"]) < 1e-12, f"and leave the slides' part as it was: {s['slides']} and {c['slides']}")
check(s["fusion"] < c["fusion"] - 0.05, f"fusion lost its genes: {s}")

microtome("run", "--bags", out / "bags", "--model", out / "model", "--genomics", f"rna={rna}", "--clinical", out / "clinical.csv", "--output", out / "scored")
results = [json.loads(path.read_text())["results"][0] for path in sorted((out / "scored" / "slides").glob("*/findings.json"))]
check(len(results) == PATIENTS and {result["kind"] for result in results} == {"survival"}, "every patient has findings of survival")
moved = {}
for result in results:
    check(abs(result["completeness_gap"]) < 0.03, f"but for the kinks of ReLU integrated gradients are complete: {result['completeness_gap']}")
    for feature in result["features"]:
        if feature["modality"] == "rna":
            moved[feature["feature"]] = moved.get(feature["feature"], 0) + abs(feature["share"])
top = sorted(moved, key=moved.get, reverse=True)[: PLANTED + 2]
check(len(set(top) & {f"G{g:02}" for g in range(PLANTED)}) == PLANTED, f"planted genes come first: {top}")
share = {name: numpy.var([next(m["share"] for m in result["modalities"] if m["name"] == name) for result in results]) for name in ("tiles", "rna", "clinical")}
part = {name: value / sum(share.values()) for name, value in share.items()}
check(0.35 < part["tiles"] < 0.65 and 0.35 < part["rna"] < 0.65 and part["clinical"] < 0.1, f"shares are near the planted halves: {part}")
high = [result["label"] for result in results].count("high")
check(high == PATIENTS // 2, f"the cut is the median risk of those who taught the model: {high} of {PATIENTS} are high")

# The same bags judged with the model itself: the ladder is what is left without each input, and agrees with runs that lack it.
words = ["--model", out / "model", "--bags", out / "bags", "--genomics", f"rna={rna}", "--labels", out / "labels.csv"]
told = microtome("evaluate", *words, "--clinical", out / "clinical.csv", "--output", out / "asked", "--bootstrap", 200).stderr
rungs = {rung["name"]: rung for rung in json.loads((out / "asked" / "metrics.json").read_text())["ladder"]}
check(list(rungs) == ["fusion", "without-tiles", "without-rna", "without-clinical"], f"what is left without each input: {list(rungs)}")
check(rungs["without-tiles"]["fusion_minus"]["low"] > 0 and rungs["without-rna"]["fusion_minus"]["low"] > 0, f"either is missed: {rungs}")
check(f"--predictions {out / 'model' / 'predictions.csv'}" in told, told)
risks = pandas.read_csv(out / "asked" / "predictions.csv", index_col="slide_id")
check(all(abs(risks["risk"][f"{patients[p]}-S1"] - results[p]["value"]) < 1e-6 for p in range(PATIENTS)), "evaluate and run say the same risks")
microtome("evaluate", *words, "--output", out / "asked-less", "--bootstrap", 200)
less = pandas.read_csv(out / "asked-less" / "predictions.csv", index_col="slide_id")["risk"]
check((risks["ladder_without-clinical"] - less).abs().max() < 1e-6 < (risks["risk"] - less).abs().max(), "taking a table away is as not having it")

microtome("run", "--bags", out / "bags", "--model", out / "model", "--output", out / "without")
without = json.loads((out / "without" / "slides" / "Q000-S1" / "findings.json").read_text())
check(without["status"] == "partial" and [m["present"] for m in without["results"][0]["modalities"]] == [True, False, False], "without tables the findings say so")
refused = microtome("run", "--bags", out / "bags", "--model", out / "model", "--genomics", f"cnv={rna}", "--output", out / "none", exits=(4,)).stderr
check("wanted a table of the model's modalities (rna), got 'cnv': name it, --genomics NAME=FILE, or leave it out" in refused, refused)
print("fusion:", {name: round(value, 3) for name, value in c.items()}, "shuffled:", {name: round(value, 3) for name, value in s.items()}, "variance of shares:", part, "top genes:", top)
