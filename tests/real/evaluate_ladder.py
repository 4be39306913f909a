# SPDX-License-Identifier: Apache-2.0
# The ladder of `microtome evaluate`: what simpler models reach beside the model, against scikit-survival within folds; its words, its page
# and each refusal.
import json

import numpy as np
from sksurv.metrics import concordance_index_censored, concordance_index_ipcw
from sksurv.util import Surv
from world import check, fresh, microtome

out = fresh("evaluate_ladder")
r = np.random.default_rng(12)
N, RUNGS = 200, ["slides", "clinical-cox", "without-rna", "own idea"]


def write(name, text):
    (out / name).write_text(text)
    return out / name


def run(name, *words):
    done = microtome("evaluate", *words, "--bootstrap", 200, "--output", out / name)
    return json.loads((out / name / "metrics.json").read_text()), done.stderr


# Patients with one or two slides in four folds; the model is best, each fold has a scale of its own, one rung says one thing.
truth = r.normal(size=N)
months = r.exponential(40 / np.exp(1.2 * truth)) + 0.1
censored = r.uniform(5, 90, N)
time, event, fold = np.minimum(months, censored), months <= censored, np.arange(N) % 4
scale = 100.0 * fold
risks = {"fusion": truth + 0.4 * r.normal(size=N) + scale, "slides": truth + 2 * r.normal(size=N) - scale, "clinical-cox": truth + 1.2 * r.normal(size=N) + scale,
         "without-rna": 0.5 * truth + r.normal(size=N), "own idea": np.full(N, 3.0)}
rows = [(f"s{i}-{s}", i, (0.75, -0.75)[s] * (i % 3 == 0)) for i in range(N) for s in range(1 + (i % 3 == 0))]


def predictions(rungs, folds=True):
    text = "slide_id,patient_id,risk" + (",fold" if folds else "") + "".join(f",ladder_{rung}" for rung in rungs) + "\n"
    for slide, i, shift in rows:
        text += ",".join([slide, f"P{i}", repr(float(risks["fusion"][i]) + shift), *([str(fold[i])] if folds else []), *(repr(float(risks[k][i]) + shift * (k != "own idea")) for k in rungs)]) + "\n"
    return text


def c_indices(risk, own, others, tau):
    """Harrell's and Uno's, the latter with the censoring of `others`."""
    truth_of = lambda which: Surv.from_arrays(event[which], time[which])
    return concordance_index_censored(event[own], time[own], risk[own])[0], concordance_index_ipcw(truth_of(others), truth_of(own), risk[own], tau)[0]


labels = write("labels.csv", "patient_id,time,event\n" + "".join(f"P{i},{float(t)!r},{int(e)}\n" for i, (t, e) in enumerate(zip(time, event))))
words = ["--predictions", write("laddered.csv", predictions(RUNGS)), "--labels", labels]
document, log = run("folds", *words)
ladder, tau = document["ladder"], document["times"]["tau"]
check([rung["name"] for rung in ladder] == ["fusion", *RUNGS], f"rungs in the header's order: {ladder}")
everybody = np.ones(N, bool)
for parts, told in (([(fold == f, fold != f) for f in range(4)], ladder), ([(everybody, everybody)], run("plain", "--predictions", write("plain.csv", predictions(RUNGS, False)), "--labels", labels)[0]["ladder"])):
    for rung in told:
        wanted = np.mean([c_indices(risks[rung["name"]], own, others, tau) for own, others in parts], axis=0)
        for name, value in zip(("c_harrell", "c_uno"), wanted):
            check(abs(rung[name]["value"] - value) < 1e-9, f"{name} of {rung['name']}: {rung[name]['value']}, by scikit-survival {value}")
            check(rung[name]["n"] == N and rung[name]["events"] == event.sum(), "patients and events are counted")
            check(rung["name"] == "own idea" or rung[name]["low"] < value < rung[name]["high"], f"{name} lies in its interval: {rung}")
        if rung["name"] != "fusion":
            check(rung["fusion_minus"]["value"] == told[0]["c_harrell"]["value"] - rung["c_harrell"]["value"], "a difference is that of the two")
check(ladder[0]["c_harrell"] == document["fold_means"]["survival"]["c_harrell"] and ladder[0]["c_uno"] == document["fold_means"]["survival"]["c_uno"], "the model has the numbers of its folds")
check(ladder[4]["c_harrell"]["value"] == 0.5 and ladder[4]["c_harrell"]["reason"] == "every resample gives the same value", "one risk for everybody is chance")

# --- words ---
lines = log.splitlines()
start = next(k for k, line in enumerate(lines) if line.startswith("simpler models"))
check(f"{N} patients with {event.sum()} events" in lines[start] and "mean of 4 folds" in lines[start], lines[start])
check([line.split()[0] for line in lines[start + 1 : start + 6]] == ["fusion", "slides", "clinical-cox", "without-rna", "own"], log)
check(f"{ladder[2]['c_harrell']['value']:.3f} (" in lines[start + 3] and f" {ladder[2]['fusion_minus']['value']:+.3f} ({ladder[2]['fusion_minus']['low']:+.3f} to " in lines[start + 3], log)
check(lines[start + 6] == "Fusion is better than clinical-cox, the best simpler model, by more than chance.", log)
html = (out / "folds" / "evaluation.html").read_text()
for told in ("What simpler models reach", "the clinical columns alone", "the slides alone", "everything but rna", "named so in the predictions", lines[start + 6]):
    check(told in html, f"the page says '{told}'")
svg = (out / "folds" / "ladder.svg").read_text()
check(svg.strip() in html, "the page holds the picture")
check(svg.count("<circle") == len(ladder) and svg.count('stroke-width="2"') == sum(rung["c_harrell"]["low"] is not None for rung in ladder), "a dot a rung, a bar an interval")
check(f">{ladder[2]['c_harrell']['value']:.3f} (" in svg and ">clinical-cox<" in svg, svg)
risks |= {"slides": risks["fusion"] + 0.05 * r.normal(size=N), "clinical-cox": risks["fusion"]}
near, log = run("near", "--predictions", write("near.csv", predictions(["slides"])), "--labels", labels)
check(near["ladder"][1]["fusion_minus"]["low"] <= 0 <= near["ladder"][1]["fusion_minus"]["high"], f"a rung that is nearly the model: {near['ladder']}")
verdict = "Fusion is not shown to be better than slides, the best simpler model: the interval of their difference holds 0."
check(verdict in log and verdict in (out / "near" / "evaluation.html").read_text(), log)
same, log = run("same", "--predictions", write("same.csv", predictions(["clinical-cox"])), "--labels", labels)
check(same["ladder"][1]["fusion_minus"]["value"] == 0 and "Fusion is not shown to be better than clinical-cox, the best simpler model: their difference has no interval." in log, log)
risks |= {"slides": truth + scale, "fusion": truth + 1.5 * r.normal(size=N)}
check("Fusion is worse than slides, the best simpler model, by more than chance." in run("worse", "--predictions", write("worse.csv", predictions(["slides"])), "--labels", labels)[1], "a model that is worse is told")
many = [f"rung-with-a-name-that-goes-on-and-on-{k}" for k in range(20)]
risks |= {rung: r.normal(size=N) for rung in many}
document, log = run("many", "--predictions", write("many.csv", predictions(many)), "--labels", labels)
told = log[log.index("simpler models") : log.index("c-index")].splitlines()[:-1]
check(len(document["ladder"]) == 21 and len(told) == 15 and "and 9 more in evaluation.html" in told[-2], f"at most 15 lines: {log}")
bare, log = run("bare", "--predictions", write("bare.csv", predictions([])), "--labels", labels)
check("ladder" not in bare and "simpler" not in log and "no columns ladder_&lt;rung&gt;" in (out / "bare" / "evaluation.html").read_text(), "no rungs, no ladder, and the page says so")

# --- refusals ---
ok = "patient_id,time,event\nP1,10,1\nP2,20,0\n"
REFUSALS = [   # predictions, what the sentence says
    ("patient_id,risk,ladder_slides\nP1,1,2\nP2,2,nan\n", "p.csv: row 3 (P2): wanted a number under ladder_slides, got 'nan': leave the column out if there is no prediction"),
    ("patient_id,risk,ladder_slides\nP1,1,\nP2,2,1\n", "p.csv: row 2 (P1): wanted a number under ladder_slides, got '': leave the column out if there is no prediction"),
    ("patient_id,risk,ladder_\nP1,1,2\nP2,2,1\n", "p.csv: wanted ladder_<rung>, as ladder_clinical-cox, in the header row, got ladder_: name the simpler model"),
    ("patient_id,risk,ladder_fusion\nP1,1,2\nP2,2,1\n", "p.csv: wanted ladder_<rung>, as ladder_clinical-cox, in the header row, got ladder_fusion: that is the model itself, whose column is risk"),
    ("patient_id,risk,ladder_slides,ladder_slides\nP1,1,2,2\nP2,2,1,1\n", "p.csv: wanted each column once, 'ladder_slides' is there twice: rename or remove one"),
]
for text, sentence in REFUSALS:
    done = microtome("evaluate", "--predictions", write("p.csv", text), "--labels", write("l.csv", ok), "--output", out / "refused", exits=(4,))
    check(sentence in done.stderr and done.stderr.count("\n") == 1, f"wanted '{sentence}', got: {done.stderr}")
check(not (out / "refused").exists(), "a refusal leaves nothing behind")
