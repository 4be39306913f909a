# SPDX-License-Identifier: Apache-2.0
# Peak memory of `microtome run` on two synthetic slides, one of 16 times the other's area: it must not grow with the slide.
#   memory.py [MICROTOME]        build/release/microtome where nothing is said; JSON lines on stdout, exit 1 where it grows
import json, os, pathlib, subprocess, sys, tempfile

PROGRAM = sys.argv[1] if len(sys.argv) > 1 else str(pathlib.Path(__file__).parents[2] / "build/release/microtome")
# small tiles, so that the small slide too fills all batches in flight
SIDES = {"small": 2048, "large": 8192}
# what may differ: the overview, the heatmap and the bag are proportional to the tissue, some bytes a tile's thousand
MOST_GROWTH = 0.10


def run(*words):
    """Peak resident MiB of one run of the program."""
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen([PROGRAM, *map(str, words)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        log.seek(0)
        if process.returncode != 0:
            sys.exit(f"{' '.join(process.args)}: exit {process.returncode}:\n{log.read()}")
    return usage.ru_maxrss / 1024


with tempfile.TemporaryDirectory() as folder:
    folder, peaks = pathlib.Path(folder), {}
    for row, side in SIDES.items():
        archive, out = folder / f"archive_{row}", folder / f"out_{row}"
        run("synth", "--output", archive, "--patients", 1, "--synth.width", side, "--synth.height", side, "--synth.held_out", 0)
        slide = next(archive.rglob("*.tif*"), None) or next(archive.rglob("*.svs"))
        manifest = folder / f"{row}.csv"
        manifest.write_text(f"slide_id,path\n{row},{slide}\n")
        peaks[row] = run("run", "--manifest", manifest, "--output", out, "--encoder", "resnet18", "--encoder.random_weights", "--threads", 2, "--tile-px", 128)
        tissue = json.loads((out / "slides" / row / "findings.json").read_text())["tissue"]
        ratio = peaks[row] / peaks["small"]
        print(json.dumps({"bench": "memory", "row": row, "case": f"{side} x {side}", "threads": 2, "value": round(peaks[row], 1), "unit": "MiB",
                          "of_floor": None, "of_rival": round(ratio, 3), "rival": "small", "runs": 1, "spread": None,
                          "ok": ratio <= 1 + MOST_GROWTH, "tiles": tissue["tiles_used"]}), flush=True)
sys.exit(0 if peaks["large"] <= (1 + MOST_GROWTH) * peaks["small"] else 1)
