# SPDX-License-Identifier: Apache-2.0
# A disk that fills up while slides are published: exit 4 with a sentence, finished slides whole; with more room the same command finishes.
# Mounts a small tmpfs in a mount name space of its own, so that nothing outside sees it and nothing is left mounted.
import os, subprocess, sys

from world import HELD_OUT, check, check_same_results, check_whole, fresh, microtome, predict_held_out, slide_paths

if "--inside" not in sys.argv:
    if os.geteuid() != 0 or subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode != 0:
        sys.exit("FAILED: mounting a small tmpfs needs root and the right to make a mount name space")
    os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", sys.executable, os.path.abspath(__file__), "--inside"])


def pages(path):
    return sum(-(-file.stat().st_size // 4096) + 1 for file in path.rglob("*"))


out = fresh("disk_full")
roomy, disk = out / "roomy", out / "disk"
microtome(*predict_held_out(roomy), "--threads", 2)
slides = sorted(slide_paths(HELD_OUT))
disk.mkdir()
refused = 0
for share in (0.15, 0.6):
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={int(share * pages(roomy)) * 4096}", "tmpfs", disk], check=True)
    log = microtome(*predict_held_out(disk), "--threads", 2, exits=4).stderr
    sentences = [line for line in log.splitlines() if "space" in line.lower() and str(disk) in line]
    check(sentences, f"no sentence names the folder and the lack of space:\n{log}")
    done = check_whole(disk)
    check(done < len(slides), f"all {done} slides are done: the disk was not small enough to show anything")
    check(not any('"failed"' in path.read_text() for path in disk.glob("slides/*/findings.json")), "a full disk was recorded as a slide's failure")
    refused += done
    subprocess.run(["mount", "-o", f"remount,size={4 * pages(roomy) * 4096}", disk], check=True)
    microtome(*predict_held_out(disk), "--threads", 2)
    check(check_whole(disk) == len(slides), "with more room not every slide was finished")
    check_same_results(roomy, disk)
    print(f"{share:.0%} of the room: {done} of {len(slides)} slides done, then: {sentences[-1]}")
    subprocess.run(["umount", disk], check=True)
check(refused > 0, "no slide was finished before the disk was full: that finished slides stay whole was not shown")
