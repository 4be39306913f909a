# SPDX-License-Identifier: Apache-2.0
# A training killed again and again goes on from its last epoch, and comes to the bytes of one that was left alone.
import subprocess, time

from world import ARCHIVE, BAGS, check, command, fresh, microtome

out = fresh("training_resume")
words = ["train", "--bags", BAGS, "--labels", ARCHIVE / "labels.csv", "--folds", 2, "--epochs", 30, "--train.patience", 30, "--aggregator", "clam-sb",
         "--train.optimiser", "radam", "--train.lookahead", "--train.schedule", "cosine", "--threads", 2]
began = time.monotonic()
microtome(*words, "--output", out / "alone")
alone = time.monotonic() - began

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
    check((out / "alone" / name).read_bytes() == (out / "killed" / name).read_bytes(), f"{name} differs after {kills} kills")
check(not (out / "killed" / "unfinished").exists(), "what was kept in between is still there")
print(f"{kills} kills, a training of {alone:.1f} s")
