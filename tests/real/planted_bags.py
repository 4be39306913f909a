# SPDX-License-Identifier: Apache-2.0
# Finished slides with features of one's own choice, everything else as in one of the world's: cohorts whose truth is known.
import hashlib, json, shutil

import h5py
from world import BAGS, check


def template():
    paths = sorted((BAGS / "slides").glob("*/features.h5"))
    check(paths, "the world has bags")
    return paths[0]


def planted_bag(folder, patient, values):
    """Slide PATIENT-S1 below `folder`, with these features (tiles, numbers)."""
    source, tiles, slide = template(), len(values), f"{patient}-S1"
    folder = folder / "slides" / slide
    folder.mkdir(parents=True)
    with h5py.File(source) as old, h5py.File(folder / "features.h5", "w") as new:
        new.attrs.update(old.attrs)
        new.attrs["slide_id"] = slide
        for name in old:
            if name != "quality":
                new[name] = values if name == "features" else old[name][:tiles] if len(old[name]) else old[name][:]
                new[name].attrs.update(old[name].attrs)
        new["quality/focus"] = old["quality/focus"][:tiles]
    shutil.copy(source.parent / "thumbnail.jpg", folder)
    document = json.loads((source.parent / "findings.json").read_text())
    document["slide"] |= {"id": slide, "patient_id": patient, "sample_id": None}
    document["artifacts"] = [artifact for artifact in document["artifacts"] if artifact["role"] in ("features", "thumbnail")]
    for artifact in document["artifacts"]:
        data = (folder / artifact["path"]).read_bytes()
        artifact |= {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    (folder / "findings.json").write_text(json.dumps(document))
