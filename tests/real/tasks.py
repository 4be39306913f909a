# SPDX-License-Identifier: Apache-2.0
# Models of a number and of several labels, from bags to findings: what is planted is found, what predictions, findings and prediction.h5 say agrees, and what
# the labels may not be is refused with its sentence and code.
import json

import h5py, jsonschema, numpy, pandas
from planted_bags import planted_bag
from sklearn.metrics import r2_score, roc_auc_score
from world import SOURCE, check, fresh, microtome

out = fresh("tasks")
rng = numpy.random.default_rng(8)
PATIENTS, TILES, FEATURES, NAMES = 90, 12, 16, ["EGFR", "KRAS"]
hidden = rng.normal(size=PATIENTS)
marks = (rng.random(size=(PATIENTS, 2)) < (0.5, 0.3)).astype(int)
patients = [f"N{p:03}" for p in range(PATIENTS)]
for p, patient in enumerate(patients):
    tiles = rng.normal(size=(TILES, FEATURES)).astype(numpy.float32)
    tiles[:, 0] += 2 * hidden[p]
    tiles[:4, 1] += 4 * marks[p, 0]
    tiles[4:8, 2] += 4 * marks[p, 1]
    planted_bag(out / "bags", patient, tiles)

labels = pandas.DataFrame({"slide_id": [f"{patient}-S1" for patient in patients], "patient_id": patients, "tmb": (40 + 12 * hidden).round(3)})
for c, name in enumerate(NAMES):
    labels[f"label_{name}"] = marks[:, c].astype(object)
labels.loc[labels.index % 9 == 4, "label_KRAS"] = ""
labels.to_csv(out / "labels.csv", index=False)
SETTINGS = ["--bags", out / "bags", "--labels", out / "labels.csv", "--train.folds", 3, "--epochs", 25, "--train.learning_rate", 0.01, "--train.embed_dim", 16, "--train.attention_dim", 8,
            "--train.dropout", 0, "--train.accumulate", 4, "--train.aggregator", "mean"]
schema = jsonschema.Draft202012Validator(json.loads((SOURCE / "configs/schemas/findings-1.json").read_text()))


def trained(name, *words):
    said = microtome("train", *SETTINGS, *words, "--output", out / name).stderr
    history = [json.loads(line) for line in (out / name / "history.jsonl").read_text().splitlines()]
    return said, history, json.loads((out / name / "training.json").read_text()), pandas.read_csv(out / name / "predictions.csv", index_col="slide_id")


def scored(name):
    """What `run` says of every slide: result of the findings, and the sums of the tiles' shares in prediction.h5."""
    microtome("run", "--bags", out / "bags", "--model", out / name, "--output", out / (name + "-scored"))
    results = {}
    for path in sorted((out / (name + "-scored") / "slides").glob("*/findings.json")):
        document = json.loads(path.read_text())
        schema.validate(document)
        check(document["status"] == "ok" and (path.parent / "report.html").exists(), f"{path}: {document['reasons']}")
        with h5py.File(path.parent / "prediction.h5") as file:
            results[path.parent.name] = document["results"][0], file["contribution"][:].sum(0)
    check(len(results) == PATIENTS, f"{len(results)} slides have findings")
    lines = {line["slide_id"]: line for line in map(json.loads, (out / (name + "-scored") / "slides.jsonl").read_text().splitlines())}
    return results, lines


# A number.
said, history, training, predicted = trained("number", "--task", "regression", "--data.target", "tmb")
check(list(predicted.columns) == ["patient_id", "fold", "known_value", "value"], list(predicted.columns))
known = labels.set_index("slide_id")["tmb"]
check((predicted["known_value"] - known).abs().max() == 0, "what is known is told as it is")
r2 = r2_score(predicted["known_value"], predicted["value"])
check(r2 > 0.8 and abs(training["pooled_r2"] - r2) < 1e-9 and f"R2 on patients held out of training {r2:.3f}" in said, f"R2 {r2}, {training}, {said}")
check("90 slides with tmb" in said and all("validation_r2" in line for line in history if line["fold"] >= 0), said)
results, lines = scored("number")
offset = set()
for slide, (result, shares) in results.items():
    check(result["kind"] == "regression" and result["label"] == "tmb" and abs(result["value"] - known[slide]) < 20, f"{slide}: {result}")
    check(lines[slide]["value"] == result["value"] and lines[slide]["label"] == "tmb", f"{slide}: {lines[slide]}")
    offset.add(round(float(result["value"] - shares[0]), 2))
check(len(offset) == 1, f"but for one number the tiles' shares are the answer, in its units: {offset}")
def evaluated(name, *words):
    """metrics.json of the folds' predictions, and of the model itself on all slides, whose predictions must be those of the findings."""
    microtome("evaluate", "--predictions", out / name / "predictions.csv", "--labels", out / "labels.csv", *words, "--bootstrap", 200, "--output", out / (name + "-folds"))
    microtome("evaluate", "--model", out / name, "--bags", out / "bags", "--labels", out / "labels.csv", "--bootstrap", 200, "--output", out / (name + "-model"))
    asked = pandas.read_csv(out / (name + "-model") / "predictions.csv", index_col="slide_id")
    return json.loads((out / (name + "-folds") / "metrics.json").read_text()), json.loads((out / (name + "-model") / "metrics.json").read_text()), asked


folds, model, asked = evaluated("number", "--evaluate.target", "tmb")
check(abs(folds["regression"]["r2"]["value"] - r2) < 1e-9 and folds["regression"]["r2"]["low"] > 0.7, f"evaluate says the same R2: {folds['regression']['r2']}")
check(model["regression"]["r2"]["value"] > r2 and len(asked) == PATIENTS, "the model looks better on the slides that taught it, and knows its column by itself")
check(all(abs(asked["value"][slide] - result["value"]) < 1e-9 for slide, (result, _) in results.items()), "evaluate and run say the same numbers")
check("tmb: " in (out / "number-scored" / "slides" / "N000-S1" / "report.html").read_text(), "the report names it")
check("tmb " in (out / "number-scored" / "index.html").read_text(), "and the index")

# Several labels, one of them not known of every ninth slide.
said, history, training, predicted = trained("labels", "--task", "multilabel")
check(list(predicted.columns) == ["patient_id", "fold", "label_EGFR", "label_KRAS", "prob_EGFR", "prob_KRAS"], list(predicted.columns))
check(predicted["label_KRAS"].isna().sum() == 10 and predicted["label_EGFR"].isna().sum() == 0, "what is not known stays empty")
right = known_marks = 0
for c, name in enumerate(NAMES):
    auc = roc_auc_score(marks[:, c], predicted[f"prob_{name}"])
    check(auc > 0.95, f"{name} is found, also where it was not told: AUC {auc}")
    told = predicted[f"label_{name}"].notna()
    right += ((predicted[f"prob_{name}"] >= 0.5) == (predicted[f"label_{name}"] == 1))[told].sum()
    known_marks += told.sum()
check(abs(training["pooled_accuracy"] - right / known_marks) < 1e-9, f"{training}, {right} of {known_marks}")
check("90 slides, 2 labels" in said and "accuracy of the labels on patients held out" in said, said)
results, lines = scored("labels")
for slide, (result, shares) in results.items():
    yes = [name for name in NAMES if result["probabilities"][name] >= 0.5]
    check(result["kind"] == "multilabel" and result["label"] == (", ".join(yes) or "none") and result["threshold"] == 0.5, f"{slide}: {result}")
    check(lines[slide]["label"] == result["label"] and lines[slide]["prob_KRAS"] == result["probabilities"]["KRAS"], f"{slide}: {lines[slide]}")
said_all = {result["label"] for result, _ in results.values()}
check(said_all == {"none", "EGFR", "KRAS", "EGFR, KRAS"}, f"a slide may have all or none: {said_all}")


folds, model, asked = evaluated("labels")
said = microtome("check", out / "number", out / "labels").stdout
check("model mean, the number tmb, for" in said and "model mean, 2 labels, for" in said, said)
for name, words, sentence in (("labels", ["--positive", "EGFR"], "--evaluate.positive: wanted predictions of two classes, got labels"),
                              ("number", ["--threshold", 0.5], "--evaluate.threshold: wanted predictions of two classes, got values"),
                              ("labels", ["--evaluate.target", "tmb"], "--evaluate.target: wanted predictions with a column value")):
    said = microtome("evaluate", "--model", out / name, "--bags", out / "bags", "--labels", out / "labels.csv", *words, "--output", out / "unasked", exits=(2,)).stderr
    check(sentence in said and "bags scored" not in said and not (out / "unasked").exists(), f"before anything is scored: {said}")
for name in NAMES:
    told = predicted[f"label_{name}"].notna()
    auc = roc_auc_score(predicted[f"label_{name}"][told], predicted[f"prob_{name}"][told])
    check(abs(folds["multilabel"]["labels"][name]["classification"]["auc"]["value"] - auc) < 1e-9, f"{name}: {auc}, {folds['multilabel']['labels'][name]['classification']['auc']}")
    check(all(abs(asked[f"prob_{name}"][slide] - result["probabilities"][name]) < 1e-9 for slide, (result, _) in results.items()), "evaluate and run say the same probabilities")


def refused(sentence, code, *words, **change):
    table = labels.copy().astype(object)
    for column, value in change.items():
        table.loc[3, column] = value
    table.to_csv(out / "wrong.csv", index=False)
    said = microtome("train", *SETTINGS, "--labels", out / "wrong.csv", *words, "--output", out / "refused", exits=(code,)).stderr
    check(sentence in said, f"'{sentence}' was wanted: {said}")
    check(not (out / "refused" / "model.json").exists(), f"nothing is left: {sentence}")


refused("row 5 (N003-S1): wanted a number under tmb, got 'high'", 4, "--task", "regression", "--data.target", "tmb", tmb="high")
refused("row 5 (N003-S1): wanted a number under tmb, got 'nan'", 4, "--task", "regression", "--data.target", "tmb", tmb="nan")
refused("--data.target: wanted columns of", 2, "--task", "regression", "--data.target", "hrd")
refused("row 5 (N003-S1): wanted 0 or 1 under label_EGFR, or an empty cell where it is not known, got '2'", 4, "--task", "multilabel", label_EGFR=2)
refused("one of label, multilabel, regression, survival was wanted: it is 'grade'", 2, "--task", "grade")
refused("one of auto, mse, huber was wanted: it is 'focal'", 2, "--task", "regression", "--data.target", "tmb", "--loss", "focal")
refused("clam-sb-plain was wanted for multilabel", 2, "--task", "multilabel", "--aggregator", "clam-sb")
refused("top-k chooses tiles by their most probable class", 2, "--task", "regression", "--data.target", "tmb", "--aggregator", "top-k")
print(f"tasks: R2 {r2:.3f}, accuracy of labels {right / known_marks:.3f}, labels said {said_all}")
