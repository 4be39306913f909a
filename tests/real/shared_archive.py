# SPDX-License-Identifier: Apache-2.0
# A real scanned slide beside a file that is none: one is done, the other fails with a sentence, and the run says so with exit code 3.
import json, os, pathlib

import h5py, jsonschema, numpy

from world import SOURCE, check, findings_of, fresh, microtome

ARCHIVE = pathlib.Path(os.environ["MICROTOME_SHARED"]) / "slides"
GOOD = "CMU-1-Small-Region"
out = fresh("shared_archive")
words = ["run", "--archive", ARCHIVE, "--output", out, "--encoder", "resnet50-trunc", "--encoder.random_weights", "--tile-px", 256, "--mpp", 0.5]
log = microtome(*words, exits=3).stderr
documents = findings_of(out)
check(sorted(documents) == [GOOD, "broken"], f"one document a file, got {sorted(documents)}")

schema = json.loads((SOURCE / "configs/schemas/findings-1.json").read_text())
for slide_id, document in documents.items():
    errors = [f"{'/'.join(map(str, e.absolute_path))}: {e.message}" for e in jsonschema.Draft202012Validator(schema).iter_errors(document)]
    check(not errors, f"{slide_id}: findings.json is not valid: {errors}")
    check(str(ARCHIVE.parent) not in json.dumps(document), f"{slide_id}: a path left the archive")

broken = documents["broken"]
check(broken["status"] == "failed", f"broken is {broken['status']}")
check(len(broken["reasons"]) == 1 and len(broken["reasons"][0]["text"].split()) > 3, f"broken's reason is no sentence: {broken['reasons']}")
check("broken" in log, "the log does not name the slide that failed")
check(sorted(p.name for p in (out / "slides/broken").iterdir()) == ["findings.json"], "a failed slide has a findings.json and nothing else")

good = documents[GOOD]
check(good["status"] == "ok" and good["reasons"] == [], f"{GOOD} is {good['status']}: {good['reasons']}")
check((good["slide"]["width"], good["slide"]["height"], good["slide"]["mpp"]) == (2220, 2967, 0.499), f"wrong facts: {good['slide']}")
encoder = next(m for m in good["models"] if m["role"] == "encoder")
check("random" in json.dumps(encoder), f"the document does not say that the weights are random: {encoder}")

with h5py.File(out / "slides" / GOOD / "features.h5") as file:
    features, coords, facts = file["features"], file["coords"], dict(file["coords"].attrs)
    check(features.dtype in (numpy.float16, numpy.float32) and features.shape[1] == 1024, f"features are {features.dtype} {features.shape}")
    check(coords.dtype == numpy.int64 and coords.shape == (len(features), 2), f"coords are {coords.dtype} {coords.shape}")
    check(len(features) == good["tissue"]["tiles_used"] > 10, f"{len(features)} rows, the document says {good['tissue']}")
    check(numpy.isfinite(features[:]).all() and numpy.ptp(features[:], axis=0).max() > 0, "features are numbers, and differ between tiles")
    wanted = {"patch_size": 256, "level0_magnification": 20, "target_magnification": 20, "overlap": 0, "level0_width": 2220, "level0_height": 2967,
              "patch_level": 0, "name": GOOD}
    for name, value in wanted.items():
        check(name in facts and facts[name] == value, f"coords attribute {name} is {facts.get(name)}, not {value}")
    check(abs(facts["patch_size_level0"] - 256 * 0.5 / 0.499) < 1e-9, f"patch_size_level0 is {facts['patch_size_level0']}")
    check(isinstance(facts["savetodir"], str) and isinstance(features.attrs["encoder"], str), "text attributes read as str")
    check({"recipe", "slide_identity", "encoder_sha256"} <= set(file.attrs), f"root attributes are {sorted(file.attrs)}")
    check(len(file["tissue_fraction"]) == len(features) and file["unreadable"].shape == (0, 2), "tissue_fraction has a row a tile; nothing was unreadable")
    grid = (coords[:] / facts["patch_size_level0"]).round().astype(int)
    check((abs(grid * facts["patch_size_level0"] - coords[:]) <= 0.5).all(), "coords do not lie on the grid of real tile sides")
    check((coords[:] + facts["patch_size_level0"] <= [[2220, 2967]]).all(), "a tile overhangs the slide")

rows = [json.loads(line) for line in (out / "slides.jsonl").read_text().splitlines()]
check(sorted((r["slide_id"], r["status"]) for r in rows) == [(GOOD, "ok"), ("broken", "failed")], f"slides.jsonl says {rows}")
page = (out / "index.html").read_text()
check(GOOD in page and "broken" in page and "research use only" in page.lower(), "index.html names both slides and its limits")
before = (out / "slides" / GOOD / "features.h5").stat().st_mtime_ns
microtome(*words, exits=3)
check((out / "slides" / GOOD / "features.h5").stat().st_mtime_ns == before, "a second run did the finished slide again")
print(f"{good['tissue']['tiles_used']} tiles; {broken['reasons'][0]['text']}")
