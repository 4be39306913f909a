# SPDX-License-Identifier: Apache-2.0
# `microtome evaluate` of labels that are each true or not: values against plain definitions, intervals against resamples drawn here, bytes,
# privacy, which task prob_ columns are taken for, and each refusal.
import csv, json, random, xml.etree.ElementTree

from world import check, fresh, microtome

out = fresh("evaluate_multilabel")
random.seed(11)
NAMES = ["EGFR", "KRAS", "TP53"]


def write(name, text):
    (out / name).write_text(text)
    return out / name


def cohort(patients):
    """Slides of patients: id, patient, fold, sex, answers (None: not known) and a score a label. KRAS goes without EGFR; some answers were never asked for."""
    slides = []
    for p in range(patients):
        egfr, tp53, sex = random.random() < 0.3, random.random() < 0.5, random.choice("FM")
        kras = not egfr and random.random() < 0.35
        answers = [int(a) if random.random() < 0.85 else None for a in (egfr, kras, tp53)]
        for s in range(1 + (p % 4 == 0)):
            scores = [min(max(round(0.4 + shift * a + random.gauss(0, 0.18), 2), 0.01), 0.99) for a, shift in zip((egfr, kras, tp53), (0.3, 0.15, 0.08))]
            slides.append((f"slide{p:03}-{s}", f"Doe_{p:03}", p % 4, sex, answers, scores))
    return slides


def predictions(slides, names=NAMES):
    return "slide_id,fold," + ",".join(f"prob_{n}" for n in names) + "\n" + "".join(
        f"{s},{f}," + ",".join(str(x[NAMES.index(n)]) for n in names) + "\n" for s, _, f, _, _, x in slides)


def area(pairs):
    high, low = [x for x, y in pairs if y], [x for x, y in pairs if not y]
    return sum((a > b) + 0.5 * (a == b) for a in high for b in low) / (len(high) * len(low))


def average_precision(pairs):
    """Over thresholds: the step in recall times the precision there."""
    positives, total, before = sum(y for _, y in pairs), 0, 0
    for t in sorted({x for x, _ in pairs}, reverse=True):
        called = [y for x, y in pairs if x >= t]
        total += (sum(called) - before) / positives * (sum(called) / len(called))
        before = sum(called)
    return total


def calibration_error(pairs, bins=15):
    sums = {}
    for x, y in pairs:
        b = next(b for b in range(bins) if x <= (b + 1) / bins)
        sums[b] = sums.get(b, 0) + x - y
    return sum(abs(v) for v in sums.values()) / len(pairs)


def f1(decided):
    return 2 * sum(d and y for d, y in decided) / (sum(d for d, _ in decided) + sum(y for _, y in decided))


def mean(values):
    values = list(values)
    return sum(values) / len(values)


def known(slides, label):
    return [(s[5][label], s[4][label], s) for s in slides if s[4][label] is not None]


def plain(slides, decide):
    """All measures over labels by definition; decide(label, score, slide) is the decision."""
    by_label = [known(slides, k) for k in range(3)]
    decided = [[(decide(k, x, s), y) for x, y, s in by_label[k]] for k in range(3)]
    pairs = [[(x, y) for x, y, _ in rows] for rows in by_label]
    rates = lambda rows, of: sum(d == y for d, y in rows if y == of) / sum(y == of for _, y in rows)
    whole = [([decide(k, s[5][k], s) for k in range(3)], s[4]) for s in slides if None not in s[4]]
    everything = [one for rows in decided for one in rows]
    return {"macro_auc": mean(map(area, pairs)), "macro_auprc": mean(map(average_precision, pairs)),
            "macro_balanced_accuracy": mean((rates(rows, 0) + rates(rows, 1)) / 2 for rows in decided), "macro_f1": mean(map(f1, decided)),
            "macro_brier": mean(mean((x - y) ** 2 for x, y in rows) for rows in pairs), "macro_ece": mean(map(calibration_error, pairs)),
            "micro_auc": area([one for rows in pairs for one in rows]), "micro_f1": f1(everything), "hamming_loss": mean(d != y for d, y in everything),
            "exact_match": mean(d == a for d, a in whole), "cardinality_known": mean(sum(a) for _, a in whole), "cardinality_predicted": mean(sum(d) for d, _ in whole)}


def load(name):
    return json.loads((out / name / "metrics.json").read_text(), parse_constant=lambda c: check(False, f"metrics.json holds {c}"))


def label_table(slides):
    cell = lambda a: "" if a is None else a
    return "slide_id,patient_id,sex,label_TP53,label_KRAS,label_EGFR,label_BRAF\n" + "".join(f"{s},{p},{sex},{cell(a[2])},{cell(a[1])},{cell(a[0])},{int(p[-1]) % 2}\n" for s, p, _, sex, a, _ in slides)


everyone = cohort(160)
slides = [s for s in everyone if any(a is not None for a in s[4])]
first = write("predictions.csv", predictions(everyone))
second = write("second.csv", predictions([(*s[:5], [min(max(round(x + random.gauss(0, 0.2), 2), 0.01), 0.99) for x in s[5]]) for s in slides], ["TP53", "EGFR", "KRAS"]))
labels = write("labels.csv", label_table(everyone) + "unseen,Doe_999,F,1,,,\n")
words = ["--labels", labels, "--bootstrap", 300]
check(len(slides) < len(everyone) and any(None in s[4] for s in slides), "the cohort has unknown answers, and slides without any known one")

log = microtome("evaluate", "--predictions", first, "--compare", second, *words, "--subgroups", "sex", "--output", out / "one").stderr
check(f"{len(slides)} slides of " in log and ", 3 labels; 1 labels without a prediction left out" in log, f"what was judged is told: {log}")
check(f"; {len(everyone) - len(slides)} predictions without a known label left out" in log, f"rows of unknown answers are counted: {log}")
check("left out: 1 labels that nothing predicts: label_BRAF\n" in log, f"labels without a prediction are named: {log}")
names = sorted(p.name for p in (out / "one").iterdir())
check(names == sorted(["metrics.json", "evaluation.html", *(f"{c}.{e}" for c in ("roc", "pr", "reliability", "decision_curve") for e in ("csv", "svg"))]), f"files: {names}")
document = load("one")
overall, by_label = document["multilabel"]["overall"], document["multilabel"]["labels"]
check(list(by_label) == NAMES and document["task"] == "multilabel" and document["input"]["not_predicted"] == ["BRAF"], "labels come in the order of the predictions")
check(document["input"]["n_with_all_labels"] == sum(None not in s[4] for s in slides), "complete rows are counted")

thresholds = [by_label[n]["decisions"]["threshold"] for n in NAMES]                # each fold's from the others' known rows: no other threshold is better there
for k, name in enumerate(NAMES):
    for fold, threshold in thresholds[k].items():
        others = [(x, y) for x, y, s in known(slides, k) if s[2] != int(fold)]
        def youden(t): return mean(x >= t for x, y in others if y) - mean(x >= t for x, y in others if not y)
        check(youden(threshold) >= max(youden(x) for x, _ in others) - 1e-9, f"{name}, fold {fold}: {threshold} is not the best of the other folds")
wanted = plain(slides, lambda k, x, s: int(x >= thresholds[k][str(s[2])]))
check(set(wanted) == set(overall), f"measures over all labels: {sorted(overall)}")
for name, value in wanted.items():
    check(abs(overall[name]["value"] - value) < 1e-9, f"{name}: {overall[name]['value']} is not {value}")
    check(overall[name]["low"] <= value <= overall[name]["high"], f"{name} lies in its interval: {overall[name]}")
for k, name in enumerate(NAMES):
    pairs, own = [(x, y) for x, y, _ in known(slides, k)], by_label[name]["classification"]
    check(abs(own["auc"]["value"] - area(pairs)) < 1e-9 and abs(own["auprc"]["value"] - average_precision(pairs)) < 1e-9, f"AUC and average precision of {name}")
    right = [int(x >= thresholds[k][str(s[2])]) for x, y, s in known(slides, k) if y]
    check(abs(own["sensitivity"]["value"] - mean(right)) < 1e-12, f"sensitivity of {name}")
    check(own["auc"]["n"] == len(pairs) == by_label[name]["n"] and own["auc"]["events"] == sum(y for _, y in pairs) == by_label[name]["events"], f"{name}: known answers are counted")
    for sex in "FM":
        of_level = [(x, y) for x, y, s in known(slides, k) if s[3] == sex]
        check(abs(by_label[name]["subgroups"]["sex"]["levels"][sex]["classification"]["auc"]["value"] - area(of_level)) < 1e-9, f"AUC of {name}, {sex}")
    for fold, result in by_label[name]["per_fold"].items():
        check(abs(result["classification"]["auc"]["value"] - area([(x, y) for x, y, s in known(slides, k) if s[2] == int(fold)])) < 1e-9, f"AUC of {name}, fold {fold}")
for fold, result in document["multilabel"]["per_fold"].items():
    of_fold = plain([s for s in slides if s[2] == int(fold)], lambda k, x, s: int(x >= thresholds[k][str(s[2])]))
    check(all(abs(result[name]["value"] - value) < 1e-9 for name, value in of_fold.items()), f"fold {fold}: {result} is not {of_fold}")
for name in wanted:
    of_folds = mean(f[name]["value"] for f in document["multilabel"]["per_fold"].values())
    check(abs(document["multilabel"]["fold_means"][name]["value"] - of_folds) < 1e-12, f"the mean over folds of {name} is one")

# A percentile interval of the macro AUC, patients drawn here within their folds, once for all labels.
patients = {}
for s in slides:
    patients.setdefault(s[2], {}).setdefault(s[1], []).append(s)
drawn = sorted(mean(area([(x, y) for x, y, _ in known(sample, k)]) for k in range(3)) for _ in range(400)
               for sample in [[s for of_fold in patients.values() for p in random.choices(list(of_fold), k=len(of_fold)) for s in of_fold[p]]])
check(abs(overall["macro_auc"]["low"] - drawn[10]) < 0.02 and abs(overall["macro_auc"]["high"] - drawn[-11]) < 0.02, f"{overall['macro_auc']} is not about {drawn[10]} to {drawn[-11]}")
check(overall["macro_auc"]["method"] == "BCa bootstrap of patients", "patients are resampled, and slides of one together")

rows = {s[0]: s for s in slides}
scores = {r["slide_id"]: [float(r[f"prob_{n}"]) for n in NAMES] for r in csv.DictReader(second.open())}
compared = document["multilabel"]["comparison"]
check(compared["n"] == len(slides) and compared["left_out"] == 0, f"both predict the same rows, in whatever order: {compared['left_out']}")
other_auc = mean(area([(scores[s[0]][k], y) for _, y, s in known(slides, k)]) for k in range(3))
difference = compared["overall"]["macro_auc"]
check(abs(difference["one"] - wanted["macro_auc"]) < 1e-9 and abs(difference["other"] - other_auc) < 1e-9, f"columns of the second model are found by name: {difference}")
check(abs(difference["difference"]["value"] - wanted["macro_auc"] + other_auc) < 1e-9 and difference["difference"]["low"] > 0, f"the difference is one minus other: {difference}")
egfr = by_label["EGFR"]["comparison"]["classification"]["auc"]
check(abs(egfr["other"] - area([(scores[s[0]][0], y) for _, y, s in known(slides, 0)])) < 1e-9, "each label is compared too")

for name in ("roc", "pr", "reliability", "decision_curve"):
    table = list(csv.DictReader((out / "one" / f"{name}.csv").open()))
    check(next(iter(table[0])) == "label" and list(dict.fromkeys(r["label"] for r in table)) == NAMES, f"{name}.csv names the label")
roc = [(float(r["false_positive_rate"]), float(r["true_positive_rate"])) for r in csv.DictReader((out / "one" / "roc.csv").open()) if r["label"] == "KRAS"]
trapezoid = sum((b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in zip(roc, roc[1:]))
check(abs(trapezoid - by_label["KRAS"]["classification"]["auc"]["value"]) < 1e-9, "the curve of a label has the label's area")
for path in (out / "one").iterdir():                                               # nothing that points at a person or a place
    text = path.read_text()
    check("Doe_" not in text and "slide0" not in text and str(out) not in text, f"{path.name} holds an id or a path")
    if path.suffix == ".svg":
        xml.etree.ElementTree.fromstring(text)
        check(all(name in text for name in NAMES), f"{path.name} has a curve for each label")
html = (out / "one" / "evaluation.html").read_text()
check("<script" not in html and "http://" not in html.replace("http://www.w3.org/2000/svg", "") and html.count("<svg") >= 4, "the page is whole in itself")
check(all(f'<th scope="row">{name}</th>' in html for name in NAMES), "the page has a row for each label")

lines = first.read_text().splitlines()
shuffled = write("shuffled.csv", "\n".join([lines[0], *random.sample(lines[1:], len(lines) - 1)]) + "\n")
microtome("evaluate", "--predictions", shuffled, "--compare", second, *words, "--subgroups", "sex", "--output", out / "two")
for name in names:
    check((out / "one" / name).read_bytes() == (out / "two" / name).read_bytes(), f"{name}: other bytes from other order of rows")
microtome("evaluate", "--predictions", first, *words, "--seed", 9, "--output", out / "seed")
check(load("seed")["multilabel"]["overall"]["macro_auc"]["low"] != overall["macro_auc"]["low"], "another seed, other resamples")

# a given threshold is that of all labels
microtome("evaluate", "--predictions", first, *words, "--threshold", 0.6, "--output", out / "given")
given = load("given")["multilabel"]
check(all(label["decisions"]["threshold"] == 0.6 for label in given["labels"].values()), "the given threshold is told")
for name, value in plain(slides, lambda k, x, s: int(x >= 0.6)).items():
    check(abs(given["overall"][name]["value"] - value) < 1e-9, f"{name} at 0.6: {given['overall'][name]['value']} is not {value}")

# labels of patients: probabilities of a patient's slides are averaged
of_patients = write("patients.csv", "patient_id,label_EGFR,label_KRAS,label_TP53\n" + "".join(dict((p, f"{p}," + ",".join("" if x is None else str(x) for x in a) + "\n") for _, p, _, _, a, _ in everyone).values()))
with_patients = write("with_patients.csv", "slide_id,patient_id,prob_EGFR,prob_KRAS,prob_TP53\n" + "".join(f"{s},{p},{','.join(map(str, x))}\n" for s, p, _, _, _, x in everyone))
microtome("evaluate", "--predictions", with_patients, "--labels", of_patients, "--bootstrap", 200, "--output", out / "patients")
document = load("patients")
averaged = {}
for _, p, _, _, a, x in slides:
    averaged.setdefault(p, (a[1], []))[1].append(x[1])
check(document["input"]["unit"] == "patient" and "means over the slides" in document["input"]["probabilities"], "averaging is told")
kras = document["multilabel"]["labels"]["KRAS"]["classification"]["auc"]
check(abs(kras["value"] - area([(mean(x), a) for a, x in averaged.values() if a is not None])) < 1e-9 and kras["method"].startswith("DeLong"), f"AUC of means: {kras}")

# a label of one answer only has no number and a sentence, the others go on; one column is enough
silent = write("silent.csv", "slide_id,label_EGFR,label_KRAS,label_TP53\n" + "".join(f"{s[0]},{'' if s[4][0] is None else s[4][0]},0,\n" for s in everyone))
log = microtome("evaluate", "--predictions", first, "--labels", silent, "--bootstrap", 100, "--compare", second, "--output", out / "silent").stderr
check("KRAS is not judged: every known answer is no\nTP53 is not judged: no row has a known answer\n" in log, log)
document = load("silent")["multilabel"]
check(all(m["value"] is None and m["reason"].startswith("every known answer is no") for m in document["labels"]["KRAS"]["classification"].values()), "null and a sentence")
check(document["labels"]["TP53"]["not_judged"] == "no row has a known answer" and document["overall"]["exact_match"]["reason"] == "no row has all of its answers known", "nothing known")
check(document["labels"]["KRAS"]["comparison"] == {"reason": "every known answer is no"}, "nor is it compared")
check(abs(document["overall"]["macro_auc"]["value"] - area([(x, y) for x, y, _ in known(slides, 0)])) < 1e-9, "the mean is that of the label that is judged")
check(document["overall"]["macro_auc"]["note"].startswith("without KRAS, TP53: not judged"), "and says so")
check({r["label"] for r in csv.DictReader((out / "silent" / "reliability.csv").open())} == {"EGFR"}, "curves are of labels that are judged")
alone = write("alone.csv", predictions(slides, ["EGFR"]))
microtome("evaluate", "--predictions", alone, *words, "--output", out / "alone")
check(load("alone")["multilabel"]["overall"]["micro_auc"]["value"] == load("alone")["multilabel"]["labels"]["EGFR"]["classification"]["auc"]["value"], "one label: its heap is itself")

# which task prob_ columns are of
good = "s1,0.2,0.8\ns2,0.9,0.1\ns3,0.4,0.6\n"
both = "slide_id,label,label_a,label_b\ns1,b,0,1\ns2,a,1,0\ns3,b,0,1\n"
pair, of_both = write("pair.csv", "slide_id,prob_a,prob_b\n" + good), write("both.csv", both)
for task, told in (("label", "classification"), ("multilabel", "multilabel")):
    microtome("evaluate", "--predictions", pair, "--labels", of_both, "--evaluate.task", task, "--bootstrap", 100, "--output", out / task)
    check(load(task)["task"] == told, f"--evaluate.task {task}")
partly = write("partly.csv", "slide_id,label,label_a\ns1,b,0\ns2,a,1\ns3,b,0\n")
microtome("evaluate", "--predictions", pair, "--labels", partly, "--bootstrap", 100, "--output", out / "label")
check(load("label")["task"] == "classification", "classes, when a class has no column of its own")
check("--evaluate.task" in microtome("evaluate", "--help").stdout, "the option is in the help")

head, truth = "slide_id,prob_a,prob_b\n", "slide_id,label_a,label_b\ns1,0,1\ns2,1,0\ns3,,1\n"
risks = write("risks.csv", "slide_id,risk\ns1,1\ns2,2\n")
REFUSALS = [   # predictions, labels, more words, exit code, what the sentence says
    (head + good, both, [], 2, "--evaluate.task: wanted to know what"),
    (head + good, "slide_id,label_a\ns1,0\ns2,1\n", [], 4, "labels.csv: wanted a column label_b (0 or 1), got none: add it, or leave b out of what is predicted"),
    (head + good, truth.replace("s2,1,0", "s2,2,0"), [], 4, "labels.csv: row 3 (s2): wanted 0 or 1 under label_a, or an empty cell where it is not known, got '2'"),
    (head + good, truth.replace("s3,,1", "s3,?,1"), [], 4, "labels.csv: row 4 (s3): wanted 0 or 1 under label_a, or an empty cell where it is not known, got '?'"),
    (head + good + "s4,0.1,0.1\n", truth, [], 4, "labels.csv: wanted a label for every prediction: s4 (row 5 of p.csv) has none: add it"),
    (head + good, "slide_id,label_a,label_b\ns1,0,1\ns2,0,1\ns3,,\n", [], 4, "labels.csv: wanted a label with rows of both answers among the 2 rows with a prediction, got a (every known answer is no"),
    (head + "s1,0.2,1.2\n", truth, [], 4, "p.csv: row 2 (s1): wanted a probability in 0..1 under prob_b, got 1.2: apply the sigmoid if these are logits"),
    (head + "s1,nan,0.7\n", truth, [], 4, "p.csv: row 2 (s1): wanted a number under prob_a, got 'nan': leave the row out"),
    (head + "s1,,0.7\n", truth, [], 4, "p.csv: row 2 (s1): wanted a number under prob_a, got ''"),
    (head + good + "s1,0.2,0.8\n", truth, [], 4, "p.csv: row 5 (s1): wanted each id once, this one is in row 2 too: leave one out"),
    (head + good, truth + "s1,1,1\n", [], 4, "labels.csv: row 5: wanted each id once, 's1' is there twice"),
    ("slide_id,prob_a,prob_\n" + good, truth, [], 4, "p.csv: wanted prob_<name>, as prob_EGFR, in the header row, got prob_: name the label"),
    ("slide,prob_a,prob_b\n" + good, truth, [], 4, "p.csv: wanted a column slide_id or patient_id in the header row"),
    ("slide_id,prob_a,prob_a\n" + good, truth, [], 4, "p.csv: wanted each column once, 'prob_a' is there twice"),
    (head, truth, [], 4, "p.csv: wanted predictions: there is no row under the header"),
    (head + good, "id,label_a,label_b\ns1,0,1\n", [], 4, "labels.csv: wanted a column slide_id or patient_id in the header row"),
    ("slide_id,a,b\n" + good, truth, ["--evaluate.task", "multilabel"], 4, "p.csv: wanted a column prob_<name> for each label in the header row, got none: add them"),
    ("slide_id,prob_a\ns1,0.2\n", "slide_id,label\ns1,b\n", [], 4, "p.csv: wanted a column prob_<class> for each of two or more classes in the header row, got 1"),
    ("patient_id,prob_a,prob_b\n" + good, truth, [], 4, "labels.csv: wanted a column patient_id, as the predictions are of patients"),
    ("slide_id,patient_id,fold,prob_a,prob_b\ns1,P,0,0.2,0.8\ns2,P,1,0.9,0.1\n", truth, [], 4, "p.csv: row 3 (s2): wanted all slides of a patient in one fold"),
    ("slide_id,patient_id,prob_a,prob_b\ns1,P,0.2,0.8\ns2,Q,0.9,0.1\n", "slide_id,patient_id,label_a,label_b\ns1,R,0,1\ns2,Q,1,0\n", [], 4, "slide s1: wanted the patient that the predictions name"),
    ("patient_id,prob_a,prob_b\nP,0.2,0.8\nQ,0.9,0.1\n", "slide_id,patient_id,label_a,label_b\ns1,P,0,1\ns2,P,1,\ns3,Q,1,0\n", [], 4, "labels.csv: row 3: wanted one label_a for patient P, got '0' and '1'"),
    (head + good, truth, ["--positive", "a"], 2, "--evaluate.positive: wanted predictions of two classes, got labels, whose positive is 1: leave it out"),
    (head + good, truth, ["--evaluate.censorship", "x"], 2, "--evaluate.censorship: wanted predictions with a column risk, got prob_<name> columns: leave it out"),
    (head + good, truth, ["--evaluate.risk_cut", "1"], 2, "--evaluate.risk_cut: wanted predictions with a column risk, got prob_<name> columns"),
    (head + good, truth, ["--evaluate.tau", "12"], 2, "--evaluate.tau: wanted predictions with a column risk, got prob_<name> columns"),
    (head + good, truth, ["--evaluate.horizon", "12"], 2, "--evaluate.horizon: wanted predictions with a column risk, got prob_<name> columns"),
    (head + good, truth, ["--evaluate.target", "x"], 2, "--evaluate.target: wanted predictions with a column value, got prob_<name> columns: leave it out"),
    (head + good, truth, ["--evaluate.task", "labels"], 2, "evaluate.task: wanted auto, label or multilabel, got 'labels'"),
    (head + good, truth, ["--threshold", "1.5"], 2, "evaluate.threshold: wanted auto or a probability in 0..1, got '1.5'"),
    (head + good, truth, ["--subgroups", "sex"], 2, "--evaluate.subgroups: wanted columns of"),
    (head + good, truth, ["--compare", risks], 4, "risks.csv: wanted prob_<name> columns as the first model's predictions have, got risk: compare models of one task"),
    (head + good, truth, ["--compare", write("fewer.csv", "slide_id,prob_a\ns1,0.2\ns2,0.9\n")], 4, "fewer.csv: wanted the labels of the first model (a, b), got a: compare models of one task"),
    (head + good, truth + "s4,0,1\ns5,1,0\n", ["--compare", write("elsewhere.csv", head + "s4,0.2,0.8\ns5,0.9,0.1\n")], 4, "elsewhere.csv: wanted predictions for rows that the first model predicts too"),
    (head + good, truth + "s4,0,0\ns5,1,1\n", ["--compare", write("little.csv", head + "s1,0.2,0.8\ns4,0.1,0.1\ns5,0.9,0.9\n")], 4, "little.csv: wanted a label with rows of both answers among the 1 rows with a prediction"),
]
for text, truth_text, more, code, sentence in REFUSALS:
    done = microtome("evaluate", "--predictions", write("p.csv", text), "--labels", write("labels.csv", truth_text), *more, "--output", out / "refused", exits=(code,))
    check(sentence in done.stderr and done.stderr.count("\n") == 1, f"wanted '{sentence}', got: {done.stderr}")
done = microtome("evaluate", "--predictions", risks, "--labels", labels, "--evaluate.task", "multilabel", "--output", out / "refused", exits=(2,))
check("--evaluate.task: wanted predictions with prob_<name> columns, got risk, which is survival: leave it out" in done.stderr, done.stderr)
done = microtome("evaluate", "--model", out, "--bags", out, "--labels", labels, "--evaluate.task", "multilabel", "--output", out / "refused", exits=(2,))
check("--evaluate.task: wanted predictions of a file, got a model, which says its task itself: leave it out" in done.stderr, done.stderr)
check(not (out / "refused").exists(), "a refusal leaves nothing behind")
