# SPDX-License-Identifier: Apache-2.0
# `microtome evaluate --model --bags`: the numbers of the CSV that it writes, each refusal with its exit code before anything is written, and signals.
import json, shutil, signal, subprocess, time

import h5py, numpy
from world import ARCHIVE, BAGS, GENOMICS, MODEL, WORLD, check, command, fresh, microtome

out = fresh("evaluate_model")
LABELS = ARCHIVE / "labels.csv"
QUICK = ["--bootstrap", 100]


def write(name, text):
    (out / name).write_text(text)
    return out / name


def documents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "predictions.csv"}


def bags(name, change=None, **more):
    """A copy of the world's bags; `change` gets the first one's open file, `more` names further copies of it with changes of their own."""
    folder = out / name
    paths = sorted(BAGS.glob("slides/*/features.h5"))
    for path in paths:
        (folder / path.parent.name).mkdir(parents=True)
        shutil.copy(path, folder / path.parent.name)
    first = folder / paths[0].parent.name / "features.h5"
    for copy, of_copy in more.items():
        (folder / copy).mkdir()
        shutil.copy(first, folder / copy)
        with h5py.File(folder / copy / "features.h5", "r+") as file:
            of_copy(file)
    if change:
        with h5py.File(first, "r+") as file:
            change(file)
    return folder


def renamed(slide):
    return lambda file: file.attrs.__setitem__("slide_id", slide)


def without_tiles(file):
    renamed("nothing")(file)
    for name in ("features", "coords", "tissue_fraction", "quality/focus"):
        shape, kind, attributes = file[name].shape, file[name].dtype, dict(file[name].attrs)
        del file[name]
        file.create_dataset(name, (0, *shape[1:]), kind).attrs.update(attributes)


def other_width(file):
    values, attributes = file["features"][:, :100], dict(file["features"].attrs)
    del file["features"]
    file.create_dataset("features", data=values).attrs.update(attributes)


# The same figures whether the probabilities come from the model or from the CSV, with one thread or several, with little memory or much.
words = ["--labels", LABELS, *QUICK]
log = microtome("evaluate", "--model", f"{MODEL}/", "--bags", BAGS, "--genomics", GENOMICS, *words, "--output", out / "one").stderr
check("the model does not say which slides it was trained on: on those its figures are optimistic" in log, f"it warns: {log}")
check("the encoder's weights are random numbers" in log and "8 bags scored, 0 without a label and 0 without tiles left out" in log, log)
microtome("evaluate", "--predictions", out / "one" / "predictions.csv", *words, "--output", out / "csv")
check(documents(out / "one") == documents(out / "csv") and "metrics.json" in documents(out / "csv"), "model and CSV give the same documents")
log = microtome("evaluate", "--model", MODEL, "--bags", BAGS, "--genomics", GENOMICS, *words, "--threads", 1, "--memory-limit", "100K", "--progress", "json", "--output", out / "two").stderr
check((out / "one" / "predictions.csv").read_bytes() == (out / "two" / "predictions.csv").read_bytes(), "threads and memory change no number")
check([json.loads(line)["slide_id"] for line in log.splitlines() if '"slide_done"' in line] == sorted(p.parent.name for p in BAGS.glob("slides/*/features.h5")), f"one thread goes by slide id: {log}")

# They are those that `run` finds.
found = microtome("run", "--manifest", ARCHIVE / "train.csv", "--output", out / "run", "--encoder", "resnet18", "--encoder.random_weights", "--model", MODEL, "--genomics", GENOMICS)
for line in (out / "one" / "predictions.csv").read_text().splitlines()[1:]:
    slide, *values = line.split(",")
    of_run = json.loads((out / "run" / "slides" / slide / "findings.json").read_text())["results"][0]["probabilities"].values()
    check(max(abs(float(a) - b) for a, b in zip(values, of_run)) < 1e-12, f"{slide}: evaluate {values}, run {of_run}")

# Without the table the learned stand-in answers, and that is said.
log = microtome("evaluate", "--model", MODEL, "--bags", BAGS, *words, "--output", out / "alone").stderr
check("the model was trained with a table 'genomics' and none was given" in log, log)
check((out / "one" / "predictions.csv").read_bytes() != (out / "alone" / "predictions.csv").read_bytes(), "genes matter")

# What has no label or no tiles is left out and counted; a label without a bag too.
folder = bags("more", nobody=renamed("nobody"), nothing=without_tiles)
log = microtome("evaluate", "--model", MODEL, "--bags", folder, "--labels", write("more.csv", LABELS.read_text() + "nothing,PX,normal,1,1\n"), *QUICK, "--output", out / "left").stderr
check("8 bags scored, 1 without a label and 1 without tiles left out" in log and "5 labels without a prediction left out" in log, log)
check("bags without a label, the first is 'nobody'" in log and "bags without tiles, the first is 'nothing'" in log, log)
check((out / "left" / "predictions.csv").read_bytes() == (out / "alone" / "predictions.csv").read_bytes(), "what is left out changes nothing")

missing = out / "empty"
missing.mkdir()
everything = ["--model", MODEL, "--bags", BAGS, "--labels", LABELS]
REFUSALS = [   # words, exit code, what the sentence says
    ([*everything, "--predictions", out / "one" / "predictions.csv"], 2, "wanted predictions or a model, got both"),
    (["--labels", LABELS], 2, "wanted predictions: give --predictions FILE.csv, or --model DIR and --bags DIR"),
    (["--model", MODEL, "--labels", LABELS], 2, "wanted bags for the model: give --bags DIR"),
    (["--bags", BAGS, "--labels", LABELS], 2, "wanted a model for the bags: give --model DIR"),
    (["--model", MODEL, "--bags", BAGS], 2, "wanted labels: give --labels FILE.csv"),
    (["--model", out / "nowhere", "--bags", BAGS, "--labels", LABELS], 4, "nowhere: a model folder was wanted: there is no such folder"),
    (["--model", MODEL, "--bags", out / "nowhere", "--labels", LABELS], 2, "nowhere: wanted a folder with features.h5 files: no such folder"),
    (["--model", MODEL, "--bags", missing, "--labels", LABELS], 2, "empty: wanted bags: there is no features.h5 in the folder"),
    ([*everything, "--data.features", "features.uni.h5"], 2, "wanted bags: there is no features.uni.h5 in the folder"),
    (["--model", MODEL, "--bags", bags("encoder", lambda file: file.attrs.__setitem__("encoder_sha256", "0" * 64)), "--labels", LABELS], 4, "features.h5: the bag of slide 'P0001-S1' was wanted to fit the model: "),
    (["--model", MODEL, "--bags", bags("width", other_width), "--labels", LABELS], 4, "the model was trained with feature dimension '512': this run has '100'"),
    (["--model", MODEL, "--bags", bags("twice", again=lambda file: None), "--labels", LABELS], 4, "wanted one bag per slide: 'P0001-S1' has another in"),
    (["--model", MODEL, "--bags", bags("torn", lambda file: file.attrs.__delitem__("slide_id")), "--labels", LABELS], 4, "P0001-S1/features.h5: read the attribute slide_id of /: it is not in the file"),
    (["--model", MODEL, "--bags", BAGS, "--labels", write("unknown.csv", "slide_id,label\nq,normal\nr,tumour\n")], 4, "unknown.csv: wanted labels for the bags: none of the 8 slides with a bag has one"),
    (["--model", MODEL, "--bags", BAGS, "--labels", write("classes.csv", LABELS.read_text().replace("normal", "benign"))], 4, "wanted one of the classes that model predicts (normal, tumour), got 'benign'"),
    (["--model", MODEL, "--bags", BAGS, "--labels", write("one_class.csv", LABELS.read_text().replace("normal", "tumour"))], 4, "wanted rows of two or more classes to judge"),
    ([*everything, "--genomics", out / "nowhere.h5ad"], 4, "nowhere.h5ad: "),
    ([*everything, "--memory-limit", "1K"], 2, "engine.memory_limit: wanted room for the bag of slide 'P0001-S1'"),
    ([*everything, "--positive", "benign"], 2, "--evaluate.positive: wanted normal or tumour"),
    ([*everything, "--subgroups", "site"], 2, "--evaluate.subgroups: wanted columns of"),
    ([*everything, "--compare", write("other.csv", "slide_id,prob_a,prob_b\nP0001-S1,0.2,0.8\n")], 4, "wanted one of the classes that other.csv predicts (a, b)"),
    ([*everything, "--engine.batch", 4], 2, "--engine.batch: unknown option"),
]
for line, code, sentence in REFUSALS:
    done = microtome("evaluate", *line, *QUICK, "--output", out / "refused", exits=(code,))
    check(sentence in done.stderr and done.stderr.count("\n") == 1, f"wanted '{sentence}', got: {done.stderr}")
    check(not (out / "refused").exists(), f"a refusal leaves nothing behind: {done.stderr}")
done = microtome("evaluate", *everything, "--output", MODEL, exits=(2,))
check("wanted a folder beside the model's for the results: its own predictions.csv would be lost" in done.stderr, done.stderr)

# A bag that turns out to be damaged while it is read: the sentence names it, and nothing is written.
def with_nan(file):
    file["features"][3, 7] = numpy.nan
done = microtome("evaluate", "--model", MODEL, "--bags", bags("nan", with_nan), "--labels", LABELS, "--output", out / "damaged", exits=(4,))
check("P0001-S1/features.h5: read /features: tile 3 holds a value that is not finite" in done.stderr.splitlines()[-1], done.stderr)
check(not list((out / "damaged").iterdir()), "nothing is written")

# A signal ends it within the time of a bag.
big = out / "big"
for number in range(40):
    path = big / f"s{number:02}" / "features.h5"
    path.parent.mkdir(parents=True)
    shutil.copy(sorted(BAGS.glob("slides/*/features.h5"))[0] if number == 0 else big / "s00" / "features.h5", path)
    with h5py.File(path, "r+") as file:
        if number == 0:
            for name in ("features", "coords", "tissue_fraction", "quality/focus"):
                values, attributes = file[name][:], dict(file[name].attrs)
                del file[name]
                file.create_dataset(name, data=numpy.resize(values, (20000, *values.shape[1:])), compression="gzip", chunks=True).attrs.update(attributes)
        file.attrs["slide_id"] = path.parent.name
labels = write("big.csv", "slide_id,label\n" + "".join(f"s{number:02},{'normal' if number % 2 else 'tumour'}\n" for number in range(40)))
for name, code in (("SIGTERM", 75), ("SIGUSR1", 75), ("SIGINT", 130)):
    run = subprocess.Popen(command("evaluate", "--model", MODEL, "--bags", big, "--labels", labels, "--threads", 1, "--progress", "json", "--output", out / name), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    for line in run.stderr:
        if '"slide_done"' in line:
            break
    run.send_signal(getattr(signal, name))
    asked = time.monotonic()
    rest = run.stderr.read()
    check(run.wait() == code, f"{name}: exit {run.returncode}, not {code}:\n{rest}")
    check("stopped by a signal: nothing was written; run the same command again" in rest, f"{name}: it does not say why it ended:\n{rest}")
    check(time.monotonic() - asked < 10 and rest.count('"slide_done"') < 5, f"{name}: it went on for {time.monotonic() - asked:.0f} s:\n{rest}")
    check(not list((out / name).iterdir()), f"{name}: something was written")
shutil.rmtree(big)
