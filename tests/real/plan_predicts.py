# SPDX-License-Identifier: Apache-2.0
# microtome plan says how many slides and tiles a run will see, exactly, and how much memory it will take, within a quarter.
import json, os, subprocess

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


out = fresh("plan_predicts")
for name, words in CASES.items():
    words = [*words, "--output", out / name, "--threads", 2]
    plan = json.loads(microtome("plan", *words, "--json", exits=(0, 3)).stdout)
    check(not (out / name / "slides").exists(), f"{name}: plan wrote results")
    peak = peak_bytes(["run", *words], out / f"{name}.log")
    documents = findings_of(out / name).values()
    check(len(plan["slides"]) == len(documents), f"{name}: planned {len(plan['slides'])} slides, the run has {len(documents)}")
    tiles = sum(document["tissue"]["tiles_planned"] for document in documents)
    check(plan["tiles"] == tiles > 0, f"{name}: planned {plan['tiles']} tiles, the run saw {tiles}")
    ratio = plan["peak_bytes"] / peak
    print(f"{name}: {tiles} tiles as planned; {plan['peak_bytes'] / 2**20:.0f} MiB planned, {peak / 2**20:.0f} MiB measured, ratio {ratio:.3f}")
    check(0.75 <= ratio <= 1.25, f"{name}: planned {plan['peak_bytes']} bytes, the run took {peak}: not within a quarter")
