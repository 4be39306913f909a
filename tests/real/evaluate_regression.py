# SPDX-License-Identifier: Apache-2.0
# `microtome evaluate` on numbers: values against plain definitions in Python, figures, privacy, bytes, and each refusal.
import csv, json, math, random, statistics, xml.etree.ElementTree

from world import ARCHIVE, check, fresh, microtome

out = fresh("evaluate_regression")
random.seed(8)


def write(name, text):
    (out / name).write_text(text)
    return out / name


def run(name, *words):
    done = microtome("evaluate", *words, "--output", out / name)
    return json.loads((out / name / "metrics.json").read_text(), parse_constant=lambda c: check(False, f"metrics.json holds {c}")), done.stderr


# 200 patients with one or two slides, five folds; whole scores (so ties); site C is read badly
N = 200
known = [float(round(random.gammavariate(2, 10))) for _ in range(N)]
site = ["D" if i < 12 else "ABC"[i % 3] for i in range(N)]
sex = ["FM"[i // 3 % 2] for i in range(N)]
said = [round(3 + 0.8 * k + random.gauss(0, 18 if s == "C" else 5), 2) for k, s in zip(known, site)]
ids = [f"Doe_{i:03}" for i in range(N)]
slides = [(f"slide{i:03}-{s}", i, said[i] + (0.25, -0.25)[s] * (i % 4 == 0)) for i in range(N) for s in range(1 + (i % 4 == 0))]


def predictions(rows):
    return "slide_id,patient_id,fold,value\n" + "".join(f"{s},{ids[i]},{i % 5},{x!r}\n" for s, i, x in rows)


first = write("values.csv", predictions(slides))
noisy = [(s, i, x + random.gauss(0, 12)) for s, i, x in slides]
second = write("second.csv", predictions(noisy))
labels = write("labels.csv", "patient_id,hrd,sex,site\n" + "".join(f"{p},{k},{a},{b}\n" for p, k, a, b in zip(ids, known, sex, site)) + "Doe_999,12,F,A\nDoe_998,,F,A\n")
words = ["--labels", labels, "--evaluate.target", "hrd", "--bootstrap", 300]
document, log = run("one", "--predictions", first, "--compare", second, "--subgroups", "sex,site", *words)
metrics = document["regression"]
mean_of = lambda rows: [statistics.fmean(x for _, k, x in rows if k == i) for i in range(N)]
score = mean_of(slides)


# --- plain definitions ---
def ranks(values):
    """Middle ranks, by counting."""
    return [sum(w < v for w in values) + (sum(w == v for w in values) + 1) / 2 for v in values]


def pearson(x, y):
    a, b = statistics.fmean(x), statistics.fmean(y)
    return sum((u - a) * (v - b) for u, v in zip(x, y)) / math.sqrt(sum((u - a) ** 2 for u in x) * sum((v - b) ** 2 for v in y))


def defined(t, p):
    n, error = len(t), [b - a for a, b in zip(t, p)]
    mt, mp = statistics.fmean(t), statistics.fmean(p)
    covariance = sum((a - mt) * (b - mp) for a, b in zip(t, p)) / n
    vt, vp = statistics.pvariance(t), statistics.pvariance(p)
    return {"mae": sum(map(abs, error)) / n, "rmse": math.sqrt(sum(e * e for e in error) / n), "r2": 1 - sum(e * e for e in error) / (n * vt),
            "pearson": pearson(t, p), "spearman": pearson(ranks(t), ranks(p)), "bias": statistics.fmean(error), "calibration_slope": covariance / vp,
            "calibration_intercept": mt - covariance / vp * mp, "ccc": 2 * covariance / (vt + vp + (mt - mp) ** 2)}


def near(got, wanted, what, tolerance=1e-9):
    check(got is not None and abs(got - wanted) < tolerance * max(1, abs(wanted)), f"{what}: {got}, by definition {wanted}")


def near_all(got, t, p, what):
    wanted = defined(t, p)
    check(set(got) == set(wanted), f"{what}: measures {sorted(got)}")
    for name, value in wanted.items():
        near(got[name]["value"], value, f"{name} of {what}")
        check(got[name]["n"] == len(t), f"{name} of {what} counts its rows")


where = lambda keep: ([k for i, k in enumerate(known) if keep(i)], [s for i, s in enumerate(score) if keep(i)])
near_all(metrics, known, score, "all")
for name, m in metrics.items():
    check(set(m) == {"value", "low", "high", "method", "n"} and m["low"] < m["value"] < m["high"], f"{name} lies in its interval: {m}")
for f, result in document["per_fold"].items():
    near_all(result["regression"], *where(lambda i: i % 5 == int(f)), f"fold {f}")
check(set(document["per_fold"]) == set("01234"), "five folds")
for name, m in document["fold_means"]["regression"].items():
    near(m["value"], statistics.fmean(f["regression"][name]["value"] for f in document["per_fold"].values()), f"mean of {name} over folds")
differences = [s - k for s, k in zip(score, known)]
sd = statistics.stdev(differences)
for name, value in {"bias": statistics.fmean(differences), "sd": sd, "low": statistics.fmean(differences) - 1.96 * sd, "high": statistics.fmean(differences) + 1.96 * sd}.items():
    near(document["agreement"][name], value, f"{name} of the agreement")
levels = document["subgroups"]["site"]["levels"]
check(levels["D"] == {"n": 12, "patients": 12, "suppressed": "fewer than 20 patients"}, f"small levels are suppressed: {levels['D']}")
for level in "ABC":
    near_all(levels[level]["regression"], *where(lambda i: site[i] == level), f"site {level}")
gap = document["subgroups"]["site"]["gaps"]["mae"]
near(gap["value"], levels["C"]["regression"]["mae"]["value"] - min(levels[x]["regression"]["mae"]["value"] for x in "AB"), "gap")
check(document["subgroups"]["site"]["worst_mae"] == "C" and gap["p"] < 0.01 and document["subgroups"]["sex"]["gaps"]["mae"]["p"] > 0.02, f"the bad site is named: {document['subgroups']}")
other = defined(known, mean_of(noisy))
check(set(document["comparison"]["regression"]) == {"mae", "rmse", "r2", "pearson", "spearman"}, "what is compared")
for name, c in document["comparison"]["regression"].items():
    near(c["one"], metrics[name]["value"], f"{name} of the first model")
    near(c["other"], other[name], f"{name} of the second model")
    near(c["difference"]["value"], c["one"] - c["other"], f"difference of {name} is one minus other")
    check(c["difference"]["high"] < 0 if name in ("mae", "rmse") else c["difference"]["low"] > 0, f"noise is worse on the same resamples: {c}")
told = document["input"]
check(told["unit"] == "patient" and told["n"] == told["patients"] == N and told["predictions"] == len(slides) and told["values"].startswith("means") and told["target"] == "hrd", f"what was read is told: {told}")
check(told["labels_without_predictions"] == 1 and told["labels_without_value"] == 1 and told["predictions_without_value"] == 0, f"what was left out is told: {told}")
check(told["known"] == {"mean": told["known"]["mean"], "low": min(known), "high": max(known)} and abs(told["known"]["mean"] - statistics.fmean(known)) < 1e-9, "known values")
for part in ("200 patients, known values of column hrd", "predictions are means over a patient's slides", "1 labels without a prediction", "1 labels without value left out, with 0 predictions", "mean absolute error", "Pearson correlation"):
    check(part in log, f"wanted '{part}', got: {log}")
check("caution" not in log and document["cautions"] == [], f"nothing to caution of: {log}")

# --- files ---
names = sorted(p.name for p in (out / "one").iterdir())
check(names == sorted(["metrics.json", "evaluation.html", "scatter.csv", "scatter.svg", "bland_altman.csv", "bland_altman.svg"]), f"files: {names}")
for path in (out / "one").iterdir():                                               # nothing that points at a person or a place
    text = path.read_text()
    check("Doe_" not in text and "slide0" not in text and str(out) not in text, f"{path.name} holds an id or a path")
    if path.suffix == ".svg":
        xml.etree.ElementTree.fromstring(text)
        check(text.count("<circle") == N + 1, f"{path.name}: a point each, and one in the legend: {text.count('<circle')}")


def pairs(folder, name, header):
    rows = list(csv.reader((out / folder / name).read_text().splitlines()))
    check(rows[0] == header, f"{name}: {rows[0]}")
    return [tuple(map(float, row)) for row in rows[1:]]


check(pairs("one", "scatter.csv", ["known", "predicted"]) == sorted(zip(known, score)), "the points of the scatter, in the order of the numbers")
drawn = pairs("one", "bland_altman.csv", ["mean", "difference"])
check(drawn == sorted(((k + s) / 2, s - k) for k, s in zip(known, score)), "the points of Bland and Altman")
svg = (out / "one" / "bland_altman.svg").read_text()
check("upper limit of agreement" in svg and "lower limit of agreement" in svg and "bias" in svg and "predicted as it is known" in (out / "one" / "scatter.svg").read_text(), "lines are named")
html = (out / "one" / "evaluation.html").read_text()
check("<script" not in html and html.count("<svg") >= 2 and "Research use only" in html and "Subgroups by site" in html and "Comparison with the second model" in html, "the page is whole in itself")

# --- the same from other rows and other tables ---
lines = first.read_text().splitlines()
shuffled = write("shuffled.csv", "\n".join([lines[0], *random.sample(lines[1:], len(lines) - 1)]) + "\n")
run("two", "--predictions", shuffled, "--compare", second, "--subgroups", "sex,site", *words)
for name in names:
    check((out / "one" / name).read_bytes() == (out / "two" / name).read_bytes(), f"{name}: other bytes from other order of rows")
of_slides = write("of_slides.csv", "slide_id,value\n" + "".join(f"{s},{known[i]}\n" for s, i, _ in slides))
by_slide, log = run("slides", "--predictions", first, "--labels", of_slides, "--bootstrap", 300)
check(by_slide["input"]["unit"] == "slide" and by_slide["input"]["n"] == len(slides) and by_slide["input"]["patients"] == N and f"{len(slides)} slides of {N} patients" in log, f"rows are slides: {by_slide['input']}")
near_all(by_slide["regression"], [known[i] for _, i, _ in slides], [x for *_, x in slides], "slides")
holes = write("holes.csv", "patient_id,value\n" + "".join(f"{p},{'' if i % 10 == 0 else k}\n" for i, (p, k) in enumerate(zip(ids, known))))
left, log = run("holes", "--predictions", first, "--labels", holes, "--bootstrap", 100)
near_all(left["regression"], *where(lambda i: i % 10), "those with a value")
gone = sum(i % 10 == 0 for _, i, _ in slides)
check(left["input"]["labels_without_value"] == 20 and left["input"]["predictions_without_value"] == gone and f"20 labels without value left out, with {gone} predictions" in log, f"holes are counted: {log}")
plain = write("plain.csv", "patient_id,value\n" + "".join(f"{p},{x!r}\n" for p, x in zip(ids, score)))
check(run("plain", "--predictions", plain, *words)[0]["input"]["values"] == "as given" and "per_fold" not in run("plain", "--predictions", plain, *words)[0], "patients without folds")

# --- what a reader must not miss ---
flat, log = run("flat", "--predictions", write("flat.csv", "patient_id,value\n" + "".join(f"{p},0.1\n" for p in ids)), *words)
for name in ("pearson", "spearman", "ccc", "calibration_slope", "calibration_intercept"):
    check(flat["regression"][name] == {"value": None, "low": None, "high": None, "method": "", "n": N, "reason": "all predictions are the same"}, f"{name} of one prediction for all: {flat['regression'][name]}")
near(flat["regression"]["mae"]["value"], statistics.fmean(abs(0.1 - k) for k in known), "error of one prediction for all")
check("caution: all predictions are 0.1" in log and "Pearson correlation -" in log and "are both in one unit?" in log, log)
backwards, log = run("backwards", "--predictions", write("backwards.csv", "patient_id,value\n" + "".join(f"{p},{-x}\n" for p, x in zip(ids, score))), *words)
check("higher predictions go with lower known values" in log and len(backwards["cautions"]) == 2 and abs(backwards["regression"]["pearson"]["value"] + metrics["pearson"]["value"]) < 1e-9, f"predictions the wrong way round: {log}")
few, log = run("few", "--predictions", write("few.csv", "patient_id,value\nP1,1\nP2,2\n"), "--labels", write("few_l.csv", "patient_id,value\nP1,3\nP2,5\n"))
check(few["regression"]["mae"]["value"] == 2.5 and few["regression"]["pearson"]["reason"] == "fewer than 3 rows" and few["agreement"]["reason"] == "fewer than 3 rows" and "fewer than 20 patients" in log, f"two rows: {few}")
alone, _ = run("alone", "--predictions", write("alone.csv", "patient_id,value\nP1,1\n"), "--labels", out / "few_l.csv")
check(alone["regression"]["bias"] == {"value": -2, "low": None, "high": None, "method": "bootstrap of patients", "n": 1, "reason": "every resample gives the same value"}, f"one row: {alone['regression']['bias']}")
same, log = run("same", "--predictions", plain, "--labels", write("same.csv", "patient_id,value\n" + "".join(f"{p},7\n" for p in ids)), "--bootstrap", 100)
check(same["regression"]["r2"]["reason"] == "all known values are the same" and "all known values are 7" in log and same["regression"]["calibration_slope"]["value"] is not None, log)
for name, values in (("huge", [1e100 - 1e90 * i for i in range(30)]), ("near", [1e17 + 16 * (i % 3) for i in range(30)]), ("tiny", [1e-200 * i for i in range(30)])):
    text = "patient_id,value\n" + "".join(f"P{i},{v!r}\n" for i, v in enumerate(values))
    of_size, _ = run(name, "--predictions", write(f"{name}.csv", text), "--labels", write(f"{name}_l.csv", text), "--bootstrap", 100)
    check(of_size["regression"]["mae"]["value"] == 0 and of_size["regression"]["r2"]["value"] == (None if name == "tiny" else 1), f"{name} numbers: {of_size['regression']}")
many = write("many.csv", "slide_id,value\n" + "".join(f"m{i},{random.gauss(i % 50, 5)!r}\n" for i in range(4000)))
run("many", "--predictions", many, "--labels", write("many_l.csv", "slide_id,value\n" + "".join(f"m{i},{i % 50}\n" for i in range(4000))), "--bootstrap", 100)
check((out / "many" / "scatter.svg").read_text().count("<circle") == 1501 and len(pairs("many", "scatter.csv", ["known", "predicted"])) == 4000, "of thousands a choice is drawn, and all are listed")
check("1500 of the 4000 slides are drawn" in (out / "many" / "evaluation.html").read_text(), "that points were left out is told")

# --- one task's files go when another's come, and labels that synth writes can be used ---
cohort = [line.split(",") for line in (ARCHIVE / "labels.csv").read_text().splitlines()]
of_world = write("world.csv", "slide_id,value\n" + "".join(f"{row[0]},{k % 7}\n" for k, row in enumerate(cohort[1:])))
world, _ = run("one", "--predictions", of_world, "--labels", ARCHIVE / "labels.csv", "--evaluate.target", "time", "--bootstrap", 100)
check(world["task"] == "regression" and world["regression"]["mae"]["value"] is not None and world["input"]["target"] == "time", "labels that synth writes can be used")
risks = write("risks.csv", of_world.read_text().replace("value", "risk"))
run("one", "--predictions", risks, "--labels", ARCHIVE / "labels.csv", "--bootstrap", 100)
check(not any((out / "one" / f"{name}.{ending}").exists() for name in ("scatter", "bland_altman") for ending in ("csv", "svg")), "files of the evaluation before are gone")

# --- refusals ---
good, head, ok = "P1,0.2\nP2,0.9\n", "patient_id,value\n", "patient_id,value\nP1,10\nP2,20\n"
REFUSALS = [   # predictions, labels, more words, exit code, what the sentence says
    (head + "P1,nan\nP2,1\n", ok, [], 4, "p.csv: row 2 (P1): wanted a number under value, got 'nan': leave the row out if there is no prediction"),
    (head + "P1,1\nP2,inf\n", ok, [], 4, "p.csv: row 3 (P2): wanted a number under value, got 'inf'"),
    (head + "P1,\nP2,1\n", ok, [], 4, "p.csv: row 2 (P1): wanted a number under value, got ''"),
    (head + "P1,1e101\nP2,1\n", ok, [], 4, "p.csv: row 2 (P1): wanted a number of at most 1e+100 under value, got 1e101"),
    (head + good + "P1,3\n", ok, [], 4, "p.csv: row 4 (P1): wanted each id once, this one is in row 2 too"),
    (head + ",3\n", ok, [], 4, "p.csv: row 2: wanted an id, got an empty cell"),
    (head, ok, [], 4, "p.csv: wanted predictions: there is no row under the header"),
    ("case,value\n" + good, ok, [], 4, "p.csv: wanted a column slide_id or patient_id in the header row"),
    ("patient_id,value,value\nP1,1,1\n", ok, [], 4, "p.csv: wanted each column once, 'value' is there twice"),
    ("patient_id,value,risk\nP1,1,1\n", ok, [], 4, "p.csv: wanted predictions of one task, got the columns value and risk: leave one out"),
    ("patient_id,prob_a,value,prob_b\nP1,0.5,1,0.5\n", ok, [], 4, "p.csv: wanted predictions of one task, got the columns value and prob_a: leave one out"),
    ("slide_id,patient_id,fold,value\ns1,P1,0,1\ns2,P1,1,2\ns3,P2,0,5\n", ok, [], 4, "p.csv: row 3 (s2): wanted all slides of a patient in one fold"),
    ("patient_id,fold,value\nP1,x,1\n", ok, [], 4, "p.csv: row 2 (P1): wanted a fold 0, 1, 2, ..., got 'x'"),
    (head + good, "patient_id,value\nP1,high\nP2,2\n", [], 4, "l.csv: row 2 (P1): wanted a number under value, got 'high': leave the cell empty if it is not known"),
    (head + good, "patient_id,tmb\nP1,1\nP2,NA\n", ["--evaluate.target", "tmb"], 4, "l.csv: row 3 (P2): wanted a number under tmb, got 'NA'"),
    (head + good, "patient_id,value\nP1,1\nP2,-1e101\n", [], 4, "l.csv: row 3 (P2): wanted a number of at most 1e+100 under value, got -1e101"),
    (head + good, "patient_id,tmb\nP1,1\nP2,2\n", [], 4, "l.csv: wanted a column value in the header row, for the known numbers: name theirs with --evaluate.target, or add it"),
    (head + good, "patient_id,tmb\nP1,1\nP2,2\n", ["--evaluate.target", "tbm"], 2, "l.csv, got 'tbm': did you mean tmb?"),
    (head + good, ok, ["--evaluate.target", ""], 2, "evaluate.target: wanted a column of the labels, got an empty name"),
    (head + good, ok, ["--subgroups", "sex"], 2, "--evaluate.subgroups: wanted columns of"),
    (head + good, "case,value\nP1,1\n", [], 4, "l.csv: wanted a column slide_id or patient_id in the header row"),
    (head + good, "slide_id,value\ns1,5\n", [], 4, "l.csv: wanted a column patient_id, as the predictions are of patients"),
    (head + good + "P3,4\n", ok, [], 4, "l.csv: wanted a row for every prediction: P3 (row 4 of p.csv) has none: add it, or leave the prediction out"),
    ("slide_id,patient_id,value\ns1,P9,4\n", ok, [], 4, "l.csv: wanted a row for every prediction: the patient of s1 (row 2 of p.csv) has none"),
    (head + good, ok + "P1,11\n", [], 4, "l.csv: row 4: wanted each id once, 'P1' is there twice"),
    (head + good, "slide_id,patient_id,value\ns1,P1,5\ns2,P1,6\ns3,P2,1\n", [], 4, "l.csv: row 3: wanted one value for patient P1, got 6 and in row 2 5: give predictions by slide_id"),
    ("slide_id,patient_id,value\ns1,P1,1\n", "slide_id,patient_id,value\ns1,P9,5\n", [], 4, "l.csv: slide s1: wanted the patient that the predictions name"),
    (head + good, "patient_id,value\nP1,\nP2,\n", [], 4, "l.csv: wanted numbers under value to judge, the cells of all 2 predictions are empty: is it the right column?"),
    *[(head + good, ok, [f"--evaluate.{name}", given], 2, f"--evaluate.{name}: wanted predictions of two classes, got values: leave it out") for name, given in (("positive", "a"), ("threshold", "0.5"))],
    *[(head + good, ok, [f"--evaluate.{name}", given], 2, f"--evaluate.{name}: wanted predictions with a column risk, got values: leave it out") for name, given in (("censorship", "value"), ("risk_cut", "0.5"), ("tau", "9"), ("horizon", "9"))],
    ("patient_id,risk\n" + good, "patient_id,time,event\nP1,1,1\nP2,2,0\n", ["--evaluate.target", "tmb"], 2, "--evaluate.target: wanted predictions with a column value, got risks: leave it out"),
    ("patient_id,prob_a,prob_b\nP1,1,0\nP2,0,1\n", "patient_id,label\nP1,a\nP2,b\n", ["--evaluate.target", "tmb"], 2, "--evaluate.target: wanted predictions with a column value, got prob_<class> columns: leave it out"),
    (head + good, ok, ["--compare", write("c_risk.csv", "patient_id,risk\n" + good)], 4, "c_risk.csv: wanted a column value as the first model's predictions have, got none: compare models of one task"),
    (head + good, ok, ["--compare", write("c_both.csv", "patient_id,value,risk\nP1,1,1\n")], 4, "c_both.csv: wanted predictions of one task"),
    (head + "P1,1\n", ok, ["--compare", write("c_none.csv", head + "P2,1\n")], 4, "c_none.csv: wanted predictions for rows that the first model predicts too: there is none in both"),
    ("slide_id,patient_id,value\ns1,P1,1\n", "slide_id,patient_id,value\ns1,P1,5\n", ["--compare", write("c_unit.csv", head + "P1,1\n")], 4, "c_unit.csv: wanted predictions of slides, as the first model's are, got patients"),
    ("slide_id,patient_id,value\ns1,A,1\ns2,A,1\n", "slide_id,value\ns1,5\ns2,6\n", ["--compare", write("c_patient.csv", "slide_id,patient_id,value\ns1,A,1\ns2,B,1\n")], 4, "c_patient.csv: wanted the patients of the first model's rows, got others"),
    ("patient_id,risk\n" + good, "patient_id,time,event\nP1,1,1\nP2,2,0\n", ["--compare", write("c_value.csv", head + good)], 4, "c_value.csv: wanted a column risk as the first model's predictions have, got none"),
]
for text, truth_text, more, code, sentence in REFUSALS:
    done = microtome("evaluate", "--predictions", write("p.csv", text), "--labels", write("l.csv", truth_text), *more, "--output", out / "refused", exits=(code,))
    check(sentence in done.stderr and done.stderr.count("\n") == 1, f"wanted '{sentence}', got: {done.stderr}")
check(not (out / "refused").exists(), "a refusal leaves nothing behind")
