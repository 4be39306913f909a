# SPDX-License-Identifier: Apache-2.0
# A cohort whose hazard is planted in the tiles and in a group of genes: fusion beats either alone, the planted genes come first, both inputs get their
# share, and with the rows of the table shuffled exactly the gene part is gone.
import json, shutil

import anndata
import numpy
import pandas
from planted_bags import planted_bag
from world import check, fresh, microtome

out = fresh("fusion")
rng = numpy.random.default_rng(3)
PATIENTS, TILES, FEATURES, GENES, PLANTED = 320, 12, 16, 30, 5

lesion, score = rng.normal(size=PATIENTS), rng.normal(size=PATIENTS)
age = rng.normal(62, 8, PATIENTS)
genes = rng.normal(size=(PATIENTS, GENES)).astype(numpy.float32)
genes[:, :PLANTED] = (score[:, None] + 0.5 * rng.normal(size=(PATIENTS, PLANTED))).astype(numpy.float32)
hazard = 0.02 * numpy.exp(1.2 * lesion + 1.2 * score)
death, censored = rng.exponential(1 / hazard), rng.exponential(150, PATIENTS)
patients = [f"Q{p:03}" for p in range(PATIENTS)]


def table(name, rows, patients=patients):
    made = anndata.AnnData(rows, var=pandas.DataFrame(index=[f"G{g:02}" for g in range(GENES)]), uns={"units": "zscore"})
    made.obs_names = patients
    made.write_h5ad(out / name)
    return out / name


for i, patient in enumerate(patients):
    tiles = rng.normal(size=(TILES, FEATURES)).astype(numpy.float32)
    tiles[:, 0] += 2 * lesion[i]
    planted_bag(out / "bags", patient, tiles)
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

# Patients whom no training has seen: the model is judged with the whole ladder that training kept, a bag read once for all of it.
HELD = 60
held = [f"R{p:03}" for p in range(HELD)]
new_lesion, new_score, new_age = rng.normal(size=HELD), rng.normal(size=HELD), rng.normal(62, 8, HELD).round(1)
new_genes = rng.normal(size=(HELD, GENES)).astype(numpy.float32)
new_genes[:, :PLANTED] = (new_score[:, None] + 0.5 * rng.normal(size=(HELD, PLANTED))).astype(numpy.float32)
for i, patient in enumerate(held):
    tiles = rng.normal(size=(TILES, FEATURES)).astype(numpy.float32)
    tiles[:, 0] += 2 * new_lesion[i]
    planted_bag(out / "held", patient, tiles)
months = rng.exponential(50 * numpy.exp(-1.2 * new_lesion - 1.2 * new_score)) + 0.01
pandas.DataFrame({"slide_id": [f"{patient}-S1" for patient in held], "patient_id": held, "time": months.clip(max=300), "event": (months < 300).astype(int)}).to_csv(out / "held.csv", index=False)
new_clinical = pandas.DataFrame({"patient_id": held, "age": new_age, "sex": ["F" if p % 2 else "M" for p in range(HELD)]}, index=[f"{patient}-S1" for patient in held])
new_clinical.to_csv(out / "held_clinical.csv", index=False)
new_rna = table("held.h5ad", new_genes, held)
RUNGS = ["fusion", "clinical-cox", "genes-snn", "genes-mlp", "slides", "late-fusion", "without-rna", "without-clinical", "without-tiles"]


def judged(name, model, *words, exits=(0,)):
    """What is said; the rungs; the predictions."""
    done = microtome("evaluate", "--model", model, "--bags", out / "held", "--labels", out / "held.csv", "--output", out / name, "--bootstrap", 100, *words, exits=exits)
    if done.returncode:
        return done.stderr, None, None
    rungs = {rung["name"]: rung["c_harrell"]["value"] for rung in json.loads((out / name / "metrics.json").read_text()).get("ladder", [])}
    return done.stderr, rungs, pandas.read_csv(out / name / "predictions.csv", index_col="slide_id")


with_rna, with_clinical = ["--genomics", f"rna={new_rna}"], ["--clinical", out / "held_clinical.csv"]
told, rungs, risks = judged("asked", out / "model", *with_rna, *with_clinical)
check(list(rungs) == RUNGS == list(real), f"every rung, in training's order: {list(rungs)} and {list(real)}")
check(all(f"  {name} " in told for name in RUNGS) and "left out of the ladder" not in told and "--predictions" not in told, told)
figure = (out / "asked" / "ladder.svg").read_text()
check(all(name in figure for name in RUNGS), "every rung is in the picture")
check(rungs["fusion"] > max(rungs[name] for name in ("clinical-cox", "genes-snn", "genes-mlp", "slides", "without-rna", "without-tiles")) and min(rungs["genes-snn"], rungs["slides"]) > 0.6, f"on other patients too: {rungs}")

# The model and its rungs say what their own folders say, whoever asks.
for column, model, words in (("risk", out / "model", [*with_rna, *with_clinical]), ("ladder_slides", out / "model" / "ladder" / "slides", [])):
    microtome("run", "--bags", out / "held", "--model", model, *words, "--output", out / f"run-{column}")
    for slide in risks.index:
        value = json.loads((out / f"run-{column}" / "slides" / slide / "findings.json").read_text())["results"][0]["value"]
        check(abs(value - risks[column][slide]) < 1e-9, f"run and evaluate differ in {column} of {slide}: {value}")
check(len(risks) == HELD, f"every bag has risks: {len(risks)}")
for rung, words in (("slides", []), ("genes-snn", with_rna), ("late-fusion", [*with_rna, *with_clinical])):
    _, alone, own = judged(f"asked-{rung}", out / "model" / "ladder" / rung, *words)
    check((own["risk"] - risks[f"ladder_{rung}"]).abs().max() < 1e-12 and risks[f"ladder_{rung}"].std() > 0.01, f"evaluate and the ladder differ on {rung}")
    check(rung == "slides" or abs(alone["fusion"] - rungs[rung]) < 1e-12, f"and so does their c: {alone} and {rungs}")
cox = json.loads((out / "model" / "ladder" / "clinical-cox" / "cox.json").read_text())
columns = numpy.array([new_clinical["age"] if name == "age" else new_clinical["sex"] == name.split("=")[1] for name in cox["columns"]], dtype=float).T
fit = {key: numpy.array(cox["fits"][0][key]) for key in ("mean", "scale", "coefficients")}
check(len(cox["columns"]) > 1 and abs((columns - fit["mean"]) / fit["scale"] @ fit["coefficients"] - risks.loc[new_clinical.index, "ladder_clinical-cox"]).max() < 1e-5, f"the Cox regression is that of its file: {cox}")

# What was not given or not copied is said; what is damaged is refused.
told, rungs, less = judged("asked-less", out / "model", *with_rna)
check(list(rungs) == [name for name in RUNGS if "clinical" not in name], f"what needs the clinical columns is left out: {list(rungs)}")
check("left out of the ladder, as no table that they see was given: clinical-cox, without-clinical" in told, told)
check((risks["ladder_without-clinical"] - less["risk"]).abs().max() < 1e-6 < (risks["risk"] - less["risk"]).abs().max(), "taking a table away is as not having it")
shutil.copytree(out / "model", out / "copied", ignore=shutil.ignore_patterns("ladder"))
told, rungs, bare = judged("asked-bare", out / "copied", *with_rna, *with_clinical)
check(list(rungs) == ["fusion", "without-rna", "without-clinical", "without-tiles"] and (bare["risk"] == risks["risk"]).all(), f"the model does without its ladder: {list(rungs)}")
check(f"{out / 'copied' / 'ladder'}: the folder is not there, and with it clinical-cox, genes-snn, genes-mlp, slides, late-fusion are missing from the ladder: copy it with the model" in told, told)
shutil.copytree(out / "model" / "ladder", out / "copied" / "ladder")
shutil.rmtree(out / "copied" / "ladder" / "slides")
shutil.copytree(out / "shuffled" / "ladder" / "genes-snn", out / "copied" / "ladder" / "slides")
told, _, _ = judged("asked-swapped", out / "copied", *with_rna, exits=(4,))
check(f"{out / 'copied' / 'ladder' / 'slides'}: the simpler model with sha256 " in told, told)
check(not (out / "asked-swapped").exists(), "a refusal leaves nothing behind")

microtome("run", "--bags", out / "bags", "--model", out / "model", "--output", out / "without")
without = json.loads((out / "without" / "slides" / "Q000-S1" / "findings.json").read_text())
check(without["status"] == "partial" and [m["present"] for m in without["results"][0]["modalities"]] == [True, False, False], "without tables the findings say so")
refused = microtome("run", "--bags", out / "bags", "--model", out / "model", "--genomics", f"cnv={rna}", "--output", out / "none", exits=(4,)).stderr
check("wanted a table of the model's modalities (rna), got 'cnv': name it, --genomics NAME=FILE, or leave it out" in refused, refused)
print("fusion:", {name: round(value, 3) for name, value in c.items()}, "shuffled:", {name: round(value, 3) for name, value in s.items()}, "variance of shares:", part, "top genes:", top)
