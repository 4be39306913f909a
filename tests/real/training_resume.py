# SPDX-License-Identifier: Apache-2.0
# A training killed or stopped again and again goes on from its last epoch, and comes to the bytes of one that was left alone.
import signal, subprocess, time

from world import ARCHIVE, BAGS, check, command, fresh, microtome

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

kills = 0
for attempt in range(60):
    process = subprocess.Popen(command(*words, "--output", out / "killed"), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        _, log = process.communicate(timeout=alone * 0.45)   # loading alone takes a part of it
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        kills += 1
        continue
    check(process.returncode == 0, f"exit {process.returncode}: {log}")
    break
check(process.returncode == 0, f"it did not end after {kills} kills: nothing was kept")
check(kills >= 1, "it was never killed: the test shows nothing")
for name in ("weights.safetensors", "model.json", "history.jsonl", "learning_curves.svg", "predictions.csv"):
    for other in ("killed", "stopped"):
        check((out / "alone" / name).read_bytes() == (out / other / name).read_bytes(), f"{name} differs after it was {other}")
check(not (out / "killed" / "unfinished").exists(), "what was kept in between is still there")
print(f"{kills} kills, a training of {alone:.1f} s")
