# SPDX-License-Identifier: Apache-2.0
"""findings.json against its schema: what the program writes passes, and every kind of damage is refused.

Usage: check_findings.py SCHEMA FOLDER
"""
import copy
import json
import pathlib
import sys

from jsonschema import Draft202012Validator, FormatChecker


def refuse_constant(name):
    raise ValueError(f"{name} is not JSON")


def load(text):
    return json.loads(text, parse_constant=refuse_constant)


def objects(node, path=()):
    """Every object of the document with its path."""
    if isinstance(node, dict):
        yield path, node
        for key, value in node.items():
            yield from objects(value, path + (key,))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from objects(value, path + (index,))


def at(document, path):
    for step in path:
        document = document[step]
    return document


def main():
    schema = load(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema, format_checker=FormatChecker())
    folder = pathlib.Path(sys.argv[2])
    names = sorted(path.name for path in folder.glob("*.json"))
    assert names == ["failed.json", "multilabel.json", "no_model.json", "not_finite.json", "ok.json", "regression.json", "survival.json", "tiles_only.json"], names
    documents = {}
    for name in names:
        documents[name] = load((folder / name).read_text(encoding="utf-8"))
        errors = [f"{name}: {list(error.path)}: {error.message}" for error in validator.iter_errors(documents[name])]
        assert not errors, "\n".join(errors)

    refused = 0

    def must_refuse(document, what):
        nonlocal refused
        assert not validator.is_valid(document), f"accepted: {what}"
        refused += 1

    open_maps = {("quality",), ("software",), ("results", 0, "probabilities")}
    for good in (documents["ok.json"], documents["survival.json"], documents["regression.json"], documents["multilabel.json"]):
        for path, node in objects(good):
            if path not in open_maps:
                damaged = copy.deepcopy(good)
                at(damaged, path)["surprise"] = 1
                must_refuse(damaged, f"an unknown key in {path}")
                for key in node:
                    damaged = copy.deepcopy(good)
                    del at(damaged, path)[key]
                    must_refuse(damaged, f"{path} without {key}")
            for key in node:
                damaged = copy.deepcopy(good)
                at(damaged, path)[key] = [["wrong"]]
                must_refuse(damaged, f"{path} with a wrong {key}")

    def must_refuse_values(good, values):
        for path, value in values:
            damaged = copy.deepcopy(good)
            at(damaged, path[:-1])[path[-1]] = value
            must_refuse(damaged, f"{path} = {value!r}")

    survival = ("results", 0, "survival")
    must_refuse_values(documents["survival.json"],
                       [(survival, None), (survival + ("group",), "middle"), (survival + ("survival", 0), 1.5), (survival + ("months", 0), -1), (("results", 0, "label"), "tumour"),
                        (("results", 0, "kind"), "classification"), (("results", 0, "completeness_gap"), -1), (("results", 0, "modalities", 0, "share"), "0.5"),
                        (("gene_status", 0, "status"), "maybe"), (("gene_status", 0, "rule"), "about 4"), (("gene_status", 0, "text"), "")])
    result = ("results", 0)
    must_refuse_values(documents["regression.json"], [(result + ("kind",), "classification"), (result + ("label",), None), (result + ("unit",), "1"), (result + ("threshold",), 0.5),
                        (result + ("probabilities",), {"tmb": 0.5}), (result + ("value",), "42"), (result + ("survival",), {})])
    must_refuse_values(documents["multilabel.json"], [(result + ("kind",), "classification"), (result + ("kind",), "regression"), (result + ("threshold",), None),
                        (result + ("probabilities",), {}), (result + ("value",), 0.5), (result + ("probabilities", "KRAS"), -0.1)])
    must_refuse_values(documents["ok.json"], [(("status",), "done"), (("schema_version",), 2), (("document_id",), "x"), (("created",), "yesterday"),
                        (("recipe",), "abc"), (("slide", "bytes"), -1), (("slide", "mpp"), 0), (("intended_use",), "Diagnosis."),
                        (("results", 0, "probabilities", "tumour"), 1.5), (("tile_classes", 0, "share"), 1.5), (("tile_classes", 0, "tiles"), -1), (("tile_classes", 0, "name"), ""),
                        (("tile_classes", 1, "mean_probability"), "0.5"), (("tile_classes", 1, "area_mm2"), -0.1),
                        (("artifacts", 0, "path"), "/etc/passwd"),
                        (("artifacts", 0, "path"), "../up.tif"), (("status",), "failed")])

    text = (folder / "ok.json").read_text(encoding="utf-8")
    for constant in ("NaN", "Infinity", "-Infinity"):
        damaged = text.replace('"area_mm2": 4.25', f'"area_mm2": {constant}')
        assert damaged != text
        try:
            load(damaged)
        except ValueError:
            refused += 1
        else:
            raise AssertionError(f"accepted: {constant}")
    print(f"{len(names)} documents valid, {refused} damaged ones refused")


main()
