# SPDX-License-Identifier: Apache-2.0
"""Every grid tile of a slide, as dump_tiles reads it, against openslide-python and area averages by integrals (area.py): ours are those,
rounded to the nearest byte. Where the codec reduced while it decoded, they are near them: PSNR.

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

LEAST_PSNR = 40  # of tiles that the codec reduced, against area averages of the full decoding


def read_dump(program, slide, tile_px, target_mpp, mpp, out):
    lines = subprocess.run([program, slide, str(tile_px), str(target_mpp), str(mpp), out], check=True, capture_output=True,
                           text=True).stdout.splitlines()
    level, downsample, side, _, reduction = (float(field) for field in lines[0].split())
    origins = [tuple(int(field) for field in line.split()) for line in lines[1:]]
    tiles = np.fromfile(out, np.uint8).reshape(len(origins), tile_px, tile_px, 3)
    return int(level), downsample / 2**reduction, int(reduction), side, origins, tiles


def psnr(squares):
    return 10 * np.log10(255**2 / max(np.mean(squares), 1e-12))


def compare(program, slide, tile_px, target_mpp, mpp, wanted, folder, level_pixels=None):
    level, downsample, reduction, side, origins, tiles = read_dump(program, slide, tile_px, target_mpp, mpp, os.path.join(folder, "tiles.raw"))
    assert (level, reduction) == wanted, f"read from level {level} at 1/{2**reduction}, wanted {wanted}"
    assert len(origins) > 0, "no tiles"
    if level_pixels is None:
        opened = openslide.OpenSlide(slide)
        level_pixels = np.asarray(opened.read_region((0, 0), level, opened.level_dimensions[level]).convert("RGB"))
    height, width = level_pixels.shape[:2]
    worst, squares = 0.0, []
    for (x, y), tile in zip(origins, tiles):
        box = [x / downsample, y / downsample, min((x + side) / downsample, width), min((y + side) / downsample, height)]
        # what lies around the tile is enough
        left, top = max(0, int(box[0]) - 2), max(0, int(box[1]) - 2)
        near = level_pixels[top:int(box[3]) + 3, left:int(box[2]) + 3]
        expected = area.resize(near, (box[0] - left, box[1] - top, box[2] - left, box[3] - top), (tile_px, tile_px))
        worst = max(worst, float(np.abs(expected - tile).max()))
        squares.append(float(np.square(expected - tile).mean()))
    print(f"{os.path.basename(slide)} {tile_px} px at {target_mpp} um, level {level} (/{downsample:.6g}), side {side:.6g}: {len(origins)} tiles, "
          f"1/{2**reduction}, max from exact averages {worst:.4f}, PSNR {psnr(squares):.1f} dB, {tiles.std():.1f} spread")
    assert tiles.std() > 1, "the tiles are blank: nothing was compared"
    return worst < 0.501 if reduction == 0 else psnr(squares) >= LEAST_PSNR


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
        # 0.499 um/px: 0.499 is the level itself, 0.5 a slight reduction; 0.998 and its doubles are decoded at 1/2, 1/4, 1/8; near them
        # nothing but the full decoding is good enough, until four pixels of a reduced one are averaged
        good = [compare(program, slide, px, mpp, 0, (0, reduction), folder)
                for px, mpp, reduction in [(256, 0.499, 0), (256, 0.5, 0), (256, 0.998, 1), (128, 1.996, 2), (64, 3.992, 3), (224, 1, 0), (97, 1.7, 0), (64, 2, 0),
                                           (128, 2.1, 0), (32, 4, 1), (24, 8.2, 2)]]
        for compression in ["deflate", "jpeg"]:
            path = os.path.join(folder, compression + ".tif")
            sizes = [(1600, 1200), (800, 600), (400, 300), (100, 75)]
            pages = make_pyramid(path, sizes, compression)
            for target, level in [(0.25, 0), (0.4, 0), (0.5, 1), (0.8, 1), (1.1, 2), (4, 3)]:
                good.append(compare(program, path, 64, target, 0.25, (level, 0), folder, pages[level]))
    sys.exit(0 if all(good) else 1)


main()
