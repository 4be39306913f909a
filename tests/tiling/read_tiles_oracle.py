# SPDX-License-Identifier: Apache-2.0
"""Every grid tile of a slide, as dump_tiles reads it, against openslide-python and area averages by integrals (area.py): ours are those,
rounded to the nearest byte.

Usage: read_tiles_oracle.py DUMP_TILES SLIDE. The slide is read at its own scale, reduced and slightly enlarged; then TIFF pyramids made by
tifffile (deflate and JPEG) are read at scales that make each level serve.
"""
import os
import subprocess
import sys
import tempfile

import numpy as np
import openslide
import tifffile

import area


def read_dump(program, slide, tile_px, target_mpp, mpp, out):
    lines = subprocess.run([program, slide, str(tile_px), str(target_mpp), str(mpp), out], check=True, capture_output=True,
                           text=True).stdout.splitlines()
    level, downsample, side, _ = (float(field) for field in lines[0].split())
    origins = [tuple(int(field) for field in line.split()) for line in lines[1:]]
    tiles = np.fromfile(out, np.uint8).reshape(len(origins), tile_px, tile_px, 3)
    return int(level), downsample, side, origins, tiles


def compare(program, slide, tile_px, target_mpp, mpp, wanted_level, folder, level_pixels=None):
    level, downsample, side, origins, tiles = read_dump(program, slide, tile_px, target_mpp, mpp, os.path.join(folder, "tiles.raw"))
    assert level == wanted_level, f"read from level {level}, wanted {wanted_level}"
    assert len(origins) > 0, "no tiles"
    if level_pixels is None:
        opened = openslide.OpenSlide(slide)
        level_pixels = np.asarray(opened.read_region((0, 0), level, opened.level_dimensions[level]).convert("RGB"))
    height, width = level_pixels.shape[:2]
    worst = 0.0
    for (x, y), tile in zip(origins, tiles):
        box = [x / downsample, y / downsample, min((x + side) / downsample, width), min((y + side) / downsample, height)]
        # what lies around the tile is enough
        left, top = max(0, int(box[0]) - 2), max(0, int(box[1]) - 2)
        near = level_pixels[top:int(box[3]) + 3, left:int(box[2]) + 3]
        wanted = area.resize(near, (box[0] - left, box[1] - top, box[2] - left, box[3] - top), (tile_px, tile_px))
        worst = max(worst, float(np.abs(wanted - tile).max()))
    print(f"{os.path.basename(slide)} {tile_px} px at {target_mpp} um, level {level} (/{downsample:.6g}), side {side:.6g}: {len(origins)} tiles, "
          f"max from exact averages {worst:.4f}, {tiles.std():.1f} spread")
    assert tiles.std() > 1, "the tiles are blank: nothing was compared"
    return worst < 0.501


def picture(width, height):
    y, x = np.mgrid[0:height, 0:width]
    channels = [127 + 90 * np.sin(x / 5 + y / 17), 127 + 90 * np.sin(x / 11 - y / 7), (x + 2 * y) % 200]
    return np.stack(channels, -1).astype(np.uint8)


def make_pyramid(path, sizes, compression):
    levels = [picture(*size) for size in sizes]
    with tifffile.TiffWriter(path) as tiff:
        for i, level in enumerate(levels):
            tiff.write(level, tile=(128, 128), photometric="rgb", compression=compression, metadata=None, subfiletype=1 if i else 0)
    return [page.asarray() for page in tifffile.TiffFile(path).pages]


def main():
    program, slide = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        # 0.499 um/px: 0.499 is the level itself, 0.5 a slight reduction, 1 and 1.7 clear ones, 0.46 a slight enlargement
        good = [compare(program, slide, px, mpp, 0, 0, folder) for px, mpp in [(256, 0.499), (256, 0.5), (224, 1), (97, 1.7), (256, 0.46)]]
        for compression in ["deflate", "jpeg"]:
            path = os.path.join(folder, compression + ".tif")
            sizes = [(1600, 1200), (800, 600), (400, 300), (100, 75)]
            pages = make_pyramid(path, sizes, compression)
            # the last level is smaller than one stored tile and must never serve, even where the target asks for it
            for target, level in [(0.25, 0), (0.4, 0), (0.5, 1), (0.8, 1), (1.1, 2), (4, 2)]:
                good.append(compare(program, path, 64, target, 0.25, level, folder, pages[level]))
    sys.exit(0 if all(good) else 1)


main()
