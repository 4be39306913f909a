# SPDX-License-Identifier: Apache-2.0
# SIGTERM and SIGUSR1 end a run with 75, SIGINT with 130, soon and in order; finished tiles are kept, and the next run ends with the bytes of an undisturbed one.
import signal, subprocess, time

from world import ARCHIVE, ENCODER, check, check_same_results, check_whole, command, fresh, microtome

out = fresh("interrupt")
words = ["run", "--manifest", ARCHIVE / "manifest.csv", *ENCODER, "--threads", 2, "--progress", "json", "--output"]
microtome(*words, out / "whole")
kept = 0
for name, code in (("SIGTERM", 75), ("SIGUSR1", 75), ("SIGINT", 130)):
    results = out / name
    run = subprocess.Popen(command(*words, results), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    for line in run.stderr:
        if '"progress"' in line:   # batches are coming back
            break
    run.send_signal(getattr(signal, name))
    asked = time.monotonic()
    rest = run.stderr.read()
    check(run.wait() == code, f"{name}: exit {run.returncode}, not {code}:\n{rest}")
    check("stopped by a signal" in rest, f"{name}: it does not say why it ended:\n{rest}")
    check(time.monotonic() - asked < 30, f"{name}: it took {time.monotonic() - asked:.0f} s to end")   # 10 s are promised; CI machines are shared
    check_whole(results)
    kept += len(list(results.glob("slides/*/features.part.h5")))
    microtome(*words, results)
    check(not list(results.glob("slides/*/features.part.h5")), f"{name}: a finished slide still has its partial bag")
    check_same_results(out / "whole", results)
check(kept > 0, "no finished tile was kept in any of the runs")
print(f"{kept} partial bags were kept and taken up")
