# SPDX-License-Identifier: Apache-2.0
# `microtome evaluate` on predictions written here and on the world's own: values against plain definitions, bytes, privacy, and each refusal.
import json, random, xml.etree.ElementTree

from world import ARCHIVE, MODEL, check, fresh, microtome

out = fresh("evaluate")
random.seed(4)


def write(name, text):
    (out / name).write_text(text)
    return out / name


def cohort(patients, noise):
    """Slides of patients with sex and site; a good model, and one with more noise. In site C the model misses more."""
    slides = []
    for p in range(patients):
        tumour, sex, site = p % 3 == 0, "FM"[p % 2], "ABC"[p % 7 % 3]
        for s in range(1 + (p % 4 == 0)):
            score = (0.62 if tumour else 0.34) + random.gauss(0, noise) - (0.15 if tumour and site == "C" else 0)
            slides.append((f"slide{p:03}-{s}", f"Doe_{p:03}", p % 5, "tumour" if tumour else "normal", min(max(round(score, 3), 0.01), 0.99), sex, site))
    return slides


def predictions(slides):
    return "slide_id,patient_id,fold,label,prob_normal,prob_tumour\n" + "".join(f"{s},{p},{f},{label},{1 - x:.9f},{x:.9f}\n" for s, p, f, label, x, *_ in slides)


def area(pairs):
    high, low = [x for x, y in pairs if y], [x for x, y in pairs if not y]
    return sum((a > b) + 0.5 * (a == b) for a in high for b in low) / (len(high) * len(low))


slides = cohort(150, 0.13)
first = write("predictions.csv", predictions(slides))
second = write("second.csv", predictions([(*s[:4], min(max(s[4] + random.gauss(0, 0.15), 0.01), 0.99), *s[5:]) for s in slides]))
labels = write("labels.csv", "slide_id,patient_id,label,sex,site\n" + "".join(f"{s},{p},{label},{sex},{site}\n" for s, p, _, label, _, sex, site in slides) + "unseen,Doe_999,normal,F,A\n")
words = ["--labels", labels, "--bootstrap", 300, "--subgroups", "sex,site"]

log = microtome("evaluate", "--predictions", first, "--compare", second, *words, "--output", out / "one").stderr
check("1 labels without a prediction" in log, f"left over labels are counted: {log}")
names = sorted(p.name for p in (out / "one").iterdir())
check(names == sorted(["metrics.json", "evaluation.html", *(f"{c}.{e}" for c in ("roc", "pr", "reliability", "decision_curve") for e in ("csv", "svg"))]), f"files: {names}")

document = json.loads((out / "one" / "metrics.json").read_text(), parse_constant=lambda c: check(False, f"metrics.json holds {c}"))
metrics = document["classification"]
for name in "auc auprc accuracy balanced_accuracy sensitivity specificity f1 mcc kappa brier ece".split():
    check(set(metrics[name]) >= {"value", "low", "high", "method", "n", "events"}, f"{name} has the contract's keys: {metrics[name]}")
    check(metrics[name]["low"] <= metrics[name]["value"] <= metrics[name]["high"], f"{name} lies in its interval: {metrics[name]}")
pairs = [(x, label == "tumour") for _, _, _, label, x, _, _ in slides]
check(abs(metrics["auc"]["value"] - area(pairs)) < 1e-9, "the AUC is the share of pairs in the right order")
check(abs(metrics["brier"]["value"] - sum((x - y) ** 2 for x, y in pairs) / len(pairs)) < 1e-9, "the Brier score is the mean squared error")
check(metrics["auc"]["n"] == len(slides) and metrics["auc"]["events"] == sum(y for _, y in pairs), "n and events are counted")
check(metrics["auc"]["method"].startswith("BCa"), "slides of one patient are resampled together")
check(document["input"]["patients"] == 150 and "Youden" in document["decisions"]["threshold_source"], "patients and the source of thresholds are told")

thresholds = document["decisions"]["threshold"]                                    # each fold's from the others' rows: no other threshold is better there
for fold, threshold in thresholds.items():
    others = [(x, y) for (_, _, f, label, x, _, _), (_, y) in zip(slides, pairs) if f != int(fold)]
    def youden(t): return sum(x >= t for x, y in others if y) / sum(y for _, y in others) - sum(x >= t for x, y in others if not y) / sum(not y for _, y in others)
    check(youden(threshold) >= max(youden(x) for x, _ in others) - 1e-9, f"fold {fold}: {threshold} is not the best of the other folds")
right = sum((x >= thresholds[str(f)]) == (label == "tumour") for _, _, f, label, x, _, _ in slides)
check(abs(metrics["accuracy"]["value"] - right / len(slides)) < 1e-12, "decisions follow the thresholds")
for fold, result in document["per_fold"].items():
    of_fold = [(x, label == "tumour") for _, _, f, label, x, _, _ in slides if f == int(fold)]
    check(abs(result["classification"]["auc"]["value"] - area(of_fold)) < 1e-9, f"AUC of fold {fold}")
mean = sum(f["classification"]["auc"]["value"] for f in document["per_fold"].values()) / 5
check(abs(document["fold_means"]["classification"]["auc"]["value"] - mean) < 1e-12, "the mean over folds is one")
site_c = [(x, label == "tumour") for _, _, _, label, x, _, site in slides if site == "C"]
check(abs(document["subgroups"]["site"]["levels"]["C"]["classification"]["auc"]["value"] - area(site_c)) < 1e-9, "AUC of a subgroup")
check(document["subgroups"]["sex"]["gaps"]["equal_opportunity"]["p"] is not None, "gaps are tested")
difference = document["comparison"]["classification"]["auc"]
check(abs(difference["one"] - difference["other"] - difference["difference"]["value"]) < 1e-12, "the difference is one minus other")
check(document["comparison"]["delong"]["p"] is None and document["comparison"]["delong"]["reason"], "several slides a patient: no DeLong, with its reason")

for path in (out / "one").iterdir():                                               # nothing that points at a person or a place
    text = path.read_text()
    check("Doe_" not in text and "slide0" not in text and str(out) not in text, f"{path.name} holds an id or a path")
    if path.suffix == ".svg":
        xml.etree.ElementTree.fromstring(text)
html = (out / "one" / "evaluation.html").read_text()
check("<script" not in html and "http://" not in html.replace("http://www.w3.org/2000/svg", "") and html.count("<svg") >= 4, "the page is whole in itself")

lines = first.read_text().splitlines()
shuffled = write("shuffled.csv", "\n".join([lines[0], *random.sample(lines[1:], len(lines) - 1)]) + "\n")
microtome("evaluate", "--predictions", shuffled, "--compare", second, *words, "--output", out / "two")
for name in names:
    check((out / "one" / name).read_bytes() == (out / "two" / name).read_bytes(), f"{name}: other bytes from other order of rows")
microtome("evaluate", "--predictions", first, *words, "--seed", 9, "--output", out / "seed")
check(json.loads((out / "seed" / "metrics.json").read_text())["classification"]["auc"]["low"] != metrics["auc"]["low"], "another seed, other resamples")

# labels of patients: probabilities of a patient's slides are averaged, one row a patient, so DeLong applies
by_patient = {}
for _, p, f, label, x, _, _ in slides:
    by_patient.setdefault(p, (label, []))[1].append(x)
of_patients = write("patients.csv", "patient_id,label\n" + "".join(f"{p},{label}\n" for p, (label, _) in by_patient.items()))
microtome("evaluate", "--predictions", first, "--labels", of_patients, "--bootstrap", 200, "--output", out / "patients")
document = json.loads((out / "patients" / "metrics.json").read_text())
check(document["input"]["unit"] == "patient" and "means over the slides" in document["input"]["probabilities"], "averaging is told")
check(abs(document["classification"]["auc"]["value"] - area([(sum(x) / len(x), label == "tumour") for label, x in by_patient.values()])) < 1e-9, "AUC of means")
check(document["classification"]["auc"]["method"].startswith("DeLong"), "one row a patient: DeLong")

# four classes, no patients, no folds
four = [(f"s{i}", "abcd"[i % 4], [random.random() + 0.4 * (k == i % 4) for k in range(4)]) for i in range(80)]
table = write("four.csv", "slide_id,prob_a,prob_b,prob_c,prob_d\n" + "".join(s + "," + ",".join(f"{v / sum(p):.9f}" for v in p) + "\n" for s, _, p in four))
four_labels = write("four_labels.csv", "slide_id,label\n" + "".join(f"{s},{k}\n" for s, k, _ in four))
microtome("evaluate", "--predictions", table, "--labels", four_labels, "--bootstrap", 100, "--output", out / "four")
document = json.loads((out / "four" / "metrics.json").read_text())
check(0.5 < document["classification"]["auc_hand_till"]["value"] < 1 and "events" not in document["classification"]["auc"], "several classes")

# the other class, a given threshold, a model without a fault
microtome("evaluate", "--predictions", first, "--labels", labels, "--bootstrap", 100, "--positive", "normal", "--threshold", "0.6", "--output", out / "normal")
document = json.loads((out / "normal" / "metrics.json").read_text())
check(abs(document["classification"]["auc"]["value"] - metrics["auc"]["value"]) < 1e-9 and document["decisions"] | {"confusion": 0} == {"threshold_source": "given", "threshold": 0.6, "confusion": 0}, "the other class, the given threshold")
perfect = write("perfect.csv", "slide_id,prob_normal,prob_tumour\n" + "".join(f"{s},{0.1 if l == 'tumour' else 0.9},{0.9 if l == 'tumour' else 0.1}\n" for s, _, _, l, *_ in slides))
microtome("evaluate", "--predictions", perfect, "--labels", labels, "--bootstrap", 100, "--output", out / "perfect")
auc = json.loads((out / "perfect" / "metrics.json").read_text())["classification"]["auc"]
check(auc["value"] == 1 and auc["low"] is None and auc["reason"], f"perfect separation: null and a reason: {auc}")

good, head = "s1,0.2,0.8\ns2,0.9,0.1\n", "slide_id,prob_a,prob_b\n"
truth = "slide_id,label\ns1,b\ns2,a\n"
REFUSALS = [   # predictions, labels, more words, exit code, what the sentence says
    (head + good + "s3,0.5,0.5\n", truth, [], 4, "labels.csv: wanted a label for every prediction: s3 (row 4 of p.csv) has none: add it"),
    (head + good, "slide_id,label\ns1,b\ns2,b\n", [], 4, "wanted rows of two or more classes to judge, all 2 with a prediction are 'b'"),
    (head + "s1,-0.2,1.2\n", truth, [], 4, "p.csv: row 2 (s1): wanted a probability in 0..1 under prob_a, got -0.2: apply softmax"),
    (head + "s1,0.2,0.7\n", truth, [], 4, "p.csv: row 2 (s1): wanted probabilities that sum to 1, got a sum of 0.9: is a class"),
    (head + "s1,nan,0.7\n", truth, [], 4, "p.csv: row 2 (s1): wanted a number under prob_a, got 'nan': leave the row out"),
    (head + "s1,,0.7\n", truth, [], 4, "p.csv: row 2 (s1): wanted a number under prob_a, got ''"),
    (head + good + "s1,0.2,0.8\n", truth, [], 4, "p.csv: row 4 (s1): wanted each id once, this one is in row 2 too: leave one out"),
    (head + good, truth + "s1,a\n", [], 4, "labels.csv: row 4: wanted each id once, 's1' is there twice"),
    ("slide,prob_a,prob_b\n" + good, truth, [], 4, "p.csv: wanted a column slide_id or patient_id in the header row"),
    ("slide_id,a,b\n" + good, truth, [], 4, "p.csv: wanted a column prob_<class> for each of two or more classes"),
    (head + good, truth, ["--compare", write("risks.csv", "slide_id,risk\ns1,1\n")], 4, "risks.csv: wanted prob_<class> columns as the first model's predictions have, got risk"),
    ("slide_id,prob_a,prob_a\n" + good, truth, [], 4, "p.csv: wanted each column once, 'prob_a' is there twice"),
    (head, truth, [], 4, "p.csv: wanted predictions: there is no row under the header"),
    (head + ",0.5,0.5\n", truth, [], 4, "p.csv: row 2: wanted an id, got an empty cell"),
    (head + "s1,0.5\n", truth, [], 4, "p.csv: row 2: wanted 3 cells as in the header, got 2"),
    (head + good, "slide_id,diagnosis\ns1,b\n", [], 4, "labels.csv: wanted the columns label and slide_id or patient_id"),
    (head + good, "slide_id,label\ns1,c\ns2,a\n", [], 4, "labels.csv: s1: wanted one of the classes that p.csv predicts (a, b), got 'c'"),
    ("patient_id,prob_a,prob_b\n" + good, truth, [], 4, "labels.csv: wanted a column patient_id, as the predictions are of patients"),
    ("slide_id,patient_id,fold,prob_a,prob_b\ns1,P,0,0.2,0.8\ns2,P,1,0.9,0.1\n", truth, [], 4, "p.csv: row 3 (s2): wanted all slides of a patient in one fold"),
    ("slide_id,fold,prob_a,prob_b\ns1,x,0.2,0.8\n", truth, [], 4, "p.csv: row 2 (s1): wanted a fold 0, 1, 2, ..., got 'x'"),
    ("slide_id,patient_id,prob_a,prob_b\ns1,P,0.2,0.8\ns2,Q,0.9,0.1\n", "slide_id,patient_id,label\ns1,R,b\ns2,Q,a\n", [], 4, "slide s1: wanted the patient that the predictions name"),
    (head + good, truth, ["--subgroups", "lable"], 2, "--evaluate.subgroups: wanted columns of"),
    (head + good, truth, ["--positive", "c"], 2, "--evaluate.positive: wanted a or b"),
    (head + good, truth, ["--threshold", "1.5"], 2, "evaluate.threshold: wanted auto or a probability in 0..1, got '1.5'"),
    (head + good, truth, ["--bootstrap", "3"], 2, "evaluate.bootstrap: wanted 100..1000000 resamples, got 3"),
    (head + good, truth, ["--compare", write("other.csv", "slide_id,prob_a,prob_c\ns1,0.2,0.8\ns2,0.9,0.1\n")], 4, "s1: wanted one of the classes that other.csv predicts (a, c), got 'b'"),
    (head + good, truth + "s3,a\ns4,b\n", ["--compare", write("elsewhere.csv", head + "s3,0.2,0.8\ns4,0.9,0.1\n")], 4, "elsewhere.csv: wanted predictions for rows that the first model predicts too"),
    (head + good, truth, ["--compare", write("more.csv", "slide_id,prob_a,prob_b,prob_c\ns1,0.2,0.8,0\ns2,0.9,0.1,0\n")], 4, "more.csv: wanted the classes of the first model (a, b), got a, b, c"),
]
for text, truth_text, more, code, sentence in REFUSALS:
    done = microtome("evaluate", "--predictions", write("p.csv", text), "--labels", write("labels.csv", truth_text), *more, "--output", out / "refused", exits=(code,))
    check(sentence in done.stderr and done.stderr.count("\n") == 1, f"wanted '{sentence}', got: {done.stderr}")
check(not (out / "refused").exists(), "a refusal leaves nothing behind")
done = microtome("evaluate", "--predictions", out / "nowhere.csv", "--labels", labels, "--output", out / "refused", exits=(4,))
check("nowhere.csv: wanted a CSV or TSV file: cannot be opened" in done.stderr, done.stderr)

microtome("evaluate", "--predictions", MODEL / "predictions.csv", "--labels", ARCHIVE / "labels.csv", "--bootstrap", 200, "--output", out / "world")
check(json.loads((out / "world" / "metrics.json").read_text())["classification"]["auc"]["value"] is not None, "what train writes can be evaluated")
