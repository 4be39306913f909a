# SPDX-License-Identifier: Apache-2.0
"""regions.geojson by the rules of QuPath's reader: UUIDs, object types, colours with every class, closed rings, finite numbers.

Usage: check_regions.py FOLDER
"""
import json
import pathlib
import sys
import uuid


def refuse_constant(name):
    raise ValueError(f"{name} is not JSON")


def main():
    text = (pathlib.Path(sys.argv[1]) / "regions.geojson").read_text(encoding="utf-8")
    collection = json.loads(text, parse_constant=refuse_constant)
    assert collection["type"] == "FeatureCollection"
    kinds = {"tile": 0, "annotation": 0}
    holes = 0
    for feature in collection["features"]:
        assert feature["type"] == "Feature" and uuid.UUID(feature["id"]).version == 5
        assert feature["geometry"]["type"] == "Polygon"
        for ring in feature["geometry"]["coordinates"]:
            assert len(ring) >= 5 and ring[0] == ring[-1], ring
        properties = feature["properties"]
        kinds[properties["objectType"]] += 1
        assert properties["isLocked"] is True
        assert all(isinstance(value, (int, float)) for value in properties["measurements"].values())
        if properties["objectType"] == "tile":
            assert "classification" not in properties
            assert 0 < properties["measurements"]["attention_percentile"] <= 100
        else:
            holes += len(feature["geometry"]["coordinates"]) - 1
            assert set(properties["classification"]) == {"name", "color"}
            assert all(0 <= channel <= 255 for channel in properties["classification"]["color"])
    assert kinds == {"tile": 600, "annotation": 1}, kinds
    assert holes == 1, holes
    assert len({feature["id"] for feature in collection["features"]}) == 601
    print(kinds, "holes:", holes)


main()
