# SPDX-License-Identifier: Apache-2.0
"""Writes cards, tiles and what torchvision's transforms make of them as PIL images, into a folder: preprocessing_oracle.py FOLDER.

One folder a case: config.json, tiles.rgb, pixels.f32 (before Normalize) and images.f32 (after). Edges of full contrast are among the tiles,
because a bicubic kernel overshoots there.
"""
import json
import sys
from pathlib import Path

import numpy
import torch
from PIL import Image
from torchvision import transforms

TILES = 3
MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


def resize(size, interpolation="bilinear"):
    return {"name": "Resize", "arguments": {"size": size, "interpolation": interpolation}}


def crop(size):
    return {"name": "CenterCrop", "arguments": {"size": size}}


TO_TENSOR = {"name": "ToTensor"}
CASES = {  # name: tile_px, steps before Normalize
    "plain_256": (256, [TO_TENSOR]),
    "plain_odd": (97, [TO_TENSOR]),
    "bilinear_256_224": (256, [resize(224), TO_TENSOR]),
    "bilinear_odd_224": (301, [resize(224), TO_TENSOR]),
    "bilinear_512_256": (512, [resize(256), TO_TENSOR]),
    "bicubic_256_224": (256, [resize(224, "bicubic"), TO_TENSOR]),
    "bicubic_256_256_crop": (256, [resize(256, "bicubic"), crop(224), TO_TENSOR]),
    "bicubic_224_256_crop": (224, [resize(256, "bicubic"), crop(224), TO_TENSOR]),
    "bicubic_odd_256_crop": (301, [resize(256, "bicubic"), crop(224), TO_TENSOR]),
    "bicubic_224_448": (224, [resize(448, "bicubic"), TO_TENSOR]),
    "crop_257_224": (257, [crop(224), TO_TENSOR]),
    "crop_259_224": (259, [TO_TENSOR, crop(224)]),
    "scaled_bilinear_256_224": (256, [TO_TENSOR, resize(224)]),
    "scaled_bicubic_224_256_crop": (224, [TO_TENSOR, resize(256, "bicubic"), crop(224)]),
}


def transform_of(step):
    arguments = dict(step.get("arguments", {}))
    if "interpolation" in arguments:
        arguments["interpolation"] = transforms.InterpolationMode(arguments["interpolation"])
    return getattr(transforms, step["name"])(**arguments)


def tiles(side, seed):
    """Smooth colours, with noise, and with noise and black and white stripes."""
    generator = numpy.random.default_rng(seed)
    coarse = torch.from_numpy(generator.random((TILES, 3, 9, 7)))
    smooth = torch.nn.functional.interpolate(coarse, (side, side), mode="bicubic").permute(0, 2, 3, 1).clamp(0, 1).numpy() * 255
    smooth[1:] += generator.normal(0, 12, smooth[1:].shape)
    smooth[2, :, 20:40:3] = 0
    smooth[2, 30:50:4] = 255
    return smooth.clip(0, 255).astype(numpy.uint8)


def main(out):
    for seed, (name, (side, steps)) in enumerate(CASES.items()):
        folder = out / name
        folder.mkdir(parents=True, exist_ok=True)
        normalize = {"name": "Normalize", "arguments": {"mean": MEAN, "std": STD}}
        card = {"patch_size_pixels": side, "spacing_um_px": 0.5, "transform": steps + [normalize]}
        (folder / "config.json").write_text(json.dumps(card))
        (folder / "torchscript_model.pt").touch()  # a card without a model is refused; this one is never opened
        rgb = tiles(side, seed)
        before = transforms.Compose([transform_of(step) for step in steps])
        pixels = torch.stack([before(Image.fromarray(tile)) for tile in rgb])
        images = torch.stack([transform_of(normalize)(tile) for tile in pixels])
        for file, values in (("tiles.rgb", rgb), ("pixels.f32", pixels.numpy()), ("images.f32", images.numpy())):
            (folder / file).write_bytes(numpy.ascontiguousarray(values).tobytes())


main(Path(sys.argv[1]))
