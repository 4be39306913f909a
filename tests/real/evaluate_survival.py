# SPDX-License-Identifier: Apache-2.0
# `microtome evaluate` on risks: values against plain definitions in numpy, figures, privacy, bytes, and each refusal.
import json, math, xml.etree.ElementTree

import numpy as np
from world import ARCHIVE, check, fresh, microtome

out = fresh("evaluate_survival")
r = np.random.default_rng(6)
MONTHS = [12, 24, 36, 60]


def write(name, text):
    (out / name).write_text(text)
    return out / name


def run(name, *words):
    done = microtome("evaluate", *words, "--output", out / name)
    return json.loads((out / name / "metrics.json").read_text(), parse_constant=lambda c: check(False, f"metrics.json holds {c}")), done.stderr


# 240 patients with one or two slides, five folds, whole months (so ties); the true rate doubles with the risk; site C is read badly
N = 240
truth = r.normal(size=N)
months = np.maximum(1, np.ceil(r.exponential(40 / np.exp(0.9 * truth))))
censored = np.ceil(r.uniform(5, 90, N))
time, event = np.minimum(months, censored), (months <= censored).astype(int)
site = np.array(["ABC"[i % 3] for i in range(N)])
sex = np.array(["FM"[i % 2] for i in range(N)])
site[:12] = "D"
risk = np.round(truth + np.where(site == "C", 2.5, 0.6) * r.normal(size=N), 3)
ids = [f"Doe_{i:03}" for i in range(N)]
slides = [(f"slide{i:03}-{s}", i, round(risk[i] + (0.25, -0.25)[s] * (i % 4 == 0), 6)) for i in range(N) for s in range(1 + (i % 4 == 0))]


def curve(score):
    return [f"{math.exp(-math.exp(0.3 * score) * t / 40):.6f}" for t in MONTHS]


def predictions(rows, curves=True):
    head = "slide_id,patient_id,fold,risk" + "".join(f",surv_{t}" for t in (MONTHS[::-1] if curves else [])) + "\n"
    return head + "".join(",".join([s, ids[i], str(i % 5), str(x), *(curve(x)[::-1] if curves else [])]) + "\n" for s, i, x in rows)


first = write("risks.csv", predictions(slides))
noisy = [(s, i, round(r.normal(), 6)) for s, i, x in slides]
second = write("second.csv", predictions(noisy))
labels = write("labels.csv", "patient_id,time,event,sex,site\n" + "".join(f"{p},{t:g},{e},{a},{b}\n" for p, t, e, a, b in zip(ids, time, event, sex, site)) + "Doe_999,12,1,F,A\nDoe_998,,,F,A\n")
words = ["--labels", labels, "--bootstrap", 300]
document, log = run("one", "--predictions", first, "--compare", second, "--subgroups", "sex,site", *words)
metrics = document["survival"]
score = risk                                                                        # the slides' mean: shifts of two slides cancel


# --- plain definitions ---
def pairs(t, e, x):
    """Harrell: (right, tied, all) over pairs that can be compared."""
    can = (e[:, None] == 1) & ((t[:, None] < t) | ((t[:, None] == t) & (e == 0)))
    return can & (x[:, None] > x + 1e-8), can & (abs(x[:, None] - x) <= 1e-8), can


def c_index(t, e, x, weight=None):
    right, tied, can = pairs(t, e, x)
    w = np.ones(len(t)) if weight is None else weight
    return ((right.sum(1) + tied.sum(1) / 2) * w).sum() / (can.sum(1) * w).sum()


def product_limit(t, e):
    """Steps (time, survival just after it)."""
    s, steps = 1.0, []
    for u in np.unique(t):
        s *= 1 - ((t == u) & (e == 1)).sum() / (t >= u).sum()
        steps.append((u, s))
    return steps


def censoring(t, e, at, before=False):
    g = 1.0
    for u in np.unique(t):
        if u < at or (u == at and not before):
            left = (t >= u).sum() - ((t == u) & (e == 1)).sum()
            g *= 1 - ((t == u) & (e == 0)).sum() / left if left else 1
    return g


def value_at(steps, at):
    return [1.0, *(s for u, s in steps if u <= at)][-1]


def brier(t, e, predicted, at):
    g_now = censoring(t, e, at)
    return np.mean([p ** 2 / censoring(t, e, u) if u <= at and d else (1 - p) ** 2 / g_now if u > at else 0 for u, d, p in zip(t, e, predicted)])


def log_rank(t, e, group):
    difference = variance = 0.0
    for u in np.unique(t[e == 1]):
        n, n1, d = (t >= u).sum(), ((t >= u) & group).sum(), ((t == u) & (e == 1)).sum()
        difference += ((t == u) & (e == 1) & group).sum() - d * n1 / n
        variance += d * n1 / n * (1 - n1 / n) * (n - d) / (n - 1) if n > 1 else 0
    return math.erfc(math.sqrt(difference ** 2 / variance / 2))


def hazard_ratio(t, e, group):
    """Efron's partial likelihood of one 0/1 covariate, climbed by Newton's method."""
    x, b = group.astype(float), 0.0
    for _ in range(50):
        slope = curvature = 0.0
        for u in np.unique(t[e == 1]):
            at, dead = t >= u, (t == u) & (e == 1)
            for k in range(dead.sum()):
                w = np.exp(b * x) * (at - k / dead.sum() * dead)
                mean = (w * x).sum() / w.sum()
                slope -= mean
                curvature += (w * x * x).sum() / w.sum() - mean ** 2
            slope += x[dead].sum()
        b += slope / curvature
    return math.exp(b)


def near(got, wanted, what, tolerance=1e-9):
    check(got is not None and abs(got - wanted) < tolerance * max(1, abs(wanted)), f"{what}: {got}, by definition {wanted}")


tau = float(np.quantile(time[event == 1], 0.8))
fold = np.arange(N) % 5
high = np.array([x >= np.median(score[fold != f]) for x, f in zip(score, fold)])
curves = np.array([np.mean([[float(v) for v in curve(x)] for s, k, x in slides if k == i], axis=0) for i in range(N)])
uno_weight = np.array([censoring(time, event, t, before=True) ** -2 if d and t < tau else 0 for t, d in zip(time, event)])
near(document["times"]["tau"], tau, "tau")
near(metrics["c_harrell"]["value"], c_index(time, event, score), "Harrell's c")
near(metrics["c_uno"]["value"], c_index(time, event, score, uno_weight), "Uno's c")
near(metrics["logrank_p"]["value"], log_rank(time, event, high), "log-rank p")
near(metrics["hazard_ratio"]["value"], hazard_ratio(time, event, high), "hazard ratio", 1e-7)
scores = [brier(time, event, curves[:, k], t) for k, t in enumerate(MONTHS)]
trapezoid = sum((b - a) * (x + y) / 2 for a, b, x, y in zip(MONTHS, MONTHS[1:], scores, scores[1:])) / (MONTHS[-1] - MONTHS[0])
near(metrics["ibs"]["value"], trapezoid, "IBS")
steps = product_limit(time, event)
everybody = [brier(time, event, [value_at(steps, t)] * N, t) for t in MONTHS]
near(metrics["ibs_kaplan_meier"]["value"], sum((b - a) * (x + y) / 2 for a, b, x, y in zip(MONTHS, MONTHS[1:], everybody, everybody[1:])) / 48, "IBS of Kaplan-Meier")
areas, falls, before = [], [], 1.0
for t in document["times"]["auc_t"]:
    case, control = (time <= t) & (event == 1), time > t
    w = np.array([1 / censoring(time, event, u) for u in time[case]])
    d = score[case][:, None] - score[control]
    areas.append((w[:, None] * ((d > 1e-8) + 0.5 * (abs(d) <= 1e-8))).sum() / (w.sum() * control.sum()))
    falls.append(before - value_at(steps, t))
    before = value_at(steps, t)
near(metrics["auc_t"]["value"], float(np.dot(areas, falls) / sum(falls)), "mean time-dependent AUC")
table = [line.split(",") for line in (out / "one" / "kaplan_meier.csv").read_text().splitlines()[1:]]
for name, rows in (("low risk", ~high), ("high risk", high)):
    wanted = [(0, 1), *product_limit(time[rows], event[rows])]
    got = [(float(c[1]), float(c[5])) for c in table if c[0] == name]
    check(len(got) == len(wanted) and np.allclose(got, wanted, atol=1e-12), f"Kaplan-Meier of {name}")
    check(document["risk_groups"][name.split()[0]] | {"median_months": 0} == {"n": int(rows.sum()), "events": int(event[rows].sum()), "median_months": 0}, f"counts of {name}")

# --- shape of the document ---
for name in "c_harrell c_uno auc_t ibs logrank_p hazard_ratio".split():
    check(set(metrics[name]) >= {"value", "low", "high", "method", "n", "events"}, f"{name} has the contract's keys: {metrics[name]}")
    check(metrics[name]["n"] == N and metrics[name]["events"] == int(event.sum()), f"{name} counts patients and events")
    check(name == "logrank_p" or metrics[name]["low"] < metrics[name]["value"] < metrics[name]["high"], f"{name} lies in its interval: {metrics[name]}")
check(metrics["ibs"]["value"] < metrics["ibs_kaplan_meier"]["value"], "a model that knows something beats one curve for everybody")
check(document["input"]["risks"].startswith("means") and "months" in document["input"]["time_unit"] and document["input"]["labels_without_predictions"] == 1, f"what was read is told: {document['input']}")
check("other folds" in document["risk_groups"]["cut_source"] and set(document["risk_groups"]["cut"]) == set("01234"), "cuts of the other folds")
for f, result in document["per_fold"].items():
    rows = fold == int(f)
    near(result["survival"]["c_harrell"]["value"], c_index(time[rows], event[rows], score[rows]), f"c of fold {f}")
    weight = np.array([censoring(time[~rows], event[~rows], t, before=True) ** -2 if d and t < tau else 0 for t, d in zip(time[rows], event[rows])])
    near(result["survival"]["c_uno"]["value"], c_index(time[rows], event[rows], score[rows], weight), f"Uno's c of fold {f}, weights from the others")
near(document["fold_means"]["survival"]["c_harrell"]["value"], np.mean([f["survival"]["c_harrell"]["value"] for f in document["per_fold"].values()]), "mean over folds")
levels = document["subgroups"]["site"]["levels"]
check(levels["D"]["suppressed"] == "fewer than 20 patients" and "survival" not in levels["D"], "small levels are suppressed")
near(levels["C"]["survival"]["c_harrell"]["value"], c_index(time[site == "C"], event[site == "C"], score[site == "C"]), "c of site C")
check(document["subgroups"]["site"]["worst_c"] == "C" and document["subgroups"]["site"]["gaps"]["c_harrell"]["p"] < 0.2, f"the bad site is named: {document['subgroups']['site']['gaps']}")
difference = document["comparison"]["survival"]["c_harrell"]
near(difference["other"], c_index(time, event, np.array([np.mean([x for _, k, x in noisy if k == i]) for i in range(N)])), "c of the second model")
near(difference["difference"]["value"], difference["one"] - difference["other"], "the difference is one minus other")
check(difference["difference"]["low"] > 0, f"noise is worse on the same resamples: {difference}")
check("risks are means over a patient's slides" in log and "1 labels without a prediction" in log and "c-index" in log, log)

names = sorted(p.name for p in (out / "one").iterdir())
check(names == sorted(["metrics.json", "evaluation.html", *(f"{c}.{e}" for c in ("kaplan_meier", "auc_over_time", "brier", "calibration") for e in ("csv", "svg"))]), f"files: {names}")
for path in (out / "one").iterdir():                                               # nothing that points at a person or a place
    text = path.read_text()
    check("Doe_" not in text and "slide0" not in text and str(out) not in text, f"{path.name} holds an id or a path")
    if path.suffix == ".svg":
        xml.etree.ElementTree.fromstring(text)
check("Patients still followed" in (out / "one" / "kaplan_meier.svg").read_text(), "numbers at risk")
html = (out / "one" / "evaluation.html").read_text()
check("<script" not in html and html.count("<svg") >= 4 and "Research use only" in html, "the page is whole in itself")

# --- the same from other rows, other columns, other polarity ---
lines = first.read_text().splitlines()
shuffled = write("shuffled.csv", "\n".join([lines[0], *r.permutation(lines[1:])]) + "\n")
run("two", "--predictions", shuffled, "--compare", second, "--subgroups", "sex,site", *words)
for name in names:
    check((out / "one" / name).read_bytes() == (out / "two" / name).read_bytes(), f"{name}: other bytes from other order of rows")
opposite = write("opposite.csv", "patient_id,time,censorship\n" + "".join(f"{p},{t:g},{1 - e}\n" for p, t, e in zip(ids, time, event)))
turned, _ = run("turned", "--predictions", first, "--labels", opposite, "--bootstrap", 300, "--evaluate.censorship", "censorship")
check(turned["survival"] == metrics and "1 = censored" in turned["input"]["event_column"], "censorship is event turned round")
of_slides = write("of_slides.csv", "slide_id,patient_id,time,event\n" + "".join(f"{s},{ids[i]},{time[i]:g},{event[i]}\n" for s, i, _ in slides))
check(run("slides", "--predictions", first, "--labels", of_slides, "--bootstrap", 300)[0]["survival"] == metrics, "labels of slides")
plain = write("plain.csv", "patient_id,risk\n" + "".join(f"{p},{x}\n" for p, x in zip(ids, score)))
bare, _ = run("one", "--predictions", plain, *words, "--evaluate.risk_cut", "0.5", "--evaluate.tau", "30")
check(bare["survival"]["ibs"]["value"] is None and "surv_<months>" in bare["survival"]["ibs"]["reason"] and bare["survival"]["ibs"]["low"] is None, "no curves, no Brier score, and why")
check(bare["risk_groups"]["cut"] == 0.5 and bare["risk_groups"]["high"]["n"] == int((score >= 0.5).sum()) and bare["times"]["tau"] == 30, "given cut and tau")
check(not (out / "one" / "brier.svg").exists() and not (out / "one" / "calibration.csv").exists(), "files of the evaluation before are gone")
backwards = write("backwards.csv", "patient_id,risk\n" + "".join(f"{p},{-x}\n" for p, x in zip(ids, score)))
document, log = run("backwards", "--predictions", backwards, *words)
check("a higher risk fared better" in log and document["cautions"] and abs(document["survival"]["c_harrell"]["value"] + metrics["c_harrell"]["value"] - 1) < 1e-9, f"risks the wrong way round: {log}")
days = write("days.csv", "patient_id,time,event\n" + "".join(f"{p},{30.4 * t:g},{e}\n" for p, t, e in zip(ids, time, event)))
check("are these days?" in run("days", "--predictions", plain, "--labels", days, "--bootstrap", 100)[1], "times that look like days")
world, _ = run("world", "--predictions", write("world.csv", "slide_id,risk\n" + "".join(f"{line.split(',')[0]},{k % 7}\n" for k, line in enumerate((ARCHIVE / "labels.csv").read_text().splitlines()[1:]))), "--labels", ARCHIVE / "labels.csv", "--bootstrap", 100)
check(world["task"] == "survival" and world["survival"]["c_harrell"]["value"] is not None, "labels that synth writes can be used")

# --- refusals ---
good, head, ok = "P1,0.2\nP2,0.9\n", "patient_id,risk\n", "patient_id,time,event\nP1,10,1\nP2,20,0\n"
REFUSALS = [   # predictions, labels, more words, exit code, what the sentence says
    (head + "P1,0.5\nP2,0.5\n", ok, [], 4, "p.csv: row 2 (P1): wanted risks that differ, this row and all 1 others say 0.5"),
    ("slide_id,patient_id,risk\ns1,P1,1\ns2,P1,3\ns3,P2,2\n", ok, [], 4, "p.csv: wanted risks that differ, the mean over the slides of every patient is 2"),
    (head + "P1,0.5\n", ok, [], 4, "p.csv: wanted two or more patients to put in order, got one"),
    (head + "P1,nan\nP2,1\n", ok, [], 4, "p.csv: row 2 (P1): wanted a number under risk, got 'nan'"),
    (head + "P1,\nP2,1\n", ok, [], 4, "p.csv: row 2 (P1): wanted a number under risk, got ''"),
    (head + good + "P1,3\n", ok, [], 4, "p.csv: row 4 (P1): wanted each id once, this one is in row 2 too"),
    (head, ok, [], 4, "p.csv: wanted predictions: there is no row under the header"),
    ("case,risk\n" + good, ok, [], 4, "p.csv: wanted a column slide_id or patient_id in the header row"),
    ("patient_id,risk,prob_a,prob_b\nP1,1,0.5,0.5\n", ok, [], 4, "p.csv: wanted either prob_<class> columns or risk, got both"),
    ("patient_id,risk,surv_x\nP1,1,0.5\n", ok, [], 4, "p.csv: wanted surv_<months> with months above 0, as surv_36, in the header row, got surv_x"),
    ("patient_id,risk,surv_12,surv_12.0\nP1,1,0.5,0.5\n", ok, [], 4, "p.csv: wanted each time once in the header row, surv_12 and surv_12.0 are the same month"),
    ("patient_id,risk,surv_12\nP1,1,1.5\nP2,2,0.5\n", ok, [], 4, "p.csv: row 2 (P1): wanted a probability of survival in 0..1 under surv_12, got '1.5'"),
    ("patient_id,risk,surv_24,surv_12\nP1,1,0.8,0.9\nP2,2,0.7,0.2\n", ok, [], 4, "p.csv: row 3 (P2): wanted survival that does not rise with time, got 0.7 under surv_24 after 0.2: are these probabilities of death?"),
    ("slide_id,patient_id,fold,risk\ns1,P1,0,1\ns2,P1,1,2\ns3,P2,0,5\n", ok, [], 4, "p.csv: row 3 (s2): wanted all slides of a patient in one fold"),
    ("patient_id,fold,risk\nP1,x,1\n", ok, [], 4, "p.csv: row 2 (P1): wanted a fold 0, 1, 2, ..., got 'x'"),
    (head + good, "patient_id,time,event\nP1,10,2\nP2,20,0\n", [], 4, "l.csv: row 2 (P1): wanted 0 or 1 under event (1 = event, 0 = censored), got '2'"),
    (head + good, "patient_id,time,event\nP1,10,dead\nP2,20,0\n", [], 4, "l.csv: row 2 (P1): wanted 0 or 1 under event (1 = event, 0 = censored), got 'dead'"),
    (head + good, "patient_id,time,event\nP1,10,1\nP2,20,\n", [], 4, "l.csv: row 3 (P2): wanted 0 or 1 under event (1 = event, 0 = censored), got ''"),
    (head + good, "patient_id,time,event\nP1,10,1\nP2,0,0\n", [], 4, "l.csv: row 3 (P2): wanted months above 0 under time, got 0"),
    (head + good, "patient_id,time,event\nP1,-3,1\nP2,9,0\n", [], 4, "l.csv: row 2 (P1): wanted months above 0 under time, got -3"),
    (head + good, "patient_id,time,event\nP1,soon,1\nP2,9,0\n", [], 4, "l.csv: row 2 (P1): wanted months under time, got 'soon'"),
    (head + good, "patient_id,time,event\nP1,10,0\nP2,20,0\n", [], 4, "l.csv: wanted patients with an event, all 2 with a prediction are censored"),
    (head + good, "patient_id,time,censorship\nP1,10,0\nP2,20,1\n", [], 4, "l.csv: wanted a column event (1 = event, 0 = censored), got censorship, whose name says the opposite polarity (1 = censored, 0 = event): give --evaluate.censorship censorship"),
    (head + good, "patient_id,time,Censored\nP1,10,0\nP2,20,1\n", [], 4, "got Censored, whose name says the opposite polarity"),
    (head + good, "patient_id,time,censorship\nP1,10,0\nP2,20,7\n", ["--evaluate.censorship", "censorship"], 4, "l.csv: row 3 (P2): wanted 0 or 1 under censorship (1 = censored), got '7'"),
    (head + good, ok, ["--evaluate.censorship", "evnt"], 2, "--evaluate.censorship: wanted columns of"),
    (head + good, "patient_id,label\nP1,a\nP2,b\n", [], 4, "l.csv: wanted the columns time (months), event (1 = event, 0 = censored) and slide_id or patient_id in the header row, as the predictions are risks: time and event is missing"),
    (head + good, "patient_id,event\nP1,1\nP2,0\n", [], 4, "time is missing"),
    (head + good, "slide_id,time,event\ns1,5,1\n", [], 4, "l.csv: wanted a column patient_id, as the predictions are of patients"),
    (head + good + "P3,4\n", ok, [], 4, "l.csv: wanted time and event for every prediction: P3 (row 4 of p.csv) has none"),
    (head + good, ok + "P1,11,1\n", [], 4, "l.csv: row 4: wanted each id once, 'P1' is there twice"),
    ("slide_id,risk\ns1,1\ns2,2\n", "slide_id,patient_id,time,event\ns1,P,5,1\ns2,P,6,1\n", [], 4, "l.csv: row 3: wanted one time and event for patient P, got 6 with an event and in row 2 5 with an event"),
    ("slide_id,patient_id,risk\ns1,P1,1\ns2,P2,2\n", "slide_id,patient_id,time,event\ns1,P9,5,1\ns2,P2,6,1\n", [], 4, "slide s1: wanted the patient that the predictions name"),
    (head + good, ok, ["--subgroups", "evnt"], 2, "--evaluate.subgroups: wanted columns of"),
    (head + good, ok, ["--threshold", "0.5"], 2, "--evaluate.threshold: wanted predictions of two classes, got risks"),
    (head + good, ok, ["--positive", "a"], 2, "--evaluate.positive: wanted predictions of two classes, got risks"),
    (head + good, ok, ["--evaluate.tau", "0"], 2, "evaluate.tau: wanted auto or months above 0, got '0'"),
    (head + good, ok, ["--evaluate.risk_cut", "high"], 2, "evaluate.risk_cut: wanted auto or a number, got 'high'"),
    (head + good, ok, ["--evaluate.horizon", "12"], 2, "--evaluate.horizon: wanted predictions with columns surv_<months>, got risks alone"),
    ("patient_id,risk,surv_12\nP1,1,0.5\nP2,2,0.4\n", ok, ["--evaluate.horizon", "24"], 2, "--evaluate.horizon: wanted months up to the last column of the predictions, surv_12, got 24"),
    ("slide_id,prob_a,prob_b\ns1,0.5,0.5\n", "slide_id,label\ns1,a\n", ["--evaluate.tau", "24"], 2, "--evaluate.tau: wanted predictions with a column risk, got prob_<class> columns"),
    (head + good, ok, ["--compare", write("classes.csv", "patient_id,prob_a,prob_b\nP1,0.5,0.5\n")], 4, "classes.csv: wanted a column risk as the first model's predictions have"),
    (head + good, ok + "P3,5,1\nP4,6,0\n", ["--compare", write("elsewhere.csv", head + "P3,1\nP4,2\n")], 4, "elsewhere.csv: wanted predictions for patients that the first model predicts too: there is none in both"),
    (head + good, ok + "P3,5,1\n", ["--compare", write("censored.csv", head + "P2,1\nP3,2\n")], 4, "censored.csv: wanted patients with an event that the first model predicts too: all in both are censored"),
]
for text, truth_text, more, code, sentence in REFUSALS:
    done = microtome("evaluate", "--predictions", write("p.csv", text), "--labels", write("l.csv", truth_text), *more, "--output", out / "refused", exits=(code,))
    check(sentence in done.stderr and done.stderr.count("\n") == 1, f"wanted '{sentence}', got: {done.stderr}")
check(not (out / "refused").exists(), "a refusal leaves nothing behind")
