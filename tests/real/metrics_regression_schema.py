# SPDX-License-Identifier: Apache-2.0
# metrics.json of numbers against its schema: what `evaluate` writes passes, of few rows too, and every kind of damage is refused.
import random

from schema_damage import SchemaCheck
from world import check, fresh

out = fresh("metrics_regression_schema")
random.seed(9)
metrics = SchemaCheck("metrics-regression-1.json", {("per_fold",), ("subgroups",)}, {"note", "subgroups", "comparison"})


def write(name, text):
    (out / name).write_text(text)
    return out / name


truth = [random.gammavariate(2, 5) for _ in range(90)]


def predictions(name, noise, slides=0, folds=False):
    """Of patients, or of so many slides of each."""
    text = ("slide_id," if slides else "") + "patient_id" + (",fold" if folds else "") + ",value\n"
    for p in range(90):
        for s in range(slides or 1):
            text += ",".join([*([f"s{p}-{s}"] if slides else []), f"P{p}", *([str(p % 3)] if folds else []), f"{truth[p] + random.gauss(0, noise):.6f}"]) + "\n"
    return write(name, text)


def small(name, said, known):
    """Predictions of a handful of patients and what is known of these."""
    return ["--predictions", write(f"{name}_p.csv", "patient_id,value\n" + said), "--labels", write(f"{name}_l.csv", "patient_id,value\n" + known)]


labels = write("labels.csv", "patient_id,value,sex,site\n" + "".join(f"P{p},{truth[p]:.6f},{'FM'[p % 2]},{'rare' if p < 8 else 'usual'}\n" for p in range(90)) + "P98,,F,rare\nP99,1,F,rare\n")
of_slides = write("of_slides.csv", "slide_id,value\n" + "".join(f"s{p}-{s},{truth[p] + s:.6f}\n" for p in range(90) for s in range(2)))
MADE = {
    "folds": ["--predictions", predictions("folded.csv", 3, 2, True), "--labels", labels, "--subgroups", "sex,site", "--compare", predictions("noisy.csv", 9, 2, True)],
    "plain": ["--predictions", predictions("bare.csv", 3), "--labels", labels, "--compare", predictions("other.csv", 9)],
    "slides": ["--predictions", out / "folded.csv", "--labels", of_slides],
    "flat": small("flat", "".join(f"P{p},0.1\n" for p in range(30)), "".join(f"P{p},{p}\n" for p in range(30))) + ["--compare", write("rising.csv", "patient_id,value\n" + "".join(f"P{p},{p + p % 3}\n" for p in range(30)))],
    "holes": small("holes", "P1,1\nP2,2\nP3,3\nP4,5\n", "P1,2\nP2,1\nP3,\nP4,8\n"),
    "few": small("few", "P1,1\nP2,2\n", "P1,3\nP2,5\n"),
    "one": small("one", "P1,1\n", "P1,3\n"),
    "lost": ["--predictions", write("lost.csv", "patient_id,fold,value\n" + "".join(f"P{p},{p // 2},{p}\n" for p in range(6))), "--labels", labels],   # folds of two
}
for name, words in MADE.items():
    metrics.evaluate(out / name, *words, "--bootstrap", 150)
documents = metrics.documents
folds, plain, few, flat = (documents[name] for name in ("folds", "plain", "few", "flat"))
check(len(folds["per_fold"]) == 3 and folds["input"]["predictions"] == 180 and documents["slides"]["input"]["unit"] == "slide", "folds and slides are there")
check(folds["subgroups"]["site"]["levels"]["rare"]["suppressed"] and folds["subgroups"]["site"]["worst_mae"] is None and folds["subgroups"]["sex"]["gaps"]["mae"]["p"] is not None, "suppressed levels, gaps, and none, are there")
check(flat["regression"]["pearson"]["value"] is None and flat["comparison"]["regression"]["pearson"]["difference"]["value"] is None, "nulls of a constant are there")
check(few["regression"]["r2"]["value"] is None and documents["one"]["regression"]["mae"]["low"] is None and few["cautions"], "nulls of few rows are there")
check(documents["holes"]["input"]["predictions_without_value"] == 1 and "note" in documents["holes"]["regression"]["pearson"], "predictions without a value and notes are there")
check(documents["lost"]["fold_means"]["regression"]["pearson"]["value"] is None, "a mean of no fold is there")

metrics.refuse_all_damage("folds", "plain", "few", "flat", "holes")

# No number of a measure or a test goes without a word. What has no value has no interval either.
for name in ("folds", "plain", "few", "flat"):
    for path, node in metrics.kinds(name):
        if "method" in node:
            for key in {"value", "low", "high", "p"} & set(node):
                told = node[key]
                if told is not None or key in ("low", "high", "p"):
                    metrics.refuse_value(name, (*path, key), None if told is not None else 0.5)
            metrics.refuse_value(name, (*path, "method"), "guessed")
for name, path, value in [
    ("plain", ("schema_version",), 2), ("plain", ("task",), "survival"), ("plain", ("intended_use",), "diagnosis"),
    ("plain", ("input", "unit"), "tile"), ("plain", ("input", "n"), 0), ("plain", ("input", "n"), 2.5), ("plain", ("input", "patients"), 0), ("plain", ("input", "predictions"), 0),
    ("plain", ("input", "values"), "guessed"), ("slides", ("input", "values"), "means over the slides of each patient"), ("plain", ("input", "target"), ""), ("plain", ("input", "patients_from"), ""),
    ("plain", ("input", "known", "mean"), None), ("plain", ("input", "labels_without_predictions"), -1), ("plain", ("input", "labels_without_value"), -1), ("slides", ("input", "predictions_without_value"), 1),
    ("plain", ("agreement", "sd"), -1), ("plain", ("agreement", "sd"), None), ("plain", ("agreement", "bias"), None), ("plain", ("agreement", "low"), None), ("plain", ("agreement", "high"), None),
    ("plain", ("agreement", "reason"), "fewer than 3 rows"), ("few", ("agreement", "reason"), "none"), ("few", ("agreement", "low"), 1), ("few", ("agreement",), plain["agreement"]), ("plain", ("agreement",), few["agreement"]),
    ("plain", ("intervals", "level"), 0.9), ("plain", ("intervals", "resamples"), 99), ("plain", ("intervals", "resamples"), 1000001), ("plain", ("intervals", "resampled"), "rows"), ("plain", ("intervals", "seed"), -1),
    ("few", ("cautions",), [""]), ("few", ("cautions",), few["cautions"] * 2), ("few", ("cautions",), None),
    *[("plain", ("regression", m, key), -0.1) for m in ("mae", "rmse") for key in ("value", "low", "high")], *[("plain", ("regression", "r2", key), 1.1) for key in ("value", "low", "high")],
    *[("plain", ("regression", m, key), beyond) for m in ("pearson", "spearman", "ccc") for key in ("value", "low", "high") for beyond in (-1.1, 1.1)],
    *[("plain", ("regression", m), flat["regression"]["pearson"]) for m in ("mae", "rmse", "bias")], *[("few", ("regression", m), plain["regression"][m]) for m in ("r2", "pearson", "spearman", "ccc", "calibration_slope", "calibration_intercept")],
    ("plain", ("regression", "mae", "n"), 0), ("plain", ("regression", "mae", "events"), 3), ("plain", ("regression", "mae", "reason"), "none"), ("few", ("regression", "r2", "reason"), ""), ("few", ("regression", "r2", "note"), "none"),
    ("plain", ("regression", "mae", "method"), "bootstrap of patients"), ("plain", ("regression", "mae", "method"), ""), ("few", ("regression", "r2", "method"), "BCa bootstrap of patients"), ("holes", ("regression", "pearson", "note"), ""),
    ("folds", ("fold_means", "regression", "mae", "value"), -1), ("folds", ("per_fold", "first"), folds["per_fold"]["0"]), ("folds", ("per_fold",), {"0": folds["per_fold"]["0"]}), ("plain", ("per_fold",), folds["per_fold"]), ("plain", ("fold_means",), folds["fold_means"]),
    ("folds", ("subgroups",), {}), ("folds", ("subgroups", "sex", "levels"), {}), ("folds", ("subgroups", "sex", "worst_mae"), None), ("folds", ("subgroups", "sex", "worst_mae"), ""), ("folds", ("subgroups", "site", "worst_mae"), "usual"),
    ("folds", ("subgroups", "sex", "gaps"), {}), ("folds", ("subgroups", "sex", "gaps", "mae", "value"), -0.1), ("folds", ("subgroups", "sex", "gaps", "mae", "p"), 1.5), ("folds", ("subgroups", "sex", "gaps", "mae", "reason"), "none"),
    ("folds", ("subgroups", "site", "levels", "rare", "regression"), folds["regression"]), ("folds", ("subgroups", "site", "levels", "rare", "patients"), 20), ("folds", ("subgroups", "site", "levels", "rare", "suppressed"), "too few"),
    ("folds", ("subgroups", "site", "levels", "usual", "patients"), 19), ("folds", ("subgroups", "site", "levels", "usual", "suppressed"), "fewer than 20 patients"), ("folds", ("subgroups", "site", "levels", "rare"), {"n": 8, "patients": 8}),
    ("plain", ("comparison", "n"), 0), ("plain", ("comparison", "patients"), 0), ("plain", ("comparison", "left_out"), -1), ("plain", ("comparison", "regression", "mae", "one"), -1), ("plain", ("comparison", "regression", "mae", "one"), None),
    ("plain", ("comparison", "regression", "rmse", "other"), -1), ("plain", ("comparison", "regression", "r2", "one"), 1.1), ("plain", ("comparison", "regression", "r2", "other"), None), ("plain", ("comparison", "regression", "bias"), plain["comparison"]["regression"]["r2"]),
    *[("plain", ("comparison", "regression", m, side), beyond) for m in ("pearson", "spearman") for side in ("one", "other") for beyond in (-1.1, 1.1)],
    *[("plain", ("comparison", "regression", "pearson", "difference", key), beyond) for key in ("value", "low", "high") for beyond in (-2.1, 2.1)], ("flat", ("comparison", "regression", "pearson", "one"), 0.5),
]:
    metrics.refuse_value(name, path, value)
for schema in ("metrics-1.json", "metrics-survival-1.json", "metrics-multilabel-1.json"):
    metrics.refused_by(schema)
metrics.report()
