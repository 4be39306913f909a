# SPDX-License-Identifier: Apache-2.0
# Seeded random weights are used only when asked for, and every document that came from them says so, and names its models by sha256.
import hashlib, json

import h5py
from world import BAGS, ENCODER, HELD_OUT, MODEL, check, fresh, microtome, predict_held_out

out = fresh("says_random")
log = microtome("run", "--manifest", HELD_OUT, "--output", out / "refused", *ENCODER[:2], exits=(4,)).stderr
check("--encoder.random_weights" in log, f"the refusal says what to do: {log}")
check(not (out / "refused").exists(), "a refused run leaves nothing")

microtome(*predict_held_out(out / "out"))
encoder = json.loads((MODEL / "model.json").read_text())["encoder"]["sha256"]
aggregator = hashlib.sha256((MODEL / "weights.safetensors").read_bytes()).hexdigest()
check(len(encoder) == 64, "model.json does not name the encoder's weights")
for slide in sorted((out / "out" / "slides").iterdir()):
    for name in ("features.h5", "prediction.h5"):
        with h5py.File(slide / name) as file:
            check(file.attrs["encoder_random_weights"] == 1, f"{slide.name}/{name} does not say it")
            check(file.attrs["encoder_sha256"] == encoder, f"{slide.name}/{name} names another encoder")
            check(name == "features.h5" or file.attrs["aggregator_sha256"] == aggregator, f"{slide.name}/{name} names another model")
    document = json.loads((slide / "findings.json").read_text())
    check(document["models"][0]["random_weights"] is True, f"{slide.name}/findings.json does not say it")
    check([model["sha256"] for model in document["models"]] == [encoder, aggregator], f"{slide.name}/findings.json names other models")
    regions = json.loads((slide / "regions.geojson").read_text())
    check("random numbers" in regions["rehearsal"], f"{slide.name}/regions.geojson does not say it")
    check([regions[part]["sha256"] for part in ("encoder", "model")] == [encoder, aggregator], f"{slide.name}/regions.geojson names other models")
lines = [json.loads(line) for line in (out / "out" / "slides.jsonl").read_text().splitlines()]
check(lines and all(line["random_weights"] is True for line in lines), "slides.jsonl does not say it")
check(json.loads((out / "out" / "run.json").read_text())["encoders"][0]["random_weights"] is True, "run.json does not say it")
check("random numbers" in (out / "out" / "index.html").read_text(), "index.html does not say it")
check(json.loads((MODEL / "model.json").read_text())["encoder"]["random_weights"] is True, "model.json does not say it")
check(json.loads((BAGS / "run.json").read_text())["encoders"][0]["random_weights"] is True, "run.json of the bags does not say it")
