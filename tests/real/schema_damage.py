# SPDX-License-Identifier: Apache-2.0
# What the checks of schemas share: documents that the program writes have to pass, the same documents damaged have to be refused.
import copy, json

import jsonschema_rs
from jsonschema import Draft202012Validator
from world import SOURCE, check, microtome


def refuse_constant(name):
    raise ValueError(f"{name} is not JSON")


def load(name):
    schema = json.loads((SOURCE / "configs" / "schemas" / name).read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def objects(node, path=()):
    """Every object of the document with its path."""
    if isinstance(node, dict):
        yield path, node
    if isinstance(node, (dict, list)):
        for key, value in node.items() if isinstance(node, dict) else enumerate(node):
            yield from objects(value, path + (key,))


def put(key, value):
    return lambda place: place.__setitem__(key, value)


class SchemaCheck:
    """One schema, the documents made so far and how many damaged ones it refused.
    `open_paths`: objects whose keys are names of folds or columns; those of levels are known. `optional`: keys that a document may lack."""

    def __init__(self, schema, open_paths, optional):
        self.validator = load(schema)
        self.quick = jsonschema_rs.Draft202012Validator(self.validator.schema)  # thousands of damaged documents
        self.open_paths, self.optional = open_paths, optional
        self.documents, self.refused = {}, 0

    def evaluate(self, folder, *words):
        """Runs `evaluate`; its metrics.json has to be valid and is kept under the folder's name."""
        microtome("evaluate", *words, "--output", folder)
        self.keep(folder.name, folder / "metrics.json")

    def keep(self, name, path):
        """The document has to be valid."""
        document = json.loads(path.read_text(), parse_constant=refuse_constant)
        errors = [f"{list(error.path)}: {error.message}" for error in self.validator.iter_errors(document)]
        check(not errors, f"{name}:\n" + "\n".join(errors))
        check(self.quick.is_valid(document), f"{name}: two validators do not agree")
        self.documents[name] = document

    def damaged(self, name, path, change):
        document = copy.deepcopy(self.documents[name])
        place = document
        for step in path:
            place = place[step]
        change(place)
        return document

    def must_refuse(self, document, what):
        check(not self.quick.is_valid(document), f"accepted: {what}")
        self.refused += 1

    def refuse_change(self, name, path, change, what):
        self.must_refuse(self.damaged(name, path, change), f"{name}: {path} {what}")

    def refuse_value(self, name, path, value):
        self.refuse_change(name, path[:-1], put(path[-1], value), f"{path[-1]} = {str(value)[:60]}")

    def is_open(self, path):
        return path in self.open_paths or path[-1:] == ("levels",)

    def kinds(self, name):
        """Objects with their paths, one of each kind: one fold is like another."""
        seen = set()
        for path, node in objects(self.documents[name]):
            kind = tuple("any" if self.is_open(path[:depth]) else step for depth, step in enumerate(path))
            if kind not in seen:
                seen.add(kind)
                yield path, node

    def refuse_all_damage(self, *names):
        """A key too many, each key missing, each value of another type."""
        for name in names:
            for path, node in self.kinds(name):
                if not self.is_open(path):
                    self.refuse_change(name, path, put("surprise", 1), "with an unknown key")
                    for key in set(node) - self.optional:
                        self.refuse_change(name, path, lambda place: place.__delitem__(key), f"without {key}")
                for key in node:
                    self.refuse_change(name, path, put(key, [["wrong"]]), f"with a wrong {key}")

    def refused_by(self, schema):
        """The other kind's schema takes none of the documents, not even under its own task."""
        other = load(schema)
        task = other.schema["properties"]["task"]["const"]
        for name, document in self.documents.items():
            for told in (document, document | {"task": task}):
                check(not other.is_valid(told), f"{schema} accepted {name} as {told['task']}")
                self.refused += 1

    def report(self):
        print(f"{len(self.documents)} documents valid, {self.refused} damaged ones refused")
