# SPDX-License-Identifier: Apache-2.0
"""Our own TIFF reader against tifffile and area averages, where OpenSlide cannot be the judge.

1. Every format that write_formats writes, every stored level: equal to what tifffile and imagecodecs decode. This includes what OpenSlide
   3.4.1 cannot read: tiles that are not stored, classic TIFF of the other byte order, and the lower levels of an Aperio file with gaps.
2. Levels that the codec reduces, of real tissue, against area averages of the full decode at the place where the level says its pixels lie.
   JPEG: at least 40 dB. JPEG 2000: its low band is no area average (the 9/7 filter is sharper, the 5/3 filter aliases), and no filter
   over the low band makes it one (the best linear filter of eight taps stays under 37 dB at 1/2); what is held to is what was measured.

Usage: formats_oracle.py WRITE_FORMATS DUMP_LEVELS SLIDE
"""
import os
import subprocess
import sys
import tempfile

import numpy as np
import openslide
import tifffile

import area

# How far from tifffile a byte may be: its YCbCr of JPEG 2000 is converted here in doubles, ours in 16-bit fixed point; its alpha is
# laid over white here without rounding.
APART = {"aperio_33003": 1, "aperio_33003_422": 1, "rgb_alpha": 0.5, "rgb_alpha_lzw_predictor": 0.5, "rgb_alpha_premultiplied": 0.5}


def dump(program, path, folder):
    """[(downsample, reduction, offset, pixels)]"""
    lines = subprocess.run([program, path, folder], check=True, capture_output=True, text=True).stdout.splitlines()
    levels = []
    for number, line in enumerate(lines):
        width, height, downsample, reduction, offset = (float(field) for field in line.split())
        pixels = np.fromfile(os.path.join(folder, f"{number}.raw"), np.uint8).reshape(int(height), int(width), 3)
        levels.append((downsample, int(reduction), offset, pixels))
    return levels


def rgb_of(page, name):
    pixels = page.asarray().astype(float)
    if name.startswith("grey"):
        pixels = pixels if page.photometric == 1 else 255 - pixels
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[..., None], 3, 2)
    if name == "aperio_33003":  # tifffile leaves it in YCbCr where the chroma is whole
        y, cb, cr = pixels[..., 0], pixels[..., 1] - 128, pixels[..., 2] - 128
        pixels = np.clip(np.round(np.stack([y + 1.402 * cr, y - 0.344136 * cb - 0.714136 * cr, y + 1.772 * cb], -1)), 0, 255)
    if pixels.shape[2] == 4:
        alpha = pixels[..., 3:] / 255
        pixels = pixels[..., :3] * (1 if name.endswith("premultiplied") else alpha) + 255 * (1 - alpha)
    width, height = page.tilewidth, page.tilelength
    across = -(-page.imagewidth // width)
    for number, count in enumerate(page.databytecounts):
        if count == 0:  # tifffile fills such a tile with zeros
            top, left = number // across * height, number % across * width
            pixels[top:top + height, left:left + width] = 255
    return pixels


def compare_formats(write_formats, dump_levels, folder):
    formats = os.path.join(folder, "formats")
    subprocess.run([write_formats, formats, "600", "500"], check=True)
    names = sorted(os.path.splitext(name)[0] for name in os.listdir(formats))
    assert len(names) > 30, "formats are missing"
    good = True
    for name in names:
        path = os.path.join(formats, name + ".tif")
        stored = [level for level in dump(dump_levels, path, folder) if level[1] == 0]
        with tifffile.TiffFile(path) as tiff:
            wanted = [rgb_of(page, name) for page in tiff.pages]
        assert len(stored) == len(wanted) == 2, f"{name}: {len(stored)} levels"
        apart = [float(np.abs(level[3] - pixels).max()) for level, pixels in zip(stored, wanted)]
        fine = max(apart) <= APART.get(name, 0)
        good &= fine
        print(f"{name}: furthest byte {apart[0]:.2f} and {apart[1]:.2f}{'' if fine else '   TOO FAR'}")
    return good


def psnr(a, b):
    inner = (slice(4, -4), slice(4, -4))  # past the edge there is nothing to average
    return 10 * np.log10(255 ** 2 / np.mean((a[inner] - b[inner]) ** 2))


def reduced(dump_levels, path, folder, name, wanted):
    """Each reduced level against area averages. `wanted`: dB for each reduction."""
    levels = dump(dump_levels, path, folder)
    full, good, seen = levels[0][3], True, []
    for downsample, reduction, offset, pixels in levels:
        if reduction == 0:
            continue
        height, width = pixels.shape[:2]

        def averages(at):
            return area.resize(full, (-at * downsample, -at * downsample, (width - at) * downsample, (height - at) * downsample), (width, height))

        found, unshifted = psnr(pixels, averages(offset)), psnr(pixels, averages(0))
        fine = found >= wanted[reduction] and (offset == 0 or found > unshifted + 3)
        good &= fine
        seen.append(reduction)
        print(f"{name} at 1/{1 << reduction}: {found:.2f} dB at its offset {offset:g}, {unshifted:.2f} dB without{'' if fine else '   TOO LOW'}")
    return good and seen == [1, 2, 3]


def main():
    write_formats, dump_levels, slide = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        good = [compare_formats(write_formats, dump_levels, folder),
                reduced(dump_levels, slide, folder, "jpeg", {1: 40, 2: 40, 3: 40})]
        tissue = np.asarray(openslide.OpenSlide(slide).read_region((200, 200), 0, (1200, 1200)).convert("RGB"))
        for name, arguments, wanted in [("jpeg2000 5/3", {"level": 0, "reversible": True}, {1: 30, 2: 27, 3: 25}),
                                        ("jpeg2000 9/7", {"level": 40, "reversible": False}, {1: 37, 2: 38, 3: 36})]:
            path = os.path.join(folder, "tissue.svs")
            tifffile.imwrite(path, tissue, tile=(240, 240), photometric="rgb", compression=33005, description="Aperio |MPP = 0.5", metadata=None,
                             compressionargs=arguments | {"codecformat": "j2k"})
            good.append(reduced(dump_levels, path, folder, name, wanted))
    sys.exit(0 if all(good) else 1)


main()
