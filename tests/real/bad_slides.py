# SPDX-License-Identifier: Apache-2.0
# Slides that cannot be done are failed records with a sentence; the slides beside them are done; the run ends with 3.
# One file that is no slide, one cut short, one whose pixels are damaged, one without a scale, one that is missing: each its own record.
import json, shutil

import numpy, tifffile
from world import ARCHIVE, ENCODER, check, check_whole, findings_of, fresh, microtome, slide_paths

out = fresh("bad_slides")
slides = out / "slides"
slides.mkdir()
sound = next(iter(slide_paths(ARCHIVE / "held_out.csv").values()))
shutil.copy(sound, slides / "a_sound.svs")
shutil.copy(sound, slides / "z_sound.svs")

(slides / "not_a_slide.svs").write_text("a letter to the editor\n" * 100)
whole = sound.read_bytes()
(slides / "truncated.svs").write_bytes(whole[: len(whole) // 2])
damaged = bytearray(whole)
with tifffile.TiffFile(sound) as tiff:
    page = tiff.pages[0]
    for offset, count in list(zip(page.dataoffsets, page.databytecounts))[::3]:
        damaged[offset:offset + count] = bytes(count)
(slides / "zeroed.svs").write_bytes(damaged)
pixels = numpy.full((1024, 1024, 3), 240, numpy.uint8)
pixels[200:800, 200:800] = (200, 100, 160)
for name in ("no_scale", "given_scale"):
    tifffile.imwrite(slides / f"{name}.tif", pixels, tile=(256, 256), photometric="rgb", compression="zlib")
rows = [f"{path.stem},slides/{path.name},{'0.5' if path.stem == 'given_scale' else ''}" for path in sorted(slides.iterdir())]
(out / "manifest.csv").write_text("\n".join(["slide_id,path,mpp", *rows, "missing,slides/missing.svs,"]) + "\n")

log = microtome("run", "--manifest", out / "manifest.csv", "--output", out / "out", *ENCODER, exits=(3,)).stderr
found = findings_of(out / "out")
check(len(found) == len(rows) + 1, f"one document per slide: {sorted(found)}")
for name in ("a_sound", "z_sound", "given_scale"):
    check(found[name]["status"] == "ok", f"{name}: {found[name]['status']} {found[name]['reasons']}")
check(found["given_scale"]["slide"]["mpp_source"] == "manifest" and found["given_scale"]["slide"]["mpp"] == 0.5, "the manifest's scale is used and named")
for name, code in {"not_a_slide": "not_a_slide", "truncated": None, "zeroed": "too_many_unreadable", "no_scale": "no_mpp", "missing": "not_found"}.items():
    reasons = found[name]["reasons"]
    check(found[name]["status"] == "failed" and reasons, f"{name}: {found[name]['status']}")
    check(code is None or reasons[0]["code"] == code, f"{name}: {reasons}")
    text = reasons[0]["text"]
    check(len(text) > 20 and ": " in text and str(out) not in text, f"{name}: wanted a sentence without a path: {text}")
    check(f"{name}: failed" in log and text in log, f"{name}: the log does not say it:\n{log}")
    check([p.name for p in (out / "out" / "slides" / name).iterdir()] == ["findings.json"], f"{name}: only the record is there")
    print(f"{name}: {reasons[0]['code']}: {text}")
check_whole(out / "out")
check("3 done, 0 skipped (done before), 5 failed" in log, log)
again = microtome("run", "--manifest", out / "manifest.csv", "--output", out / "out", *ENCODER, exits=(3,)).stderr
check("0 done, 3 skipped (done before), 5 failed" in again, again)
lines = [json.loads(line) for line in (out / "out" / "slides.jsonl").read_text().splitlines()]
check(len(lines) == 8, "slides.jsonl has every slide")
