# SPDX-License-Identifier: Apache-2.0
"""A tile classifier's CSV and GeoJSON as Python's csv and json read them, against the numbers that went in.

Usage: check_tiles.py FOLDER with NAME.csv, NAME.geojson, NAME.coords (int64) and NAME.probabilities (float32); tiles are 257 pixels wide.
"""
import array
import csv
import json
import pathlib
import sys
import uuid

SIDE = 257
CASES = {  # classes, origin of the slide's bounds
    "odd": (["a,b", 'say "x"', "größe", "two\nlines", " "], (300, 500)),
    "one": (["mitosis"], (0, 0)),
    "two": (["notumor", "tumor"], (0, 0)),
}


def numbers(path, kind):
    out = array.array(kind)
    out.frombytes(path.read_bytes())
    return out


def as_float32(value):
    return array.array("f", [value])[0]


def refuse_constant(name):
    raise ValueError(f"{name} is not JSON")


def unique(pairs):
    keys = [key for key, _ in pairs]
    assert len(set(keys)) == len(keys), f"a key twice: {keys}"
    return dict(pairs)


def check_csv(path, classes, corners, rows):
    text = path.read_bytes().decode("utf-8")
    assert "\r" not in text and text.endswith("\n")
    with path.open(newline="", encoding="utf-8") as file:
        found = list(csv.reader(file))
    assert found[0] == ["minx", "miny", "width", "height"] + [f"prob_{name}" for name in classes], found[0]
    assert len(found) == len(corners) + 1
    for line, corner, row in zip(found[1:], corners, rows):
        assert [int(field) for field in line[:4]] == [*corner, SIDE, SIDE], line
        assert [as_float32(float(field)) for field in line[4:]] == row, (line, row)


def check_geojson(path, classes, origin, corners, rows):
    collection = json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse_constant, object_pairs_hook=unique)
    assert list(collection) == ["type", "model", "origin", "features"] and collection["type"] == "FeatureCollection"
    assert collection["model"] == {"name": "tiler", "sha256": "d" * 64}
    assert collection["origin"] == ("bounds" if any(origin) else "level0")
    assert len(collection["features"]) == len(corners)
    for feature, (x, y), row in zip(collection["features"], corners, rows):
        left, top = x - origin[0], y - origin[1]
        assert set(feature) == {"type", "id", "geometry", "properties"} and feature["type"] == "Feature"
        assert uuid.UUID(feature["id"]).version == 5 and feature["geometry"]["type"] == "Polygon"
        (ring,) = feature["geometry"]["coordinates"]
        assert len(ring) == 5 and ring[0] == ring[-1], ring
        assert {tuple(point) for point in ring} == {(a, b) for a in (left, left + SIDE) for b in (top, top + SIDE)}, ring
        assert all((a[0] == b[0]) != (a[1] == b[1]) for a, b in zip(ring, ring[1:])), ring
        properties = feature["properties"]
        assert set(properties) == {"objectType", "isLocked", "measurements"}, properties
        assert properties["objectType"] == "tile" and properties["isLocked"] is True
        assert list(properties["measurements"]) == [f"prob_{name}" for name in classes]
        assert [as_float32(value) for value in properties["measurements"].values()] == row
    assert len({feature["id"] for feature in collection["features"]}) == len(corners)


def main():
    folder = pathlib.Path(sys.argv[1])
    assert sorted(path.stem for path in folder.glob("*.csv")) == sorted(CASES)
    for name, (classes, origin) in CASES.items():
        coords, p = numbers(folder / f"{name}.coords", "q"), numbers(folder / f"{name}.probabilities", "f").tolist()
        corners = list(zip(coords[::2], coords[1::2]))
        rows = [p[i : i + len(classes)] for i in range(0, len(p), len(classes))]
        assert len(corners) == len(rows) == 600
        check_csv(folder / f"{name}.csv", classes, corners, rows)
        check_geojson(folder / f"{name}.geojson", classes, origin, corners, rows)
        print(f"{name}: {len(rows)} tiles of {len(classes)} classes equal in both files")


main()
