# SPDX-License-Identifier: Apache-2.0
# A classifier as WSInfer's zoo ships it (config.json and torchscript_model.pt, nothing of ours) gives the CSV that a plain Python loop gives: the
# same rows, the same probabilities. Once at the slide's own scale, where no pixel is resampled but by the card's Resize, and once at half of it.
import csv, json, os, pathlib

import numpy, openslide, torch
from PIL import Image
from torchvision import transforms
from world import check, findings_of, fresh, microtome

SLIDE = pathlib.Path(os.environ["MICROTOME_SHARED"]) / "slides" / "CMU-1-Small-Region.svs"
STEPS = [{"name": "Resize", "arguments": {"size": 96}}, {"name": "ToTensor"},
         {"name": "Normalize", "arguments": {"mean": [0.7, 0.6, 0.7], "std": [0.2, 0.2, 0.2]}}]
TRANSFORM = transforms.Compose([transforms.Resize(96), transforms.ToTensor(), transforms.Normalize([0.7, 0.6, 0.7], [0.2, 0.2, 0.2])])

out = fresh("tile_classifier")
torch.manual_seed(11)
network = torch.nn.Sequential(torch.nn.Conv2d(3, 24, 7, 4), torch.nn.ReLU(), torch.nn.Conv2d(24, 24, 3, 2), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(1),
                              torch.nn.Flatten(), torch.nn.Linear(24, 2)).eval()
network[-1].weight.data *= 20   # probabilities that differ from tile to tile


def classifier(name, side, spacing):
    folder = out / name
    folder.mkdir()
    with torch.no_grad():
        torch.jit.trace(network, torch.rand(2, 3, 96, 96)).save(str(folder / "torchscript_model.pt"))
    (folder / "config.json").write_text(json.dumps({
        "spec_version": "1.0", "architecture": "small", "num_classes": 2, "class_names": ["notumor", "tumor"], "patch_size_pixels": side,
        "spacing_um_px": spacing, "transform": STEPS}))
    return folder


def python_loop(rows, side_level0, side):
    """What a user writes: read, resize to the card's patch, transform, softmax."""
    slide = openslide.OpenSlide(str(SLIDE))
    images = []
    for row in rows:
        tile = slide.read_region((int(row["minx"]), int(row["miny"])), 0, (round(side_level0), round(side_level0))).convert("RGB")
        images.append(TRANSFORM(tile if tile.width == side else tile.resize((side, side), Image.Resampling.BOX)))
    with torch.no_grad():
        return torch.cat([network(torch.stack(images[i:i + 16])).softmax(1) for i in range(0, len(images), 16)]).numpy()


def compare(name, side, spacing, tolerance):
    results = out / f"{name}_out"
    microtome("run", "--archive", archive, "--output", results, "--encoder", classifier(name, side, spacing))
    folder = results / "slides" / SLIDE.stem
    document = findings_of(results)[SLIDE.stem]
    side_level0 = document["tiling"]["side_level0"]
    with open(folder / "tiles.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    check(list(rows[0]) == ["minx", "miny", "width", "height", "prob_notumor", "prob_tumor"], f"{name}: columns {list(rows[0])}")
    check(len(rows) == document["tissue"]["tiles_used"] > 20, f"{name}: {len(rows)} rows, {document['tissue']['tiles_used']} tiles")
    check(all(int(row["width"]) == int(row["height"]) == round(side_level0) for row in rows), f"{name}: a tile's side is not {side_level0}")
    found = numpy.array([[float(row["prob_notumor"]), float(row["prob_tumor"])] for row in rows])
    wanted = python_loop(rows, side_level0, side)
    worst = abs(found - wanted).max()
    print(f"{name}: {len(rows)} tiles, probabilities {found[:, 1].min():.3f} to {found[:, 1].max():.3f}, largest difference {worst:.2g}")
    check(found[:, 1].std() > 0.01, f"{name}: the classifier says the same of every tile")
    check(worst <= tolerance, f"{name}: probabilities differ from the Python loop's by {worst}")
    tiles = json.loads((folder / "tiles.geojson").read_text())["features"]
    check([f["properties"]["measurements"]["prob_tumor"] for f in tiles] == [float(row["prob_tumor"]) for row in rows], f"{name}: GeoJSON and CSV differ")
    classes = {row["name"]: row for row in document["tile_classes"]}
    check(classes["tumor"]["tiles"] == int((found[:, 1] > found[:, 0]).sum()), f"{name}: {classes}")
    for file in ("heatmap.tif", "heatmap.png"):
        check((folder / file).stat().st_size > 0, f"{name}: no {file}")
    check(not (folder / "features.h5").exists(), f"{name}: a classifier's probabilities are no features")
    return results


archive = out / "archive.csv"
archive.write_text(f"slide_id,path\n{SLIDE.stem},{SLIDE}\n")
mpp = float(openslide.OpenSlide(str(SLIDE)).properties["openslide.mpp-x"])
# torch resizes bytes as PIL does but for one grey level in a thousandth of them, and the last layer above makes much of it
compare("own_scale", 175, mpp, 2e-4)
# ... and at half the scale the JPEG is decoded at half its size, where the loop above averages pixels: 54 dB apart
compare("half_scale", 100, 2 * mpp, 5e-3)

# beside an encoder of features, from one decoding
both = out / "both"
microtome("run", "--archive", archive, "--output", both, "--encoder", out / "own_scale", "--encoder", "resnet18", "--encoder.random_weights")
alone = out / "own_scale_out" / "slides" / SLIDE.stem
check((both / "slides" / SLIDE.stem / "tiles.csv").read_bytes() == (alone / "tiles.csv").read_bytes(), "another encoder changed the classifier's table")
check((both / "slides" / SLIDE.stem / "features.h5").exists(), "the encoder of features wrote no bag")
