# SPDX-License-Identifier: Apache-2.0
# microtome plan says how many slides and tiles a run will see, exactly, and how much memory it will take, within a quarter.
import json, os, statistics, subprocess

from world import ENCODER, check, command, findings_of, fresh, microtome, HELD_OUT, ARCHIVE

CASES = {"resnet18": ["--manifest", ARCHIVE / "train.csv", *ENCODER],
         "resnet50_trunc": ["--manifest", HELD_OUT, "--encoder", "resnet50-trunc", "--encoder.random_weights"]}
if "MICROTOME_SHARED" in os.environ:
    CASES["shared"] = ["--archive", os.path.join(os.environ["MICROTOME_SHARED"], "slides"), "--encoder", "resnet50-trunc", "--encoder.random_weights"]


def peak_bytes(words, log):
    """Largest resident size of one run, as the kernel saw it."""
    with open(log, "w") as stderr:
        process = subprocess.Popen(command(*words), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stderr)
        _, status, usage = os.wait4(process.pid, 0)
    code = process.returncode = os.waitstatus_to_exitcode(status)
    check(code in (0, 3), f"the run ended with {code}: {log.read_text()}")
    return usage.ru_maxrss * 1024


def compare(words, folder):
    """Plans and runs once. Returns planned and measured bytes."""
    words = [*words, "--output", folder, "--threads", 2]
    plan = json.loads(microtome("plan", *words, "--json", exits=(0, 3)).stdout)
    check(not (folder / "slides").exists(), f"{folder.name}: plan wrote results")
    peak = peak_bytes(["run", *words], folder.with_suffix(".log"))
    documents = findings_of(folder).values()
    check(len(plan["slides"]) == len(documents), f"{folder.name}: planned {len(plan['slides'])} slides, the run has {len(documents)}")
    tiles = sum(document["tissue"]["tiles_planned"] for document in documents)
    check(plan["tiles"] == tiles > 0, f"{folder.name}: planned {plan['tiles']} tiles, the run saw {tiles}")
    print(f"{folder.name}: {tiles} tiles as planned; {plan['peak_bytes'] / 2**20:.0f} MiB planned, {peak / 2**20:.0f} MiB measured, ratio {plan['peak_bytes'] / peak:.3f}")
    return plan["peak_bytes"], peak


def ratio_of(pairs):
    return statistics.median(planned for planned, _ in pairs) / statistics.median(measured for _, measured in pairs)


# One program takes 1.2 to 1.5 GB from run to run, as its threads meet in the heap: where a single pair is far apart, the medians of three decide.
out = fresh("plan_predicts")
for name, words in CASES.items():
    pairs = [compare(words, out / name)]
    if not 0.75 <= ratio_of(pairs) <= 1.25:
        pairs += [compare(words, out / f"{name}_{again}") for again in (2, 3)]
    check(0.75 <= ratio_of(pairs) <= 1.25, f"{name}: planned and measured bytes {pairs}: their medians are not within a quarter")
