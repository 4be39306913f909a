# SPDX-License-Identifier: Apache-2.0
# metrics.json against its schema: what `evaluate` writes passes, whatever it was asked, and every kind of damage is refused.
import random

from schema_damage import SchemaCheck
from world import ARCHIVE, BAGS, MODEL, check, fresh

out = fresh("metrics_schema")
random.seed(6)
by_name = {("per_fold",), ("subgroups",), ("decisions", "threshold"), ("comparison", "decisions_of_one", "threshold"), ("comparison", "decisions_of_other", "threshold")}
metrics = SchemaCheck("metrics-1.json", by_name, {"note", "auc_bootstrap", "subgroups", "comparison"})


def write(name, text):
    (out / name).write_text(text)
    return out / name


def softened(of, classes, noise):
    """Probabilities that favour class `of`, more or less."""
    raw = [random.random() * noise + (1 if c == of else 0) for c in range(len(classes))]
    return [x / sum(raw) for x in raw]


def predictions(name, rows, classes, noise, folds=False):
    """`rows`: slide, patient, class. Folds go by patient."""
    text = "slide_id,patient_id" + (",fold" if folds else "") + "".join(f",prob_{c}" for c in classes) + "\n"
    for slide, patient, of, *_ in rows:
        text += f"{slide},{patient}" + (f",{int(patient[1:]) % 3}" if folds else "") + "".join(f",{p:.9f}" for p in softened(of, classes, noise)) + "\n"
    return write(name, text)


def cohort(patients, classes, slides=1):
    return [(f"s{p}-{s}", f"P{p}", p % len(classes), "FM"[p // 3 % 2], "rare" if p < 5 else "usual") for p in range(patients) for s in range(slides)]


def labels(name, rows, classes):
    return write(name, "slide_id,patient_id,label,sex,scanner\n" + "".join(f"{s},{p},{classes[of]},{sex},{scanner}\n" for s, p, of, sex, scanner in rows))


two, three = ["normal", "tumour"], ["G1", "G2", "G3"]
single, several, graded = cohort(120, two), cohort(90, two, 2), cohort(120, three)
of_single, of_several, of_graded = labels("single.csv", single, two), labels("several.csv", several, two), labels("graded.csv", graded, three)
by_patient = write("by_patient.csv", "patient_id,label\n" + "".join(f"P{p},{two[p % 2]}\n" for p in range(90)))
certain = write("certain.csv", "slide_id,prob_normal,prob_tumour\n" + "".join(f"{s},{1 - of},{of}\n" for s, _, of, *_ in single))
inverted = write("inverted.csv", certain.read_text().replace("prob_normal,prob_tumour", "prob_tumour,prob_normal"))
few = write("few.csv", "slide_id,prob_normal,prob_tumour\n" + "s0-0,0.9,0.1\ns1-0,0.8,0.2\ns2-0,0.7,0.3\n")
MADE = {
    "plain": ["--predictions", predictions("p.csv", single, two, 3), "--labels", of_single, "--subgroups", "sex,scanner", "--compare", predictions("q.csv", single, two, 5)],
    "folds": ["--predictions", predictions("f.csv", several, two, 3, folds=True), "--labels", of_several, "--subgroups", "sex", "--compare", predictions("g.csv", several, two, 5, folds=True)],
    "several": ["--predictions", predictions("t.csv", graded, three, 3, folds=True), "--labels", of_graded, "--subgroups", "sex,scanner", "--compare", predictions("u.csv", graded, three, 5, folds=True)],
    "patients": ["--predictions", predictions("m.csv", several, two, 3), "--labels", by_patient],
    "certain": ["--predictions", certain, "--labels", of_single, "--subgroups", "sex", "--compare", inverted],
    "same": ["--predictions", certain, "--labels", of_single, "--compare", certain],
    "few": ["--predictions", few, "--labels", of_single],
    "given": ["--predictions", out / "p.csv", "--labels", of_single, "--threshold", 1, "--positive", "normal"],
    "model": ["--model", MODEL, "--bags", BAGS, "--labels", ARCHIVE / "labels.csv"],
}
for name, words in MADE.items():
    metrics.evaluate(out / name, *words, "--bootstrap", 200)
documents = metrics.documents
check("per_fold" in documents["folds"] and "fold_means" in documents["several"], "folds are there")
check("suppressed" in documents["plain"]["subgroups"]["scanner"]["levels"]["rare"], "a suppressed level is there")
check(documents["plain"]["comparison"]["delong"]["p"] is not None and "auc_bootstrap" in documents["plain"]["classification"], "DeLong is there")
check(documents["certain"]["classification"]["auc"]["low"] is None and documents["certain"]["classification"]["calibration_slope"]["value"] is None, "nulls are there")

metrics.refuse_all_damage("plain", "folds", "several", "certain")
metrics.refuse_value("plain", ("subgroups", "scanner", "levels", "rare", "classification"), documents["plain"]["classification"])   # suppressed and reported
for name, path, value in [
    ("plain", ("schema_version",), 2), ("plain", ("task",), "survival"), ("plain", ("intended_use",), "diagnosis"),
    ("plain", ("input", "unit"), "tile"), ("plain", ("input", "n"), 0), ("plain", ("input", "n"), 1.5), ("plain", ("input", "classes"), ["one"]),
    ("plain", ("input", "classes"), ["a", "a"]), ("plain", ("input", "positive"), None), ("several", ("input", "positive"), "G3"),
    ("plain", ("decisions", "threshold"), 1.5), ("plain", ("decisions", "threshold"), None), ("folds", ("decisions", "threshold", "0"), -0.1),
    ("several", ("decisions", "threshold"), 0.5), ("plain", ("decisions", "confusion", "counts", 0, 0), -1), ("plain", ("decisions", "confusion", "counts"), [[1, 2], [3, 4], [5, 6]]),
    ("several", ("decisions", "confusion", "counts"), [[1, 2], [3, 4]]), ("plain", ("intervals", "level"), 0.9), ("plain", ("intervals", "resamples"), 3),
    ("plain", ("classification", "auc", "value"), 1.2), ("plain", ("classification", "auc", "low"), -0.1), ("plain", ("classification", "auc", "high"), None),
    ("plain", ("classification", "auc", "value"), None), ("plain", ("classification", "auc", "method"), ""), ("plain", ("classification", "auc", "events"), -1),
    ("plain", ("classification", "mcc", "value"), -1.5), ("plain", ("classification", "temperature", "value"), 0), ("plain", ("classification", "brier", "high"), 1.1),
    ("several", ("classification", "brier", "high"), 2.1), ("several", ("classification", "auc", "events"), 3), ("certain", ("classification", "auc", "reason"), ""),
    ("plain", ("comparison", "classification", "auc", "difference", "value"), -1.5), ("plain", ("comparison", "classification", "auc", "one"), 1.5),
    ("plain", ("comparison", "delong", "p"), 1.5), ("plain", ("comparison", "delong", "p"), None), ("folds", ("comparison", "delong", "p"), 0.5),
    ("plain", ("comparison", "mcnemar", "p"), None), ("folds", ("comparison", "mcnemar", "p"), 0.5), ("plain", ("comparison", "left_out"), -1),
    ("plain", ("subgroups", "sex", "gaps", "calibration", "p"), None), ("plain", ("subgroups", "sex", "gaps", "calibration", "value"), 1.5),
    ("plain", ("subgroups", "sex", "gaps"), {}), ("several", ("subgroups", "sex", "gaps"), documents["plain"]["subgroups"]["sex"]["gaps"]),
    ("plain", ("subgroups", "sex", "worst_auc"), ""), ("several", ("classification",), documents["plain"]["classification"]), ("plain", ("classification",), documents["several"]["classification"]),
    ("folds", ("per_fold", "first"), documents["folds"]["per_fold"]["0"]), ("folds", ("per_fold",), {}), ("folds", ("subgroups",), {}),
]:
    metrics.refuse_value(name, path, value)
for schema in ("metrics-survival-1.json", "metrics-regression-1.json", "metrics-multilabel-1.json"):
    metrics.refused_by(schema)
metrics.report()
