# SPDX-License-Identifier: Apache-2.0
# Features that are there are scored without the slides: by `run` on the same archive once it has a model, and by `run --bags` where the slides are
# gone. Either way the results are those of a run that read the slides; what cannot be done is said in a sentence.
import json, shutil, subprocess, time

from world import ARCHIVE, BAGS, ENCODER, GENOMICS, HELD_OUT, MODEL, check, check_same_results, check_whole, command, findings_of, fresh, microtome, predict_held_out, slide_paths

out = fresh("scored_again")
microtome(*predict_held_out(out / "whole"))
slides = len(findings_of(out / "whole"))

# the same archive, features first, the model later
microtome("run", "--manifest", HELD_OUT, "--output", out / "later", *ENCODER)
log = microtome(*predict_held_out(out / "later")).stderr
check(f"{slides} of them from features that were there" in log, f"the slides were read again:\n{log}")
check_same_results(out / "whole", out / "later")
check("everything is done already" in microtome(*predict_held_out(out / "later")).stderr, "a second run finds nothing to do")
plan = json.loads(microtome("plan", "--manifest", HELD_OUT, "--output", out / "later", *ENCODER, "--model", MODEL, "--json").stdout)
check(plan["tiles"] == 0 and len(plan["slides"]) == slides, f"plan: another model and no tile to encode, got {plan['tiles']} of {len(plan['slides'])} slides")

# where there are no slides any more
bags = out / "bags"
microtome("run", "--manifest", HELD_OUT, "--output", bags, *ENCODER)
moved = ARCHIVE.with_name("archive_elsewhere")
genes = out / "genes.h5ad"
shutil.copy(GENOMICS, genes)
ARCHIVE.rename(moved)
try:
    words = ["run", "--bags", bags, "--model", MODEL, "--genomics", genes, "--output"]
    microtome(*words, out / "elsewhere", "--threads", 1)
    microtome(*words, out / "elsewhere2", "--threads", 2)
    microtome(*words, bags)
    microtome("run", "--bags", bags, "--model", MODEL, "--output", out / "no_genes")
finally:
    moved.rename(ARCHIVE)
for folder in (out / "whole" / "slides").iterdir():
    for name in ("prediction.h5", "heatmap.tif", "heatmap.png", "regions.geojson", "thumbnail.jpg"):
        there = (out / "elsewhere" / "slides" / folder.name / name).read_bytes()
        check(there == (folder / name).read_bytes(), f"{name} of {folder.name} differs from the run that read the slide")
        check(there == (out / "elsewhere2" / "slides" / folder.name / name).read_bytes(), f"{name} of {folder.name} differs between 1 and 2 threads")
    check(not (out / "elsewhere" / "slides" / folder.name / "features.h5").exists(), "features are not copied")
check_same_results(out / "whole", bags)
for name, document in findings_of(out / "elsewhere").items():
    whole = findings_of(out / "whole")[name]
    check([each["role"] for each in document["inputs"]] == ["features", "genomics"], f"{name}: inputs are {document['inputs']}")
    features = next(each for each in whole["artifacts"] if each["role"] == "features")
    check(document["inputs"][0]["sha256"] == features["sha256"], f"{name}: the features that were scored are named by their sha256")
    for key in ("slide", "tissue", "tiling", "quality", "models", "results", "regions", "status", "recipe"):
        check(document[key] == whole[key], f"{name}: {key} differs:\n{document[key]}\n{whole[key]}")
for name, document in findings_of(out / "no_genes").items():
    check(document["status"] == "partial" and document["reasons"][0]["code"] == "genomics_missing", f"{name}: no table was given and nothing says so")
ini = (out / "elsewhere" / "effective.ini").read_text()
check("[run]" in ini and "[tiling]" not in ini, "effective.ini names settings that had no say")
run = json.loads((out / "elsewhere" / "run.json").read_text())
check(run["slides"]["scored_from_features"] == slides and run["encoders"] == [] and "tiling" not in run["settings"], f"run.json: {run['slides']}, {run['settings']}")
page = (out / "elsewhere" / "index.html").read_text()
check("resnet18" in page and str(out) not in page, "the page names the encoder, and no path")

# killed at any moment while it replaces results where they lie, it loses no features
torn = 0
for seed in range(12):
    run = subprocess.Popen(command("run", "--bags", bags, "--model", MODEL, "--output", bags, "--run.max_missing_genes", seed / 100), stdin=subprocess.DEVNULL,
                           stderr=subprocess.PIPE, text=True)
    for line in run.stderr:
        if "slides to do" in line:
            break
    time.sleep(0.008 * seed)
    run.kill()
    run.communicate()
    documents = findings_of(bags)
    check(len(documents) == slides, f"kill {seed}: {slides - len(documents)} slides have no document")
    check_whole(bags)
    torn += sum(document["status"] == "failed" for document in documents.values())
    check(all(document["reasons"][0]["code"] == "interrupted" for document in documents.values() if document["status"] == "failed"), f"kill {seed}")
microtome(*words, bags)
check_same_results(out / "whole", bags)
print(f"killed 12 times: {torn} slides were met between two states")

# what cannot be done
other = out / "other_model"
shutil.copytree(MODEL, other)
card = json.loads((other / "model.json").read_text())
card["encoder"]["sha256"] = "0" * 64
(other / "model.json").write_text(json.dumps(card))
empty = out / "empty"
empty.mkdir()
for code, wanted, words in (
        (2, "--bags: wanted a model to score the features with: give --model DIR", ["--bags", bags]),
        (2, "got both: leave --archive and --manifest out", ["--bags", bags, "--model", MODEL, "--manifest", HELD_OUT]),
        (2, "--bags: the features are there: leave --encoder out", ["--bags", bags, "--model", MODEL, *ENCODER]),
        (2, "wanted the folder of an earlier run: no such folder", ["--bags", out / "none", "--model", MODEL]),
        (2, "there is no findings.json in the folder: run microtome run first", ["--bags", empty, "--model", MODEL]),
        (2, "wanted one folder per slide: '", ["--bags", out, "--model", MODEL]),
        (4, "encoder", ["--bags", bags, "--model", other]),
        (4, "a model folder was wanted: there is no such folder", ["--bags", bags, "--model", out / "none"])):
    log = microtome("run", *words, "--output", out / "refused", exits=(code,)).stderr
    check(wanted in log.strip().splitlines()[-1], f"wanted '{wanted}' in:\n{log}")
    check(not (out / "refused" / "slides").exists(), f"slides were written before it was refused: {wanted}")
check("wanted slides to plan for" in microtome("plan", "--bags", bags, exits=(2,)).stderr, "plan says that --bags opens no slide")

# one slide among many whose features are gone, one that had failed before: the others go on
broken = out / "broken"
shutil.copytree(bags, broken)
first, second = sorted((broken / "slides").iterdir())[:2]
(first / "features.h5").unlink()
failed = json.loads((second / "findings.json").read_text())
failed.update(status="failed", reasons=[{"code": "not_a_slide", "text": "wanted a slide: it is none: leave it out"}], artifacts=[], results=[])
(second / "findings.json").write_text(json.dumps(failed))
microtome("run", "--bags", broken, "--model", MODEL, "--genomics", GENOMICS, "--output", out / "some", exits=(3,))
some = findings_of(out / "some")
check(some[first.name]["reasons"][0]["code"] == "no_features", f"{some[first.name]['reasons']}")
check(some[second.name]["reasons"][0]["text"] == "wanted a slide: it is none: leave it out", f"{some[second.name]['reasons']}")
check(sum(each["status"] == "ok" for each in some.values()) == slides - 2, f"{[each['status'] for each in some.values()]}")
print(f"{slides} slides scored again with the bytes of a run that read them")
