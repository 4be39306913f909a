# SPDX-License-Identifier: Apache-2.0
"""heatmap.tif as two independent readers see it, against box averages that numpy makes of the raster.

Usage: check_heatmap.py FOLDER with NAME.tif and NAME.rgba (raw bytes); NAME is WIDTHxHEIGHT; microns per raster pixel are 7.984.
"""
import math
import pathlib
import sys

import numpy
import openslide
import tifffile

MPP = 7.984


def box_average(raster, factor):
    """Alpha is the mean over the box, colour the alpha-weighted mean; boxes are cut at the right and lower edge. Half rounds up."""
    height, width = raster.shape[:2]
    rows, columns = numpy.arange(0, height, factor), numpy.arange(0, width, factor)
    alpha = raster[..., 3].astype(numpy.int64)

    def sums(plane):
        return numpy.add.reduceat(numpy.add.reduceat(plane, rows, axis=0), columns, axis=1)

    count, total = sums(numpy.ones_like(alpha)), sums(alpha)
    out = numpy.zeros((len(rows), len(columns), 4), numpy.uint8)
    out[..., 3] = (2 * total + count) // (2 * count)
    safe = numpy.maximum(total, 1)
    for channel in range(3):
        mean = (2 * sums(raster[..., channel] * alpha) + safe) // (2 * safe)
        out[..., channel] = numpy.where(out[..., 3] > 0, mean, 0)
    return out


def seen_by_openslide(level):
    """OpenSlide hands out premultiplied bytes and its Python binding divides again; alpha 0 is all zero."""
    alpha = level[..., 3].astype(numpy.int64)
    out = level.copy()
    for channel in range(3):
        premultiplied = (level[..., channel].astype(numpy.int64) * alpha + 127) // 255
        divided = premultiplied * 255 // numpy.maximum(alpha, 1)
        out[..., channel] = numpy.where(alpha > 0, divided, 0)
    return out


def check(tif):
    width, height = map(int, tif.stem.split("x"))
    raster = numpy.frombuffer(tif.with_suffix(".rgba").read_bytes(), numpy.uint8).reshape(height, width, 4)
    assert (raster[..., 3] == 0).any() and (raster[..., 3] == 255).any()
    with tifffile.TiffFile(tif) as pages, openslide.OpenSlide(str(tif)) as slide:
        levels = len(pages.pages)
        assert levels >= 2, f"{levels} level"
        assert slide.level_count == levels, f"OpenSlide sees {slide.level_count} of {levels} levels"
        for k, page in enumerate(pages.pages):
            expected = box_average(raster, 2**k)
            assert page.is_tiled and page.compression == tifffile.COMPRESSION.ADOBE_DEFLATE
            assert bool(page.is_reduced) == (k > 0)
            assert page.tilewidth <= page.imagewidth and page.tilelength <= page.imagelength, "a level smaller than a tile"
            assert page.extrasamples == (tifffile.EXTRASAMPLE.UNASSALPHA,), page.extrasamples
            assert page.tags["ResolutionUnit"].value == tifffile.RESUNIT.CENTIMETER
            for tag in ("XResolution", "YResolution"):
                number, divisor = page.tags[tag].value
                assert math.isclose(10000 / (number / divisor), MPP * 2**k, rel_tol=1e-6), tag
            assert numpy.array_equal(page.asarray(), expected), f"tifffile: level {k} differs"
            assert not expected[expected[..., 3] == 0].any()
            size = slide.level_dimensions[k]
            assert size == (page.imagewidth, page.imagelength)
            read = numpy.asarray(slide.read_region((0, 0), k, size))
            assert numpy.array_equal(read, seen_by_openslide(expected)), f"OpenSlide: level {k} differs"
        assert math.isclose(10000 / float(slide.properties["tiff.XResolution"]), MPP, rel_tol=1e-5)
        assert slide.properties["tiff.ResolutionUnit"] == "centimeter"
    return levels


def main():
    files = sorted(pathlib.Path(sys.argv[1]).glob("*.tif"))
    assert len(files) == 9, files
    for tif in files:
        try:
            print(f"{tif.stem}: {check(tif)} levels equal in both readers")
        except AssertionError as error:
            raise SystemExit(f"{tif.stem}: {error}") from error
    print("OpenSlide", openslide.__library_version__)


main()
