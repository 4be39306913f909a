# SPDX-License-Identifier: Apache-2.0
# metrics.json of labels against its schema: what `evaluate` writes passes, whatever is known, and every kind of damage is refused.
import random

from schema_damage import SchemaCheck
from world import check, fresh

out = fresh("metrics_multilabel_schema")
random.seed(8)
NAMES = ["EGFR", "KRAS", "TP53"]
inside = [("multilabel", "labels", name) for name in NAMES]
by_name = {("multilabel", "labels"), ("multilabel", "per_fold"), *((*p, key) for p in inside for key in ("per_fold", "subgroups")), *((*p, "decisions", "threshold") for p in inside),
           *((*p, "comparison", f"decisions_of_{which}", "threshold") for p in inside for which in ("one", "other"))}
metrics = SchemaCheck("metrics-multilabel-1.json", by_name, {"note", "auc_bootstrap", "subgroups", "comparison"})


def write(name, text):
    (out / name).write_text(text)
    return out / name


def predictions(name, rows, noise, folds=False, names=NAMES[:2]):
    """`rows`: slide, patient, answers. Folds go by patient."""
    text = "slide_id,patient_id" + (",fold" if folds else "") + "".join(f",prob_{n}" for n in names) + "\n"
    for slide, patient, answers, *_ in rows:
        text += f"{slide},{patient}" + (f",{int(patient[1:]) % 3}" if folds else "")
        text += "".join(f",{(random.random() * noise + answers[NAMES.index(n)]) / (noise + 1):.4f}" for n in names) + "\n"
    return write(name, text)


def labels(name, rows, unknown=0.0, known=NAMES):
    """Of the labels not in `known` no answer is; of the others so many are not."""
    cell = lambda n, a: str(a) if n in known and random.random() >= unknown else ""
    return write(name, "slide_id,patient_id,sex,scanner," + ",".join(f"label_{n}" for n in NAMES) + ",label_ALK\n" + "".join(
        f"{s},{p},{sex},{scanner}," + ",".join(cell(n, a) for n, a in zip(NAMES, answers)) + ",0\n" for s, p, answers, sex, scanner in rows))


def cohort(patients, slides=1):
    return [(f"s{p}-{s}", f"P{p}", [p % 2, int(p % 3 == 0), int(p % 5 < 2)], "FM"[p // 3 % 2], "rare" if p < 5 else "usual") for p in range(patients) for s in range(slides)]


single, several = cohort(120), cohort(90, 2)
of_single, of_several = labels("single.csv", single), labels("several.csv", several, 0.2)
one_sided = write("one_sided.csv", "slide_id,label_EGFR,label_KRAS,label_TP53\n" + "".join(f"{s},1,{a[1]},\n" for s, _, a, *_ in single))
by_patient = write("by_patient.csv", "patient_id," + ",".join(f"label_{n}" for n in NAMES) + "\n" + "".join(f"P{p},{p % 2},,{int(p % 5 < 2)}\n" for p in range(90)))
certain = write("certain.csv", "slide_id," + ",".join(f"prob_{n}" for n in NAMES) + "\n" + "".join(f"{s},{','.join(map(str, a))}\n" for s, _, a, *_ in single))
MADE = {
    "plain": ["--predictions", predictions("p.csv", single, 2), "--labels", of_single, "--subgroups", "sex,scanner", "--compare", predictions("q.csv", single, 4)],
    "folds": ["--predictions", predictions("f.csv", several, 2, folds=True), "--labels", of_several, "--subgroups", "sex", "--compare", predictions("g.csv", several, 4, folds=True, names=NAMES[1::-1])],
    "sided": ["--predictions", out / "p.csv", "--labels", one_sided, "--compare", out / "q.csv"],
    "sided_folds": ["--predictions", predictions("h.csv", single, 2, folds=True, names=NAMES), "--labels", one_sided],
    "patients": ["--predictions", out / "f.csv", "--labels", by_patient],
    "certain": ["--predictions", certain, "--labels", of_single, "--compare", certain],
    "given": ["--predictions", out / "p.csv", "--labels", of_single, "--threshold", 1],
    "alone": ["--predictions", predictions("a.csv", single, 2, names=["KRAS"]), "--labels", of_single],
    "few": ["--predictions", write("few.csv", "slide_id,prob_EGFR,prob_KRAS\ns0-0,0.2,0.5\ns1-0,0.7,0.1\n"), "--labels", labels("few_labels.csv", single[:2])],
}
for name, words in MADE.items():
    metrics.evaluate(out / name, *words, "--bootstrap", 150)
documents = {name: document["multilabel"] for name, document in metrics.documents.items()}
plain, folds, sided = documents["plain"], documents["folds"], documents["sided"]
check(len(folds["per_fold"]) == 3 and len(folds["labels"]["KRAS"]["per_fold"]) == 3 and len(folds["labels"]["KRAS"]["decisions"]["threshold"]) == 3, "folds are there")
check("suppressed" in plain["labels"]["EGFR"]["subgroups"]["scanner"]["levels"]["rare"], "a suppressed level is there")
check("not_judged" in sided["labels"]["EGFR"] and sided["labels"]["EGFR"]["comparison"].keys() == {"reason"} and "not_judged" not in sided["labels"]["KRAS"], "labels of one answer are there")
check(documents["sided_folds"]["labels"]["TP53"]["n"] == 0 and documents["sided_folds"]["labels"]["KRAS"]["fold_means"] and "per_fold" not in documents["sided_folds"]["labels"]["EGFR"], "and without folds of their own")
check(documents["certain"]["overall"]["macro_auc"]["low"] is None and documents["few"]["overall"]["macro_f1"]["reason"], "nulls are there")
check(plain["labels"]["EGFR"]["comparison"]["delong"]["p"] is not None and folds["labels"]["EGFR"]["comparison"]["delong"]["p"] is None, "DeLong is there, and is not")

metrics.refuse_all_damage("folds", "sided")
LABEL, KRAS = ("multilabel", "labels", "EGFR"), ("multilabel", "labels", "KRAS")
AUC = ("multilabel", "overall", "macro_auc")
for name, path, value in [
    ("plain", ("schema_version",), 2), ("plain", ("task",), "classification"), ("plain", ("intended_use",), "diagnosis"), ("plain", ("input", "unit"), "tile"),
    ("plain", ("input", "n"), 1), ("plain", ("input", "n"), 2.5), ("plain", ("input", "labels"), []), ("plain", ("input", "labels"), ["a", "a"]), ("plain", ("input", "labels"), [""]),
    ("plain", ("input", "not_predicted"), ["ALK", "ALK"]), ("plain", ("input", "n_with_all_labels"), -1), ("plain", ("input", "predictions_without_label"), -1),
    ("plain", ("input", "probabilities"), "guessed"), ("plain", ("intervals", "level"), 0.9), ("plain", ("intervals", "resamples"), 99), ("plain", ("intervals", "resampled"), "patients, by class and fold"),
    *[("plain", (*AUC, key), beyond) for key in ("value", "low", "high") for beyond in (-0.1, 1.1)], ("plain", (*AUC, "value"), None), ("plain", (*AUC, "high"), None),
    ("plain", (*AUC, "method"), ""), ("plain", (*AUC, "n"), -1), ("plain", (*AUC, "events"), 3), ("plain", (*AUC, "reason"), "none"), ("certain", (*AUC, "reason"), ""),
    ("plain", ("multilabel", "overall", "cardinality_known", "value"), -1), ("plain", ("multilabel", "overall", "hamming_loss", "high"), 1.1),
    ("plain", ("multilabel", "overall"), plain["labels"]["EGFR"]["classification"]), ("plain", ("multilabel", "labels"), {}), ("plain", ("multilabel", "labels"), []),
    ("plain", ("multilabel", "per_fold"), folds["per_fold"]), ("plain", ("multilabel", "fold_means"), folds["fold_means"]), ("folds", ("multilabel", "per_fold", "first"), folds["per_fold"]["0"]),
    ("folds", ("multilabel", "per_fold"), {"0": folds["per_fold"]["0"]}), ("folds", ("multilabel", "comparison", "left_out"), -1), ("folds", ("multilabel", "comparison", "n"), 1),
    ("folds", ("multilabel", "comparison", "overall", "macro_auc", "one"), 1.5), ("folds", ("multilabel", "comparison", "overall", "macro_auc", "difference", "value"), -1.5),
    ("folds", ("multilabel", "comparison", "overall", "cardinality_known"), folds["comparison"]["overall"]["macro_auc"]),
    ("plain", (*LABEL, "n"), 1), ("plain", (*LABEL, "events"), 0), ("plain", (*LABEL, "not_judged"), "because"), ("plain", (*LABEL, "classification", "auc"), sided["labels"]["EGFR"]["classification"]["auc"]),
    ("plain", (*LABEL, "classification", "auc", "events"), -1), ("plain", (*LABEL, "classification", "mcc", "value"), -1.5), ("plain", (*LABEL, "classification", "temperature", "value"), 0),
    ("plain", (*LABEL, "classification"), plain["overall"]), ("plain", (*LABEL, "decisions", "threshold"), None), ("plain", (*LABEL, "decisions", "threshold"), 1.5),
    ("folds", (*LABEL, "decisions", "threshold", "0"), -0.1), ("folds", (*LABEL, "decisions", "threshold"), {"0": 0.5}), ("plain", (*LABEL, "decisions", "confusion", "counts"), [[1, 2], [3, 4], [5, 6]]),
    ("plain", (*LABEL, "decisions", "confusion", "counts"), [[1, 2, 3], [4, 5, 6]]), ("plain", (*LABEL, "decisions", "confusion", "counts", 0, 0), -1), ("plain", (*LABEL, "comparison"), {"reason": ""}),
    ("plain", (*LABEL, "comparison"), {}), ("plain", (*LABEL, "comparison", "reason"), "none"), ("plain", (*LABEL, "comparison", "delong", "p"), None), ("folds", (*LABEL, "comparison", "mcnemar", "p"), 0.5),
    ("given", (*LABEL, "comparison"), plain["labels"]["EGFR"]["comparison"]), ("given", (*LABEL, "comparison"), {"reason": "none"}), ("plain", (*LABEL, "subgroups"), {}),
    ("plain", (*LABEL, "subgroups", "scanner", "levels", "rare", "classification"), plain["labels"]["EGFR"]["classification"]), ("plain", (*LABEL, "subgroups", "sex", "gaps"), {}),
    ("plain", (*LABEL, "subgroups", "sex", "worst_auc"), ""), ("plain", (*LABEL, "fold_means"), folds["labels"]["EGFR"]["fold_means"]), ("folds", (*LABEL, "per_fold"), {}),
    ("folds", (*LABEL, "fold_means", "classification"), folds["labels"]["EGFR"]["classification"]), ("folds", (*LABEL, "per_fold", "first"), folds["labels"]["EGFR"]["per_fold"]["0"]),
    ("sided", (*LABEL, "classification"), plain["labels"]["EGFR"]["classification"]), ("sided", (*LABEL, "comparison"), plain["labels"]["EGFR"]["comparison"]), ("sided", (*KRAS, "comparison"), {"reason": ""}),
    ("sided", (*LABEL, "not_judged"), ""), ("sided", (*LABEL, "classification", "brier", "value"), 0.2), ("sided", (*LABEL, "subgroups"), plain["labels"]["EGFR"]["subgroups"]),
]:
    metrics.refuse_value(name, path, value)
for name in NAMES[:2]:                                                              # beside a comparison every label has one
    metrics.refuse_change("plain", ("multilabel", "labels", name), lambda place: place.__delitem__("comparison"), "without its comparison")
metrics.refuse_change("plain", ("multilabel",), lambda place: place.__delitem__("comparison"), "with comparisons of labels alone")
for schema in ("metrics-1.json", "metrics-survival-1.json", "metrics-regression-1.json"):
    metrics.refused_by(schema)
metrics.report()
