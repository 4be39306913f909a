# SPDX-License-Identifier: Apache-2.0
# Tiles of a real slide that the codec decoded at a fraction give the features of those averaged from the full decoding.
# A target a hundred-thousandth off the power of two is not decoded at a fraction, and moves a tile's far edge by 1/200 of a pixel.
import os, pathlib

import h5py, numpy

from world import ENCODER, check, findings_of, fresh, microtome

ARCHIVE = pathlib.Path(os.environ["MICROTOME_SHARED"]) / "slides"
SLIDE = "CMU-1-Small-Region"  # 0.499 um/px
LEAST_COSINE = 0.999
out = fresh("codec_scaling")


def features(name, tile_px, mpp, resampling, *words):
    microtome("run", "--archive", ARCHIVE, "--output", out / name, *ENCODER, "--tile-px", tile_px, "--mpp", mpp, *words, exits=(3,))
    document = findings_of(out / name)[SLIDE]
    check(document["tiling"]["resampling"] == resampling, f"{name}: the document says {document['tiling']}, wanted {resampling}")
    check(document["tiling"]["level"] == 0, f"{name}: the document names level {document['tiling']['level']}, and the file has one")
    check(document["slide"]["reader"].startswith("tiff, libjpeg-turbo "), f"{name}: read by {document['slide']['reader']}")
    with h5py.File(out / name / "slides" / SLIDE / "features.h5") as file:
        return file["coords"][:], file["features"][:].astype(float)


def compare(what, one, other):
    check((abs(one[0] - other[0]) <= 1).all() and len(one[0]) > 20, f"{what}: not the same tiles: {len(one[0])} and {len(other[0])}")
    centre = other[1].mean(0)

    def cosine(a, b):
        return ((a * b).sum(1) / numpy.linalg.norm(a, axis=1) / numpy.linalg.norm(b, axis=1)).min()
    least = cosine(one[1], other[1])
    print(f"{what}: {len(one[1])} tiles, least cosine {least:.6f}, about the tiles' mean {cosine(one[1] - centre, other[1] - centre):.5f}")
    check(least >= LEAST_COSINE, f"{what}: least cosine {least}")


for times in (2, 4):
    exact = features(f"codec_{times}", 256 // times, 0.499 * times, f"codec-1/{times}")
    compare(f"1/{times} on the grid", exact, features(f"full_{times}", 256 // times, 0.499 * times * 1.00001, "area"))
near = features("near", 128, 1.0, "codec-1/2+area", "--tiling.codec_scaling", "near")
compare("near 1/2", near, features("exact", 128, 1.0, "area"))
