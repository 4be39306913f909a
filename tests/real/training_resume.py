# SPDX-License-Identifier: Apache-2.0
# A training killed or stopped again and again goes on from its last epoch, and comes to the bytes of one that was left alone.
import json, signal, subprocess, time

from world import ARCHIVE, BAGS, GENOMICS, check, command, fresh, microtome

out = fresh("training_resume")
words = ["train", "--bags", BAGS, "--labels", ARCHIVE / "labels.csv", "--folds", 2, "--epochs", 30, "--train.patience", 30, "--aggregator", "clam-sb",
         "--train.optimiser", "radam", "--train.lookahead", "--train.schedule", "cosine", "--threads", 2]
began = time.monotonic()
microtome(*words, "--output", out / "alone")
alone = time.monotonic() - began

# asked to stop, it says so, with the code that schedulers know, and loses no epoch
for name, code in (("SIGTERM", 75), ("SIGUSR1", 75), ("SIGINT", 130)):
    process = subprocess.Popen(command(*words, "--output", out / "stopped"), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        if ", epoch " in line:
            break
    process.send_signal(getattr(signal, name))
    rest = process.stderr.read()
    check(process.wait() == code, f"{name}: exit {process.returncode}, not {code}: {rest}")
    check("stopped by a signal: finished epochs are kept" in rest, f"{name}: it does not say why it ended: {rest}")
    check(not (out / "stopped" / "model.json").exists(), f"{name}: there is a model of a training that did not end")
microtome(*words, "--output", out / "stopped")


def killed_again_and_again(words, output, patience):
    """Until it ends by itself; how often it was killed."""
    for kills in range(60):
        process = subprocess.Popen(command(*words, "--output", output), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            _, log = process.communicate(timeout=patience)   # loading alone takes a part of it
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            continue
        check(process.returncode == 0, f"exit {process.returncode}: {log}")
        check(kills >= 1, "it was never killed: the test shows nothing")
        check(not (output / "unfinished").exists(), "what was kept in between is still there")
        return kills
    check(False, "it did not end after 60 kills: nothing was kept")


def check_same(one, other):
    """Every file below, byte for byte."""
    names = [sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()) for folder in (one, other)]
    check(names[0] == names[1], f"different files in {one} and {other}: {sorted(set(names[0]) ^ set(names[1]))}")
    for name in names[0]:
        check((one / name).read_bytes() == (other / name).read_bytes(), f"{name} differs in {one} and {other}")
    return names[0]


kills = killed_again_and_again(words, out / "killed", alone * 0.45)
files = [check_same(out / "alone", out / other) for other in ("killed", "stopped")][0]
check({"weights.safetensors", "model.json", "history.jsonl", "learning_curves.svg", "predictions.csv"} <= set(files), f"a model is there: {files}")

# with a ladder: every model of it was torn too, and an older one lies in the folder
words = ["train", "--bags", BAGS, "--labels", ARCHIVE / "labels.csv", "--task", "survival", "--genomics", f"rna={GENOMICS}", "--folds", 2, "--train.time_bins", 2, "--train.embed_dim", 256]
began = time.monotonic()
microtome(*words, "--epochs", 30, "--output", out / "ladder")
seconds = time.monotonic() - began
microtome(*words, "--epochs", 1, "--train.ensemble", "--output", out / "ladder-killed")
check((out / "ladder-killed" / "ladder" / "slides" / "member-2").is_dir(), "beside an ensemble a rung is one")
words += ["--epochs", 30]
more = killed_again_and_again(words, out / "ladder-killed", seconds * 0.35)
files = check_same(out / "ladder", out / "ladder-killed")
check({f"ladder/{rung}/{file}" for rung in ("genes-snn", "genes-mlp", "slides", "late-fusion") for file in ("model.json", "weights.safetensors")} == {file for file in files if file.startswith("ladder/")}, f"the ladder is there: {files}")
lines = [json.loads(line) for line in (out / "ladder" / "history.jsonl").read_text().splitlines()]
check({(line.get("rung"), line["fold"]) for line in lines} == {(rung, fold) for rung in (None, "genes-snn", "genes-mlp", "slides", "late-fusion") for fold in (0, 1, -1)}, "history has every fold of every rung, and their final models")
check(len(lines) == 5 * 3 * 30, f"an epoch each: {len(lines)}")
print(f"{kills} kills, a training of {alone:.1f} s; with a ladder {more} kills, {seconds:.1f} s")
