# SPDX-License-Identifier: Apache-2.0
# heatmap.tif opens in openslide-python and in tifffile as a pyramid with the right scale, and lies on the slide to the pixel.
import h5py, numpy, openslide, tifffile

from world import HELD_OUT, check, fresh, microtome, predict_held_out, slide_paths


def painted(coords, side, slide_size, downsample):
    """True where the middle of a heatmap pixel lies in a tile."""
    width, height = (-(-n // downsample) for n in slide_size)
    x, y = (numpy.arange(width) + 0.5) * downsample, (numpy.arange(height) + 0.5) * downsample
    mask = numpy.zeros((height, width), bool)
    for left, top in coords:
        mask |= ((y >= top) & (y < top + side))[:, None] & ((x >= left) & (x < left + side))[None, :]
    return mask


def resolution_mpp(page):
    tags = page.tags
    check(tags["ResolutionUnit"].value == 3, f"the unit of resolution is {tags['ResolutionUnit'].value}, not centimetres")
    values = [tags[name].value[0] / tags[name].value[1] for name in ("XResolution", "YResolution")]
    check(values[0] == values[1], f"resolution differs in x and y: {values}")
    return 1e4 / values[0]


def compare(heatmap, slide_path, bag):
    with openslide.OpenSlide(slide_path) as slide:
        size, mpp = slide.dimensions, float(slide.properties["openslide.mpp-x"])
    with h5py.File(bag) as file:
        coords, side = file["coords"][:], float(file["coords"].attrs["patch_size_level0"])
    with tifffile.TiffFile(heatmap) as tiff:
        pages = [page.asarray() for page in tiff.pages]
        check(len(pages) >= 2 and all(page.is_tiled for page in tiff.pages), f"{heatmap}: {len(pages)} tiled levels, at least two are wanted")
        scale = resolution_mpp(tiff.pages[0])
    downsample = round(scale / mpp)
    check(abs(scale / (mpp * downsample) - 1) < 1e-4 and downsample & (downsample - 1) == 0, f"{heatmap}: {scale} microns a pixel on a slide of {mpp}")
    wanted = painted(coords, side, size, downsample)
    check(pages[0].shape == (*wanted.shape, 4), f"{heatmap}: {pages[0].shape}, wanted {wanted.shape} RGBA")
    check(0 < wanted.mean() < 1, "the slide is all tiles or none: the comparison shows nothing")
    alpha = pages[0][..., 3]
    check(set(numpy.unique(alpha)) <= {0, 255}, f"{heatmap}: alpha is neither all nor nothing: {numpy.unique(alpha)}")
    check(((alpha > 0) == wanted).all(), f"{heatmap}: {((alpha > 0) != wanted).sum()} pixels of {wanted.size} are painted outside the tiles or left out inside")
    check(len(numpy.unique(pages[0][wanted], axis=0)) > 1, f"{heatmap}: one colour only")
    for larger, smaller in zip(pages, pages[1:]):
        check(all(abs(s - l / 2) <= 1 for l, s in zip(larger.shape[:2], smaller.shape[:2])), f"{heatmap}: {smaller.shape} is not half of {larger.shape}")
    with openslide.OpenSlide(heatmap) as image:
        check(image.level_count == len(pages) and image.dimensions == wanted.shape[::-1], f"OpenSlide sees {image.level_count} levels of {image.dimensions}")
        unit, resolution = (image.properties[f"tiff.{name}"] for name in ("ResolutionUnit", "XResolution"))
        check(unit == "centimeter" and abs(1e4 / float(resolution) / scale - 1) < 1e-4, f"OpenSlide sees {resolution} pixels a {unit}")
        for level in range(image.level_count):
            seen = numpy.asarray(image.read_region((0, 0), level, image.level_dimensions[level]))
            check(((seen[..., 3] > 0) == (pages[level][..., 3] > 0)).all(), f"{heatmap}: OpenSlide reads level {level} otherwise than tifffile")
    print(f"{heatmap.parent.name}: {len(pages)} levels, 1:{downsample}, {wanted.sum()} pixels painted by {len(coords)} tiles, to the pixel")


out = fresh("heatmap_overlay")
microtome(*predict_held_out(out))
slides = slide_paths(HELD_OUT)
check(len(slides) > 1, "there are held-out slides")
for slide_id, path in slides.items():
    compare(out / "slides" / slide_id / "heatmap.tif", path, out / "slides" / slide_id / "features.h5")
