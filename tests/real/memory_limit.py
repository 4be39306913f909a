# SPDX-License-Identifier: Apache-2.0
# --memory-limit is a ceiling on pixels and bags in flight: a run beneath it ends with the same bytes, and takes what plan says at most.
import json, os, subprocess

from world import ARCHIVE, ENCODER, check, check_same_results, command, fresh, microtome

out = fresh("memory_limit")
words = ["--manifest", ARCHIVE / "train.csv", *ENCODER, "--threads", 2]


def peak_bytes(output, *limit):
    with open(out / "log", "w") as stderr:
        process = subprocess.Popen(command("run", *words, "--output", output, *limit), stdin=subprocess.DEVNULL, stderr=stderr)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    check(process.returncode == 0, f"the run ended with {process.returncode}: {(out / 'log').read_text()}")
    return usage.ru_maxrss * 1024


free = peak_bytes(out / "free")
for limit in ("512MiB", "8M"):
    plan = json.loads(microtome("plan", *words, "--output", out / limit, "--memory-limit", limit, "--json").stdout)
    peak = peak_bytes(out / limit, "--memory-limit", limit)
    held = plan["memory"]["pixels"] + plan["memory"]["bags"]
    ceiling = {"512MiB": 512 << 20, "8M": 8 << 20}[limit]
    print(f"{limit}: pixels and bags {held / 2**20:.1f} MiB, planned {plan['peak_bytes'] / 2**20:.0f} MiB, measured {peak / 2**20:.0f} MiB (free {free / 2**20:.0f})")
    check(held <= ceiling, f"{limit}: plan wants {held} bytes of pixels and bags")
    check(peak <= 1.25 * plan["peak_bytes"], f"{limit}: planned {plan['peak_bytes']} bytes, the run took {peak}")
    check_same_results(out / "free", out / limit)
log = microtome("run", *words, "--output", out / "none", "--memory-limit", "1M", exits=(2,)).stderr
check("wanted room for one batch" in log, log)
