# SPDX-License-Identifier: Apache-2.0
# Killed with -9 at ten random moments and started again: the same final bytes, and nobody ever sees a half-written file.
import random, shutil, signal, subprocess, time

from world import check, check_same_results, check_whole, command, fresh, microtome, predict_held_out, slide_paths, HELD_OUT

SEED, KILLS = 20, 10
out = fresh("kill_and_resume")
reference, killed = out / "undisturbed", out / "killed"
begun = time.monotonic()
microtome(*predict_held_out(reference), "--threads", 2)
wall = time.monotonic() - begun

moments, kills, partial = random.Random(SEED), 0, 0
while kills < KILLS:
    process = subprocess.Popen(command(*predict_held_out(killed), "--threads", 2), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    end = time.monotonic() + moments.uniform(0.1, 1.0) * wall
    while time.monotonic() < end and process.poll() is None:
        check_whole(killed)
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    log = process.communicate()[1].decode(errors="replace")
    done = check_whole(killed)
    if process.returncode == -signal.SIGKILL:
        kills += 1
        partial += 0 < done < len(slide_paths(HELD_OUT))
    else:
        check(process.returncode == 0, f"the resumed run ended with {process.returncode}:\n{log}")
        check_same_results(reference, killed)
        shutil.rmtree(killed)

microtome(*predict_held_out(killed), "--threads", 2)
check(check_whole(killed) == len(slide_paths(HELD_OUT)), "not every slide is there after the last run")
left = [str(path) for path in killed.rglob("*") if ".tmp." in path.name or path.name == "features.part.h5"]
check(not left, f"files of killed runs are left behind: {left}")
check_same_results(reference, killed)
print(f"{kills} kills, {partial} of them with some slides done and some not; an undisturbed run takes {wall:.1f} s")
