# SPDX-License-Identifier: Apache-2.0
# Reads tiles as users of openslide-python do, and prints the seconds that the loop took, without the interpreter's start.
#   read_with_pillow.py SLIDE TILE_PX SIDE_LEVEL0 TILES [PIXELS]      TILES: a line "x y" each; PIXELS gets raw RGB, tile after tile
import sys, time
import openslide
from PIL import Image

slide, tile_px, side = openslide.OpenSlide(sys.argv[1]), int(sys.argv[2]), round(float(sys.argv[3]))
tiles = [tuple(map(int, line.split())) for line in open(sys.argv[4])]
keep = []
start = time.perf_counter()
for origin in tiles:
    tile = slide.read_region(origin, 0, (side, side)).convert("RGB")
    if side == 2 * tile_px:
        tile = tile.reduce(2)                                   # Pillow's own fast path for whole factors
    elif side != tile_px:
        tile = tile.resize((tile_px, tile_px), Image.Resampling.BILINEAR)
    if len(sys.argv) > 5:
        keep.append(tile.tobytes())
print(time.perf_counter() - start)
if len(sys.argv) > 5:
    with open(sys.argv[5], "wb") as pixels:
        pixels.writelines(keep)
