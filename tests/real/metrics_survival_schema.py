# SPDX-License-Identifier: Apache-2.0
# metrics.json of risks against its schema: what `evaluate` writes passes, with few events too, and every kind of damage is refused.
import math, random

from schema_damage import SchemaCheck
from world import check, fresh

out = fresh("metrics_survival_schema")
random.seed(7)
metrics = SchemaCheck("metrics-survival-1.json", {("per_fold",), ("subgroups",), ("risk_groups", "cut")}, {"note", "subgroups", "comparison", "ladder"})
MONTHS = [12, 24, 36]


def write(name, text):
    (out / name).write_text(text)
    return out / name


def site_of(patient):
    """Enough patients, with events; enough without; too few."""
    return "busy" if patient >= 40 else "quiet" if patient >= 8 else "rare"


truth = [random.gauss(0, 1) for _ in range(120)]


def follow_up(patient):
    months, end = random.expovariate(math.exp(0.8 * truth[patient]) / 25), random.uniform(5, 70)
    event = months <= end and (site_of(patient) != "quiet" or patient % 5 == 0)
    return f"{math.ceil(min(months, end))},{int(event)}"


def predictions(name, noise, slides=0, folds=False, curves=False, ladder=()):
    """Of patients, or of so many slides of each; rungs are noise."""
    text = ("slide_id," if slides else "") + "patient_id,risk" + (",fold" if folds else "") + "".join(f",surv_{m}" for m in MONTHS if curves) + "".join(f",ladder_{rung}" for rung in ladder) + "\n"
    for p in range(120):
        for s in range(slides or 1):
            risk = truth[p] + random.gauss(0, noise)
            survival = [f"{math.exp(-math.exp(0.5 * risk) * m / 40):.6f}" for m in MONTHS if curves]
            text += ",".join([*([f"s{p}-{s}"] if slides else []), f"P{p}", f"{risk:.6f}", *([str(p % 3)] if folds else []), *survival, *(f"{random.gauss(0, 1):.6f}" for _ in ladder)]) + "\n"
    return write(name, text)


def small(name, risks, followed):
    """Predictions of a handful of patients and how these fared."""
    return ["--predictions", write(f"{name}_p.csv", risks), "--labels", write(f"{name}_l.csv", "patient_id,time,event\n" + followed)]


labels = write("labels.csv", "patient_id,time,event,sex,site\n" + "".join(f"P{p},{follow_up(p)},{'FM'[p % 2]},{site_of(p)}\n" for p in range(120)))
bare, curved, folded = predictions("bare.csv", 1), predictions("curved.csv", 1, curves=True), predictions("folded.csv", 1, 2, True, True, ("slides", "clinical-cox"))
three = "patient_id,risk,surv_12,surv_24\nP1,1,0.9,0.8\nP2,2,0.8,0.6\nP3,3,0.7,0.5\n"
lost = "patient_id,risk,ladder_slides\n" + "".join(f"P{p},{p},{p % 2}\n" for p in (1, 2))   # no pair can be compared
MADE = {
    "folds": ["--predictions", folded, "--labels", labels, "--subgroups", "sex,site", "--compare", predictions("noisy.csv", 3, 2, True, True)],
    "plain": ["--predictions", bare, "--labels", labels, "--subgroups", "site", "--compare", predictions("other.csv", 3)],
    "curves": ["--predictions", curved, "--labels", labels, "--compare", bare],
    "given": ["--predictions", folded, "--labels", labels, "--evaluate.risk_cut", 0.25, "--evaluate.tau", 20, "--evaluate.horizon", 30],
    "alone": ["--predictions", curved, "--labels", labels, "--evaluate.risk_cut", -99],
    "few": [*small("few", three, "P1,10,0\nP2,20,1\nP3,25,1\nP9,3,0\n"), "--compare", write("one.csv", "patient_id,risk\nP2,1\nP9,4\n")],
    "lost": small("lost", lost, "P1,10,0\nP2,20,1\n"),
    "late": small("late", "patient_id,risk\nP1,1\nP2,2\n", "P1,10,0\nP2,20,1\n"),
    "idle": small("idle", "patient_id,fold,risk\n" + "".join(f"P{p},{p % 2},{p * 7 % 11}\n" for p in range(20)), "".join(f"P{p},{9 + p},{p % 2}\n" for p in range(20))),
}
for name, words in MADE.items():
    metrics.evaluate(out / name, *words, "--bootstrap", 100 if name == "folds" else 150)
documents = metrics.documents
folds, plain, few = documents["folds"], documents["plain"], documents["few"]
site = folds["subgroups"]["site"]
check(len(folds["per_fold"]) == 3 and len(folds["risk_groups"]["cut"]) == 3 and folds["input"]["predictions"] == 240, "folds and slides are there")
check([level.get("suppressed") for level in site["levels"].values()] == [None, "fewer than 10 events", "fewer than 20 patients"], f"suppressed levels are there: {site['levels']}")
check(folds["subgroups"]["sex"]["gaps"]["c_harrell"]["p"] is not None and site["worst_c"] is None, "gaps are there, and none")
check(all(m["value"] is not None for m in folds["survival"].values()) and folds["comparison"]["survival"]["ibs"]["difference"]["low"] is not None, "all measures are there")
check(plain["survival"]["ibs"]["value"] is None and not plain["times"]["ibs"] and documents["curves"]["comparison"]["survival"]["ibs"]["one"] is None, "missing curves are there")
check(documents["alone"]["risk_groups"]["low"]["n"] == 0 and documents["alone"]["survival"]["hazard_ratio"]["value"] is None, "an empty group is there")
check(few["survival"]["c_harrell"]["low"] is None and few["comparison"]["survival"]["c_uno"]["one"] is None and few["cautions"] and not documents["late"]["times"]["auc_t"], "nulls are there")
check(all(m["value"] is None for m in documents["idle"]["per_fold"]["0"]["survival"].values()), "a fold without an event is there")

check(len(folds["ladder"]) == 3 and folds["ladder"][2]["fusion_minus"]["low"] is not None and documents["lost"]["ladder"][1]["fusion_minus"]["value"] is None, "ladders are there")
check(few["input"]["median_follow_up"]["value"] is None or few["risk_groups"]["low"]["median_months"]["value"] is None, "a median that is not reached is there")
check(all("calibration_error" not in documents[name]["comparison"]["times"] for name in ("folds", "plain", "curves")), "a comparison has no measure of calibration")

metrics.refuse_all_damage("folds", "plain", "few", "lost")

# No number of a measure or a test goes without a word. What has no value has no interval either.
for name in ("folds", "plain", "few", "lost"):
    for path, node in metrics.kinds(name):
        if "method" in node:
            for key in {"value", "low", "high", "p"} & set(node):
                told = node[key]
                if told is not None or key in ("low", "high", "p"):
                    metrics.refuse_value(name, (*path, key), None if told is not None else 0.5)
            metrics.refuse_value(name, (*path, "method"), "guessed")
for name, path, value in [
    ("plain", ("schema_version",), 2), ("plain", ("task",), "classification"), ("plain", ("intended_use",), "diagnosis"),
    ("plain", ("input", "unit"), "slide"), ("plain", ("input", "n"), 1), ("plain", ("input", "n"), 2.5), ("plain", ("input", "events"), 0),
    ("plain", ("input", "risks"), "guessed"), ("plain", ("input", "time_unit"), "days"), ("plain", ("input", "longest_follow_up"), 0),
    ("plain", ("input", "median_follow_up"), 9.5), ("plain", ("input", "median_follow_up"), {"value": 0}), ("plain", ("input", "median_follow_up"), {"value": None}), ("plain", ("input", "median_follow_up"), {"value": 9.5, "reason": "none"}), ("plain", ("input", "median_follow_up"), {"value": None, "reason": ""}),
    ("plain", ("input", "labels_without_predictions"), -1), ("plain", ("input", "patients_from"), ""),
    ("plain", ("input", "survival_months"), [12]), ("folds", ("input", "survival_months"), []), ("folds", ("input", "survival_months"), [12, 12]), ("folds", ("input", "survival_months"), [0, 12]),
    ("folds", ("risk_groups", "cut"), 0.5), ("folds", ("risk_groups", "cut", "0"), None), ("folds", ("risk_groups", "cut", "first"), 0.5), ("plain", ("risk_groups", "cut"), None),
    ("plain", ("risk_groups", "cut"), folds["risk_groups"]["cut"]), ("plain", ("risk_groups",), folds["risk_groups"]), ("folds", ("risk_groups",), plain["risk_groups"]),
    ("plain", ("risk_groups", "cut_source"), "guessed"), ("plain", ("risk_groups", "low", "n"), -1), ("plain", ("risk_groups", "high", "n"), 0), ("plain", ("risk_groups", "high", "events"), 0),
    ("plain", ("risk_groups", "high", "median_months"), {"value": None, "low": 3, "high": 9}), ("plain", ("risk_groups", "high", "median_months", "value"), 0),
    ("plain", ("times", "tau"), 0), ("plain", ("times", "tau"), None), ("plain", ("times", "auc_t"), [3, 3]), ("plain", ("times", "auc_t"), list(range(1, 22))), ("plain", ("times", "auc_t"), [-1]),
    ("plain", ("times", "ibs"), [12, 24]), ("plain", ("times", "calibration_error"), 12), ("folds", ("times", "calibration_error"), None), ("plain", ("comparison", "times", "ibs"), [12, 24]),
    ("folds", ("comparison", "times", "calibration_error"), 12), ("plain", ("times", "calibration_error"), None),
    *[("plain", ("risk_groups", "high", "median_months"), median) for median in ({"value": 9, "low": 3, "high": None}, {"value": None, "low": None, "high": None}, {"value": 9, "low": 3, "high": 12, "reason": "none"}, {"value": 9, "low": None, "high": None, "reason": ""})],
    ("plain", ("ladder",), []), ("plain", ("ladder",), folds["ladder"][:1]), ("plain", ("ladder",), folds["ladder"][1:]), ("plain", ("ladder",), [folds["ladder"][0]] * 2), ("folds", ("ladder", 0, "fusion_minus"), folds["ladder"][1]["fusion_minus"]),
    ("folds", ("ladder", 0, "name"), "slides"), ("folds", ("ladder", 1, "name"), "fusion"), ("folds", ("ladder", 1, "name"), ""), ("folds", ("ladder", 1, "fusion_minus"), documents["lost"]["ladder"][1]["fusion_minus"]),
    ("lost", ("ladder", 1, "fusion_minus"), folds["ladder"][1]["fusion_minus"]), *[("folds", ("ladder", 1, "fusion_minus", key), beyond) for key in ("value", "low", "high") for beyond in (-1.1, 1.1)],
    *[("folds", ("ladder", 2, c, "value"), beyond) for c in ("c_harrell", "c_uno") for beyond in (-0.1, 1.1)],
    ("folds", ("comparison", "times", "ibs"), [12]),
    ("plain", ("intervals", "level"), 0.9), ("plain", ("intervals", "resamples"), 99), ("plain", ("intervals", "resampled"), "rows"), ("plain", ("intervals", "seed"), -1),
    ("few", ("cautions",), [""]), ("few", ("cautions",), few["cautions"] * 2), ("few", ("cautions",), None),
    ("plain", ("survival", "c_harrell", "value"), 1.2), ("plain", ("survival", "c_uno", "low"), -0.1), ("plain", ("survival", "auc_t", "high"), 1.1), ("plain", ("survival", "c_harrell", "n"), 0),
    ("plain", ("survival", "c_harrell", "events"), 0), ("plain", ("survival", "c_harrell", "events"), -1), ("plain", ("survival", "c_harrell", "reason"), "none"), ("few", ("survival", "c_harrell", "reason"), ""),
    ("plain", ("survival", "ibs", "value"), 0.2), ("plain", ("survival", "ibs", "note"), "none"), ("folds", ("survival", "ibs", "low"), -0.1), ("plain", ("survival", "hazard_ratio", "value"), 0),
    ("plain", ("survival", "hazard_ratio"), plain["survival"]["c_harrell"]), ("plain", ("survival", "c_harrell"), plain["survival"]["logrank_p"]), ("plain", ("survival", "logrank_p", "value"), 1.5),
    ("plain", ("survival", "ibs"), folds["survival"]["ibs"]), ("plain", ("survival", "d_calibration_p"), folds["survival"]["d_calibration_p"]), ("folds", ("survival", "calibration_error", "value"), -0.1),
    ("folds", ("fold_means", "survival"), folds["survival"]), ("folds", ("fold_means", "survival", "ibs", "value"), -1), ("folds", ("per_fold", "first"), folds["per_fold"]["0"]),
    ("folds", ("per_fold",), {"0": folds["per_fold"]["0"]}), ("folds", ("per_fold", "0", "survival"), folds["fold_means"]["survival"]), ("plain", ("per_fold",), folds["per_fold"]),
    ("plain", ("fold_means",), folds["fold_means"]), ("plain", ("subgroups",), {}), ("folds", ("subgroups", "sex", "levels"), {}), ("folds", ("subgroups", "sex", "worst_c"), None), ("folds", ("subgroups", "sex", "worst_c"), ""),
    ("folds", ("subgroups", "sex", "gaps"), {}), ("folds", ("subgroups", "sex", "gaps", "c_harrell", "value"), 1.5), ("folds", ("subgroups", "sex", "gaps", "c_harrell", "p"), 1.5),
    ("folds", ("subgroups", "site", "levels", "rare", "survival"), folds["survival"]), ("folds", ("subgroups", "site", "levels", "busy", "n"), 19), ("folds", ("subgroups", "site", "levels", "busy", "events"), 9),
    ("folds", ("subgroups", "site", "levels", "rare", "n"), 20), ("folds", ("subgroups", "site", "levels", "quiet", "n"), 19), ("folds", ("subgroups", "site", "levels", "quiet", "events"), 10),
    ("folds", ("subgroups", "site", "levels", "rare", "suppressed"), "too few"), ("folds", ("subgroups", "site", "levels", "rare", "n"), 0), ("folds", ("subgroups", "site", "levels", "rare"), {"n": 8, "events": 1}),
    ("plain", ("comparison", "n"), 0), ("plain", ("comparison", "events"), 0), ("plain", ("comparison", "left_out"), -1), ("plain", ("comparison", "survival", "c_harrell", "one"), 1.5),
    ("plain", ("comparison", "survival", "c_harrell", "one"), None), ("few", ("comparison", "survival", "c_harrell", "other"), -1), ("plain", ("comparison", "survival", "auc_t", "difference", "value"), -1.5),
    ("plain", ("comparison", "survival", "c_uno", "difference"), few["comparison"]["survival"]["c_uno"]["difference"]), ("folds", ("comparison", "survival", "ibs", "one"), -1),
    ("plain", ("input", "predictions"), 1), ("folds", ("risk_groups", "cut"), {"0": 0.5}), ("plain", ("intervals", "resamples"), 1000001),
    ("folds", ("survival", "logrank_p", "reason"), "none"), ("folds", ("survival", "calibration_error", "reason"), "none"), ("folds", ("survival", "logrank_p", "note"), "none"), ("folds", ("survival", "hazard_ratio", "note"), "none"),
    ("folds", ("survival", "hazard_ratio"), folds["survival"]["hazard_ratio"] | {"low": None, "high": None, "reason": "none"}), ("folds", ("survival", "hazard_ratio", "low"), -1), ("folds", ("survival", "hazard_ratio", "high"), 0),
    ("folds", ("subgroups", "site", "levels", "busy", "suppressed"), "fewer than 10 events"), ("folds", ("subgroups", "site", "levels", "quiet", "survival"), folds["survival"]),
    ("folds", ("subgroups", "sex", "gaps", "c_harrell", "reason"), "none"), ("folds", ("comparison", "survival", "ibs", "other"), -1), ("folds", ("survival", "ibs", "high"), -1),
    *[("plain", ("survival", "c_harrell", key), beyond) for key in ("value", "low", "high") for beyond in (-0.1, 1.1)],
    *[("plain", ("comparison", "survival", "c_harrell", "difference", key), beyond) for key in ("value", "low", "high") for beyond in (-1.1, 1.1)],
    ("plain", ("comparison", "survival", "ibs_kaplan_meier"), plain["comparison"]["survival"]["ibs"]), ("folds", ("comparison", "survival", "ibs"), folds["comparison"]["survival"]["c_uno"] | {"one": -0.1}),
]:
    metrics.refuse_value(name, path, value)
for schema in ("metrics-1.json", "metrics-regression-1.json", "metrics-multilabel-1.json"):
    metrics.refused_by(schema)
metrics.report()
