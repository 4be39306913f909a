#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checkpoints as their authors save them, converted by workflows/convert_checkpoint.py: convert_checkpoint_test.py SOURCE FOLDER.

Every tensor must arrive bit by bit, the folder must compute what the checkpoint's network computes, and each file that cannot be converted must be
refused with its sentence, its exit code and nothing left behind.
"""
import contextlib
import hashlib
import importlib.util
import io
import json
import pickle
import shutil
import subprocess
import sys
from collections import OrderedDict
from pathlib import Path

import torch

SOURCE, FOLDER = Path(sys.argv[1]), Path(sys.argv[2])
SCRIPT = SOURCE / "workflows" / "convert_checkpoint.py"
SHA256 = "ab" * 32
GIVEN = {"--encoder-name": "resnet50", "--encoder-sha256": SHA256, "--tile-px": "256", "--mpp": "0.5"}


def module_of(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


oracle = module_of("aggregator_oracle", SOURCE / "tests" / "mil" / "aggregator_oracle.py")
sys.path.insert(0, str(SOURCE / "tests" / "mil"))
tables = module_of("table_oracle", SOURCE / "tests" / "mil" / "table_oracle.py")
converter = module_of("convert_checkpoint", SCRIPT)


def require(holds, sentence):
    if not holds:
        sys.exit(f"convert_checkpoint_test.py: {sentence}")


def read_safetensors(path):
    """By hand, so that it shares no code with the writer under test."""
    raw = path.read_bytes()
    start = 8 + int.from_bytes(raw[:8], "little")
    tensors = {}
    for key, entry in json.loads(raw[8:start]).items():
        require(entry["dtype"] == "F32", f"{path}: {key}: wanted F32, found {entry['dtype']}")
        first, last = entry["data_offsets"]
        tensors[key] = torch.frombuffer(bytearray(raw[start + first:start + last]), dtype=torch.float32).reshape(entry["shape"])
    return tensors


# --- checkpoints


def network(kind, sizes, outputs, seed=1):
    net = oracle.AGGREGATORS[kind](*sizes, outputs).float()
    oracle.randomise(net, torch.Generator().manual_seed(seed))
    return net


def as_clam_saved(state, wrapped=True):
    """DataParallel around attention_net, and the labels of the SVM loss."""
    saved = OrderedDict()
    for key, value in state.items():
        saved[key.replace("attention_net.", "attention_net.module.", 1) if wrapped else key] = value
    saved["instance_loss_fn.labels"] = torch.tensor([0, 1])
    return saved


def prefixed(state, prefix):
    return OrderedDict((prefix + key, value) for key, value in state.items())


def without_dropout(state):
    return OrderedDict((key.replace("attention_net.3.module.3.", "attention_net.3.module.2."), value) for key, value in state.items())


def same(state):
    return state


GOOD = [   # name, kind, (D, E, A), outputs, how it was saved
    ("clam sb small as published", "clam-sb", (1024, 512, 256), 2, as_clam_saved),
    ("clam sb big", "clam-sb", (64, 512, 384), 2, as_clam_saved),
    ("clam sb unwrapped", "clam-sb", (48, 32, 16), 3, lambda state: as_clam_saved(state, wrapped=False)),
    ("clam mb", "clam-mb", (48, 32, 16), 3, as_clam_saved),
    ("clam mb of 11", "clam-mb", (48, 32, 16), 11, as_clam_saved),
    ("clam sb plain, wrapped", "clam-sb-plain", (48, 32, 16), 2, as_clam_saved),
    ("clam sb plain, unwrapped", "clam-sb-plain", (48, 32, 16), 2, lambda state: as_clam_saved(state, wrapped=False)),
    ("clam sb plain without dropout", "clam-sb-plain", (48, 32, 16), 2, lambda state: as_clam_saved(without_dropout(state))),
    ("clam mb plain", "clam-mb-plain", (48, 32, 16), 2, as_clam_saved),
    ("clam wrapped as a whole", "clam-sb", (48, 32, 16), 2, lambda state: prefixed(state, "module.")),
    ("dsmil of two", "dsmil", (64, 64, 32), 2, same),
    ("transmil", "transmil", (48, 32, 32), 2, same),
    ("transmil as lightning saves it", "transmil", (48, 32, 32), 4, lambda state: {"state_dict": prefixed(state, "model."), "epoch": 3}),
    ("mil-lab abmil gated", "abmil-gated", (48, 32, 24), 2, lambda state: prefixed(state, "model.")),
    ("mil-lab abmil plain", "abmil", (48, 32, 24), 3, lambda state: prefixed(state, "model.")),
    ("abmil without prefix", "abmil-gated", (48, 32, 24), 2, same),
]


def words(checkpoint, out, classes, changes=()):
    options = GIVEN | {"--out": str(out), "--classes": ",".join(f"c{c}" for c in range(classes))} | dict(changes)
    return [str(checkpoint), *(word for pair in options.items() if pair[1] is not None for word in pair)]


def run(arguments):
    """In this process, as starting Python with torch for each file would take minutes. Exit code, stdout, stderr."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            converter.convert(converter.parse(arguments))
            code = 0
        except converter.Refused as refused:
            code = refused.code
            print(refused, file=sys.stderr)
        except SystemExit as left:      # argparse
            code = left.code
    return code, out.getvalue(), err.getvalue()


def converted(name, checkpoint, classes, changes=()):
    """Card and tensors of the folder."""
    out = FOLDER / "models" / name.replace(" ", "-")
    code, _, err = run(words(checkpoint, out, classes, changes))
    require(code == 0, f"{name}: wanted exit code 0, got {code}: {err}")
    require(sorted(file.name for file in out.iterdir()) == ["model.json", "weights.safetensors"], f"{name}: wanted two files")
    card = json.loads((out / "model.json").read_text(encoding="utf-8"))
    require(card["weights_sha256"] == hashlib.sha256((out / "weights.safetensors").read_bytes()).hexdigest(), f"{name}: wrong weights_sha256")
    require(card["training"]["converted_from"] == hashlib.sha256(checkpoint.read_bytes()).hexdigest(), f"{name}: wrong converted_from")
    tensors = read_safetensors(out / "weights.safetensors")
    mean, scale = tensors.pop("feature_scaler.mean"), tensors.pop("feature_scaler.scale")
    d = card["sizes"]["feature_dim"]
    require(torch.equal(mean, torch.zeros(d)) and torch.equal(scale, torch.ones(d)), f"{name}: wanted the identity scaler")
    return card, tensors


def bag_of(d):
    generator = torch.Generator().manual_seed(7)
    return torch.randn(90, d, generator=generator), oracle.grid_coords(90, generator)


def network_of(card, tensors):
    sizes = card["sizes"]
    net = oracle.AGGREGATORS[card["aggregator"]](sizes["feature_dim"], sizes["embed_dim"], sizes["attention_dim"], len(card["classes"])).float()
    net.load_state_dict(tensors, strict=True)
    return net


def check_good(name, kind, sizes, outputs, save, zipped):
    net = network(kind, sizes, outputs)
    checkpoint = FOLDER / f"{name.replace(' ', '-')}.{'zip' if zipped else 'legacy'}.pt"
    torch.save(save(net.state_dict()), checkpoint, _use_new_zipfile_serialization=zipped)
    require(checkpoint.read_bytes().startswith(b"PK") == zipped, f"{name}: the test wanted the other form")
    label = f"{name} {'zip' if zipped else 'legacy'}"
    card, tensors = converted(label, checkpoint, outputs)
    wanted = {"feature_dim": sizes[0], "embed_dim": sizes[1], "attention_dim": sizes[2]}
    require(card["aggregator"] == kind and card["training"]["kind"] == kind, f"{label}: wanted {kind}, found {card['aggregator']}")
    require(card["sizes"] == wanted, f"{label}: wanted sizes {wanted}, found {card['sizes']}")
    require(card["classes"] == [f"c{c}" for c in range(outputs)] and card["tiling"] == {"tile_px": 256, "mpp": 0.5}, f"{label}: wrong card {card}")
    require(card["encoder"] == {"name": "resnet50", "sha256": SHA256, "random_weights": False}, f"{label}: wrong encoder {card['encoder']}")
    state = net.state_dict()
    require(set(state) == set(tensors), f"{label}: wanted keys {sorted(state)}, found {sorted(tensors)}")
    for key, value in state.items():
        require(value.shape == tensors[key].shape and value.numpy().tobytes() == tensors[key].numpy().tobytes(), f"{label}: {key} differs")
    with torch.no_grad():
        before, after = net(*bag_of(sizes[0])), network_of(card, tensors)(*bag_of(sizes[0]))
    require(torch.equal(before.logits, after.logits) and torch.equal(before.attention, after.attention), f"{label}: another forward result")


def check_same_card_as_oracle():
    """model.json is what the oracle writes too, key by key and in this order."""
    checkpoint = FOLDER / "card.pt"
    torch.save(network("clam-sb", (48, 32, 16), 2).state_dict(), checkpoint)
    card, _ = converted("card", checkpoint, 2)

    def shape(value):
        return [(key, shape(inner)) for key, inner in value.items()] if isinstance(value, dict) else type(value)
    ours, theirs = shape(card | {"training": {}}), shape(oracle.card("clam-sb", (48, 32, 16), 2, "00"))
    require(ours == theirs, f"wanted a card like {theirs}, found {ours}")


def check_dsmil_of_one(zipped):
    """Its one output is the positive class: the second logit is that output, the first is 0, so that softmax gives the sigmoid."""
    net = network("dsmil", (64, 64, 32), 1)
    checkpoint = FOLDER / f"aggregator.{zipped}.pth"
    torch.save(net.state_dict(), checkpoint, _use_new_zipfile_serialization=zipped)
    card, tensors = converted(f"dsmil of one {zipped}", checkpoint, 2)
    shapes = tensors["b_classifier.fcc.weight"].shape, tensors["i_classifier.fc.0.weight"].shape
    require(shapes == ((2, 2, 64), (2, 64)), f"DSMIL of one: wanted two outputs, found {shapes}")
    for key in tensors:
        whole, part = tensors[key], net.state_dict()[key]
        if "b_classifier.q" not in key:
            whole = whole[1, 1:] if key == "b_classifier.fcc.weight" else whole[1:]
            rest = tensors[key].count_nonzero() - whole.count_nonzero()
            require(rest == 0, f"DSMIL of one: {key}: wanted zeros for the negative class")
        require(torch.equal(whole.reshape(-1), part.reshape(-1)), f"DSMIL of one: {key} differs")
    with torch.no_grad():
        one, two = net(*bag_of(64)), network_of(card, tensors)(*bag_of(64))
    require(two.logits[0] == 0, f"DSMIL of one: wanted logit 0 of the negative class, found {two.logits[0]}")
    require(torch.allclose(two.attention[:, 1], one.attention[:, 0], rtol=1e-5), "DSMIL of one: wanted the same attention")
    require(abs(float(two.logits[1] - one.logits[0])) < 1e-6, f"DSMIL of one: wanted logit {one.logits}, found {two.logits}")
    require(abs(float(two.logits.softmax(0)[1] - one.logits[0].sigmoid())) < 1e-6, "DSMIL of one: wanted the same probability")


def check_safetensors():
    """MIL-Lab publishes its weights in this form."""
    net, checkpoint = network("abmil-gated", (48, 32, 24), 2), FOLDER / "mil-lab.safetensors"
    oracle.write_safetensors(checkpoint, prefixed(net.state_dict(), "model."))
    _, tensors = converted("safetensors", checkpoint, 2)
    require(all(torch.equal(value, tensors[key]) for key, value in net.state_dict().items()), "safetensors: a tensor differs")


GROUPS = [[0, 1, 2, 3], [2, 4], [5, 6, 7, 8, 9, 0], [10]]
SIGNATURES = {"name": "rna", "units": "z", "features": [f"G{i}" for i in range(11)], "mean": [0.5] * 11, "scale": [2.0] * 11,
              "groups": [{"name": f"signature {g}", "features": [f"G{i}" for i in group]} for g, group in enumerate(GROUPS)]}


def mcat(fusion="concat", sizes=(24, 16, 12)):
    case = {"aggregator": "mcat", "fusion": fusion, "sizes": sizes, "classes": 4, "tables": [(11, "groups", sizes[1], GROUPS)]}
    net = tables.Mcat(case).float()
    oracle.randomise(net, torch.Generator().manual_seed(5))
    return net


def mcat_state(net):
    """As published: nothing stands in for what is missing."""
    return OrderedDict((key, value.data) for key, value in tables.keyed(net) if not key.endswith("null"))


def mcat_words(changes=()):
    (FOLDER / "signatures.json").write_text(json.dumps(SIGNATURES))
    return {"--classes": None, "--table": str(FOLDER / "signatures.json"), "--months": "10,20.5,40,90", "--risk-cut": "-2.5"} | dict(changes)


def check_mcat(fusion, save):
    net, checkpoint, name = mcat(fusion), FOLDER / f"mcat-{fusion}.pt", f"mcat {fusion}"
    torch.save(save(mcat_state(net)), checkpoint)
    card, tensors = converted(name, checkpoint, 4, mcat_words())
    require(card["aggregator"] == "mcat" and card["fusion"] == fusion and card["classes"] == ["risk"], f"{name}: wrong card {card}")
    require(card["sizes"] == {"feature_dim": 24, "embed_dim": 16, "attention_dim": 12}, f"{name}: wrong sizes {card['sizes']}")
    require(card["survival"] == {"form": "hazards", "months": [10, 20.5, 40, 90], "baseline": [], "risk_cut": -2.5}, f"{name}: wrong survival")
    table = card["modalities"][0]
    require([group["features"] for group in table["groups"]] == GROUPS and table["encoder"] == "groups" and table["dim"] == 16, f"{name}: wrong table")
    require(not tensors["tables.0.null"].any() and not tensors["tiles.null"].any(), f"{name}: wanted zeros for what is missing")
    state = mcat_state(net)
    require(set(state) == set(tensors) - {"tables.0.null", "tiles.null"}, f"{name}: wanted the keys of the checkpoint, found {sorted(tensors)}")
    require(all(torch.equal(value, tensors[key]) for key, value in state.items()), f"{name}: a tensor differs")


def check_refused_mcat():
    good, out = FOLDER / "mcat-good.pt", FOLDER / "none" / "model"
    torch.save(mcat_state(mcat()), good)
    for changes, code, parts in [
            ({"--table": None, "--classes": "a,b,c,d"}, 2, ["--table", "got nothing"]),
            ({"--classes": "a,b,c,d"}, 2, ["--classes", "beside --table"]),
            ({"--months": None}, 2, ["--months", "4 ascending"]),
            ({"--months": "1,2,3"}, 2, ["--months", "4 ascending", "1,2,3"]),
            ({"--months": "4,3,2,1"}, 2, ["--months"]),
            ({"--risk-cut": None}, 2, ["--risk-cut"]),
            ({"--risk-cut": "1"}, 2, ["--risk-cut", "from -4 to 0"]),
            ({"--table": str(FOLDER / "absent.json")}, 4, ["absent.json", "JSON object"])]:
        require_refused(str(changes), words(good, out, 4, mcat_words(changes)), code, parts, out)
    for key, value, part in [("features", ["a", "a"], "different names"), ("mean", [0] * 10, "mean, 11 numbers"), ("scale", [0.0] * 11, "above 0"),
                             ("groups", 3, "groups"), ("groups", SIGNATURES["groups"][:3], "groups of 4, 2, 6, 1"),
                             ("groups", [SIGNATURES["groups"][0] | {"features": ["X", "G1", "G2", "G3"]}, *SIGNATURES["groups"][1:]], "not listed: X")]:
        arguments = words(good, out, 4, mcat_words())
        (FOLDER / "signatures.json").write_text(json.dumps(SIGNATURES | {key: value}))
        require_refused(f"{key} {value}", arguments, 4, ["signatures.json", part], out)
    clam = FOLDER / "clam-with-table.pt"
    torch.save(network("clam-sb", (48, 32, 16), 2).state_dict(), clam)
    require_refused("clam with a table", words(clam, out, 2, mcat_words()), 2, ["--table", "the checkpoint is a clam-sb"], out)


# --- refusals


class Runs:
    """A checkpoint that would run code if it were unpickled."""

    def __reduce__(self):
        return (Path.touch, (FOLDER / "code-was-run",))


def edited(state, changes):
    state = OrderedDict(state)
    for key, value in changes.items():
        if value is None:
            del state[key]
        else:
            state[key] = value
    return state


def with_one(tensor, value):
    tensor = tensor.clone()
    tensor.view(-1)[3] = value
    return tensor


def fusion_state():
    keys = ("wsi_net.0.weight", "sig_networks.0.0.0.weight", "coattn.in_proj_weight", "classifier.weight")
    return {key: torch.zeros(4, 4) for key in keys}


def refused_files():
    """name, what the file holds (bytes, or an object for torch.save), exit code, parts of the sentence."""
    clam, dsmil = network("clam-sb", (48, 32, 16), 2).state_dict(), network("dsmil", (48, 48, 16), 2).state_dict()
    transmil, abmil = network("transmil", (48, 32, 32), 2).state_dict(), network("abmil-gated", (48, 32, 16), 2).state_dict()
    first = "attention_net.0.weight"
    yield "unknown key", edited(clam, {"extra.weight": torch.zeros(2)}), 4, ["keys of clam-sb", "unknown: extra.weight"]
    yield "missing key", edited(clam, {"instance_classifiers.1.bias": None}), 4, ["missing: instance_classifiers.1.bias"]
    yield "other shape", edited(clam, {"attention_net.3.attention_b.0.weight": torch.zeros(17, 32)}), 4, \
        ["attention_b.0.weight of shape [16, 32]", "[17, 32]"]
    yield "scalar weight", edited(clam, {first: torch.tensor(1.0)}), 4, [first]
    yield "float16", edited(clam, {"classifiers.bias": clam["classifiers.bias"].half()}), 4, ["classifiers.bias as dense float32", "float16"]
    yield "float64", edited(dsmil, {"b_classifier.fcc.bias": dsmil["b_classifier.fcc.bias"].double()}), 4, ["b_classifier.fcc.bias", "float64"]
    yield "sparse", edited(clam, {first: clam[first].to_sparse()}), 4, [first, "sparse"]
    yield "nan", edited(transmil, {"cls_token": with_one(transmil["cls_token"], float("nan"))}), 4, ["finite", "cls_token"]
    yield "infinity", edited(abmil, {"classifier.weight": with_one(abmil["classifier.weight"], float("inf"))}), 4, ["finite", "classifier.weight"]
    yield "two names", edited(clam, {"attention_net.module.0.weight": clam[first]}), 4, [first, "two names"]
    yield "resnet", {"conv1.weight": torch.zeros(64, 3, 7, 7), "fc.weight": torch.zeros(2, 512)}, 4, ["another architecture", "conv1.weight, fc.weight"]
    yield "mcat of a few keys", fusion_state(), 4, ["keys of mcat", "missing"]
    yield "mcat with more", edited(mcat_state(mcat()), {"extra.weight": torch.zeros(2)}), 4, ["keys of mcat", "unknown: extra.weight"]
    yield "mcat in a wrapper", {"state_dict": prefixed(fusion_state(), "module.")}, 4, ["keys of mcat"]
    yield "survpath", {"sig_networks.0.0.0.weight": torch.zeros(4, 4)}, 4, ["fusion model", "only MCAT"]
    yield "porpoise", {key: torch.zeros(2, 2) for key in ("attention_net.1.weight", "fc_omic.0.0.weight", "mm.linear_h1.0.weight")}, 4, ["fusion model"]
    yield "patch-gcn", network("patch-gcn", (48, 32, 16), 4).state_dict(), 4, ["Patch-GCN", "survival", "later release"]
    yield "dsmil with values", edited(dsmil, {"b_classifier.v.1.weight": torch.zeros(48, 48)}), 4, ["value network"]
    yield "mil-lab clam", edited(abmil, {"instance_classifiers.0.weight": torch.zeros(2, 32)}), 4, ["another of MIL-Lab's models"]
    yield "headless", edited(abmil, {"classifier.weight": None, "classifier.bias": None}), 4, ["wanted a classifier", "FEATHER"]
    yield "transmil of 36", network_of_36(), 4, ["its 8 heads divide", "36 wide"]
    yield "other values", clam | {"epoch": 3}, 4, ["tensors only", "epoch"]
    yield "a list", [clam], 4, ["wanted a state_dict", "list"]
    yield "nothing", {}, 4, ["wanted a state_dict", "nothing"]
    yield "code", {"weight": Runs()}, 4, ["plain tensors", "run code"]
    yield "raw pickle of code", pickle.dumps(Runs()), 4, ["plain tensors"]
    yield "garbage", b"\x89PNG and so on", 4, ["wanted a"]
    yield "empty file", b"", 4, ["wanted a checkpoint"]
    yield "torn zip", torn(clam, True), 4, ["wanted a checkpoint that torch.save wrote"]
    yield "torn legacy", torn(clam, False), 4, ["wanted a"]


def network_of_36():
    """Its own width, with eight heads that cannot share it evenly."""
    state = network("transmil", (48, 32, 32), 2).state_dict()
    wider = {}
    for key, value in state.items():
        shape = [{32: 36, 96: 108}.get(size, size) for size in value.shape]
        wider[key] = torch.zeros(shape)
    return wider


def torn(state, zipped):
    file = io.BytesIO()
    torch.save(state, file, _use_new_zipfile_serialization=zipped)
    return file.getvalue()[:len(file.getvalue()) // 2]


def require_refused(name, arguments, code, parts, out):
    found, stdout, err = run(arguments)
    require(found == code, f"{name}: wanted exit code {code}, got {found}: {err}")
    for part in parts:
        require(part in err, f"{name}: wanted '{part}' in the sentence, found: {err}")
    require("Traceback" not in err and not stdout, f"{name}: wanted a sentence only, found: {stdout}{err}")
    left = [] if not out.parent.is_dir() else [file.name for file in out.parent.iterdir()]
    require(not left, f"{name}: wanted nothing left behind, found {left}")


def check_refused_files():
    for name, content, code, parts in refused_files():
        checkpoint, out = FOLDER / "refused.pt", FOLDER / "none" / "model"
        checkpoint.write_bytes(content) if isinstance(content, bytes) else torch.save(content, checkpoint)
        require_refused(name, words(checkpoint, out, 2), code, parts, out)
    require(not (FOLDER / "code-was-run").exists(), "a checkpoint's code was run")
    out = FOLDER / "none" / "model"
    require_refused("no file", words(FOLDER / "absent.pt", out, 2), 4, ["absent.pt", "No such file"], out)


def check_refused_words():
    checkpoint, out = FOLDER / "good.pt", FOLDER / "none" / "model"
    torch.save(network("clam-mb", (48, 32, 16), 3).state_dict(), checkpoint)
    for changes, code, parts in [
            ({"--classes": "a,b"}, 2, ["--classes", "3 outputs", "got 2"]),
            ({"--classes": "a,b,a"}, 2, ["--classes", "different names"]),
            ({"--classes": "a,,b"}, 2, ["--classes", "different names"]),
            ({"--classes": "a"}, 2, ["--classes", "two or more"]),
            ({"--classes": "a,b,\udcff"}, 2, ["--classes", "UTF-8"]),
            ({"--encoder-sha256": "12"}, 2, ["--encoder-sha256", "64 hexadecimal"]),
            ({"--encoder-name": ""}, 2, ["--encoder-name"]),
            ({"--tile-px": "0"}, 2, ["--tile-px"]),
            ({"--tile-px": "many"}, 2, ["--tile-px"]),
            ({"--mpp": "nan"}, 2, ["--mpp"]),
            ({"--mpp": "-0.5"}, 2, ["--mpp"]),
            ({"--aggregator": "clam-sb"}, 4, ["wanted clam-sb", "it is a clam-mb"]),
            ({"--aggregator": "mcat"}, 4, ["wanted mcat", "it is a clam-mb"]),
            *[({option: None}, 2, [option]) for option in (*GIVEN, "--classes")]]:
        require_refused(str(changes), words(checkpoint, out, 3, changes), code, parts, out)
    check_out_folder(checkpoint)
    one = FOLDER / "one.pt"
    torch.save(network("dsmil", (48, 48, 16), 1).state_dict(), one)
    require_refused("three names for one output", words(one, out, 3), 2, ["1 output, of the positive class", "got 3"], out)


def check_out_folder(checkpoint):
    taken = FOLDER / "taken"
    taken.mkdir()
    (taken / "mine").write_text("mine")
    code, _, err = run(words(checkpoint, taken, 3))
    require(code == 2 and "there is something already" in err and (taken / "mine").read_text() == "mine", f"taken folder: {code} {err}")
    code, _, err = run(words(checkpoint, taken / "mine" / "model", 3))
    require(code == 4 and "wanted to write the model folder" in err, f"folder below a file: {code} {err}")


def check_writing_fails_halfway():
    checkpoint, out = FOLDER / "good.pt", FOLDER / "none" / "model"
    true_card = converter.card

    def full(*_):
        raise OSError(28, "No space left on device")
    converter.card = full
    try:
        require_refused("full disk", words(checkpoint, out, 3), 4, ["No space left"], out)
    finally:
        converter.card = true_card


def check_command():
    """As users start it: exit codes and sentences come out of the process too, and --help shows examples."""
    def command(*arguments):
        return subprocess.run([sys.executable, str(SCRIPT), *arguments], capture_output=True, text=True)
    done = command("--help")
    require(done.returncode == 0 and "convert_checkpoint.py s_0_checkpoint.pt" in done.stdout, f"--help: wanted examples: {done.stdout}")
    out = FOLDER / "by-command"
    done = command(*words(FOLDER / "good.pt", out, 3, {"--aggregator": "clam-mb"}))
    require(done.returncode == 0 and (out / "model.json").is_file() and "clam-mb, 48 features, 3 classes" in done.stdout, f"by command: {done}")
    done = command(*words(FOLDER / "good.pt", out, 3))
    require(done.returncode == 2 and done.stderr.startswith("convert_checkpoint.py: ") and done.stderr.count("\n") == 1, f"again by command: {done}")
    done = command(*words(FOLDER / "refused.pt", FOLDER / "never", 2))
    require(done.returncode == 4 and done.stderr.startswith("convert_checkpoint.py: ") and "Traceback" not in done.stderr, f"refused by command: {done}")


def main():
    torch.set_num_threads(1)
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    for zipped in (True, False):
        for case in GOOD:
            check_good(*case, zipped)
        check_dsmil_of_one(zipped)
    check_safetensors()
    check_mcat("concat", same)
    check_mcat("kronecker", lambda state: prefixed(state, "module."))
    check_refused_mcat()
    check_same_card_as_oracle()
    check_refused_files()
    check_refused_words()
    check_writing_fails_halfway()
    check_command()
    print("convert_checkpoint_test.py: all passed")


main()
