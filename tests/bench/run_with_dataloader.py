# SPDX-License-Identifier: Apache-2.0
"""The rival of bench_run: a DataLoader over openslide-python a slide, transforms in its workers, features fetched and written slide by slide, the
way that the published tools work.

run_with_dataloader.py WORKFLOWS TIMM POOL FOLDER OURS THREADS
OURS is the output folder of our run: its features.h5 say which tiles there are, and what their features must be nearly equal to. Answers "verify"
with the least cosine to them, and anything else with the seconds that all slides took; imports and the loading of the network are not in them.
"""
import json
import os
import pathlib
import sys
import tempfile
import time

import h5py
import openslide
import torch
from torch.utils.data import DataLoader, Dataset

workflows, name, pool, folder, ours, threads = sys.argv[1:]
sys.path.insert(0, workflows)
import export_encoder as export  # noqa: E402

BATCH = 32
torch.set_grad_enabled(False)
arguments = export.parse(["--timm", name, "--pool", pool, "--weights", "random", "--seed", "0", "--out", "unused"])
network = export.exported_network(arguments, export.timm_network(arguments))
transform = export.transform_of(json.loads(pathlib.Path(folder, "config.json").read_text())["transform"])
archive = pathlib.Path(ours).parent / "archive"


def slides_of_ours():
    slides = {}
    for path in sorted(pathlib.Path(ours).glob("slides/*/features.h5")):
        with h5py.File(path, locking=False) as file:
            slides[path.parent.name] = (archive / f"{path.parent.name}.svs", file["coords"][:], int(file["coords"].attrs["patch_size"]), file["features"][:])
    return slides


class Tiles(Dataset):
    def __init__(self, path, coords, side):
        self.path, self.coords, self.side, self.slide = str(path), coords, side, None

    def __len__(self):
        return len(self.coords)

    def __getitem__(self, index):
        self.slide = self.slide or openslide.OpenSlide(self.path)
        x, y = map(int, self.coords[index])
        return transform(self.slide.read_region((x, y), 0, (self.side, self.side)).convert("RGB"))


def encode(path, coords, side):
    loader = DataLoader(Tiles(path, coords, side), batch_size=BATCH, num_workers=int(threads))
    return torch.cat([network(images).cpu() for images in loader])


network(torch.zeros(BATCH, 3, 224, 224))
slides = {}   # read at the first question: until then our program may be writing them
for line in sys.stdin:
    slides = slides or slides_of_ours()
    if line.strip() == "verify":
        path, coords, side, features = next(iter(slides.values()))
        rows = encode(path, coords[:BATCH], side)
        print(torch.nn.functional.cosine_similarity(rows.double(), torch.tensor(features[:BATCH]).double()).min().item(), flush=True)
        continue
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as out:
        for slide, (path, coords, side, _) in slides.items():
            with h5py.File(os.path.join(out, f"{slide}.h5"), "w") as file:
                file["features"] = encode(path, coords, side).numpy()
                file["coords"] = coords
    print(time.perf_counter() - start, flush=True)
