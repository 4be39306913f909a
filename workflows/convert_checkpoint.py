#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes a model folder for `microtome run --model DIR` from a checkpoint of CLAM, DSMIL, TransMIL, MCAT or MIL-Lab's ABMIL.

  convert_checkpoint.py s_0_checkpoint.pt --out models/subtype --classes LUAD,LUSC --encoder-name resnet50-trunc --encoder-sha256 11ad..e0 \\
      --tile-px 256 --mpp 0.5
  convert_checkpoint.py aggregator.pth --out models/tumour --classes normal,tumour --encoder-name simclr --encoder-sha256 52c0..7b --tile-px 224 \\
      --mpp 0.5 --aggregator dsmil
  convert_checkpoint.py s_0_checkpoint.pt --out models/blca --table signatures.json --months 10.3,19.2,35.1,165.9 --encoder-name resnet50-trunc \
      --encoder-sha256 11ad..e0 --tile-px 256 --mpp 0.5

The file says which network it holds and how wide it is; --aggregator only demands one. What it does not say has to be given: classes in the order of
its outputs, the encoder of its features (name and sha256 as `microtome run` reports them), tile size and resolution. A DSMIL of one class, the
positive one, becomes a model of two: name the negative class first. An MCAT predicts survival and knows its genes by place only: --table is a JSON
object with name, units, features, mean and scale (a number a feature, of its training fold), and groups, a list of {name, features: [names]} in the
order of its signatures; --months are the right ends of its time bins; --risk-cut parts low from high risk.
Only tensors are read: no code of a checkpoint is run. Exit codes: 0 done, 2 usage, 4 checkpoint unusable. Needs Python with torch and numpy.
"""
import argparse
import hashlib
import json
import math
import pickle
import re
import shutil
import struct
import sys
import warnings
from pathlib import Path

EXIT_USAGE, EXIT_UNUSABLE = 2, 4
AGGREGATORS = ("clam-sb", "clam-mb", "clam-sb-plain", "clam-mb-plain", "dsmil", "transmil", "abmil-gated", "abmil", "mcat")
CARD_FILE, WEIGHTS_FILE = "model.json", "weights.safetensors"
TRANSMIL_HEADS, TRANSMIL_KERNEL = 8, 33

# Keys that only these have, and why they are not converted. In this order: the first one that fits speaks.
REFUSED_KINDS = (
    (r"(sig_networks|fc_omic|mm|classifier_mm|rna_embedder|rna_reconstruction)\b",
     "it is a fusion model of image and genes (PORPOISE, SurvPath, TANGLE): of these only MCAT is converted"),
    (r"layers\.\d+\.conv\.", "it is a Patch-GCN: its published checkpoints predict survival, which comes with a later release"),
    (r"b_classifier\.v\.", "it is a DSMIL with a value network: only the published form, without one, is converted"),
)


class Refused(Exception):
    """A sentence for the user; `code` is the exit code."""

    def __init__(self, sentence, code=EXIT_UNUSABLE):
        super().__init__(sentence)
        self.code = code


def usage(sentence):
    return Refused(sentence, EXIT_USAGE)


def parse(words):
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("checkpoint", type=Path, metavar="CHECKPOINT", help="a state_dict that torch.save wrote, or a .safetensors file")
    p.add_argument("--out", required=True, type=Path, metavar="DIR", help="a new folder")
    p.add_argument("--classes", metavar="A,B", help="names in the order of the outputs; not of MCAT")
    p.add_argument("--table", type=Path, metavar="JSON", help="of MCAT: its genes and signatures")
    p.add_argument("--months", metavar="A,B", help="of MCAT: right ends of its time bins")
    p.add_argument("--risk-cut", type=float, metavar="RISK", help="of MCAT: median risk of its training patients, -bins..0")
    p.add_argument("--encoder-name", required=True, metavar="NAME")
    p.add_argument("--encoder-sha256", required=True, metavar="HEX", help="of the encoder's model file")
    p.add_argument("--encoder-random-weights", action="store_true", help="the encoder was never trained: a rehearsal")
    p.add_argument("--tile-px", required=True, type=int, metavar="N", help="side of the tiles that were encoded")
    p.add_argument("--mpp", required=True, type=float, metavar="UM", help="their microns per pixel")
    p.add_argument("--aggregator", default="auto", choices=("auto", *AGGREGATORS), help="refuse any other network")
    return p.parse_args(words)


def check_arguments(a):
    if a.classes is None and a.table is None:
        raise usage("--classes: wanted two or more different names such as normal,tumour, got nothing")
    if a.classes is not None and a.table is not None:
        raise usage("--classes: wanted no names beside --table, which a survival model has: leave one of them out")
    a.classes = ["risk"] if a.classes is None else a.classes.split(",")
    if len(a.classes) < 2 and a.table is None or "" in a.classes or len(set(a.classes)) != len(a.classes):
        raise usage(f"--classes: wanted two or more different names such as normal,tumour, got '{','.join(a.classes)}'")
    if not a.encoder_name:
        raise usage("--encoder-name: wanted the encoder's name, got nothing")
    for option, text in (("--classes", "".join(a.classes)), ("--encoder-name", a.encoder_name)):
        if not text.isprintable():        # bytes that are no UTF-8 arrive as half characters, which no JSON may hold
            raise usage(f"{option}: wanted printable UTF-8 text, got {ascii(text)}")
    a.encoder_sha256 = a.encoder_sha256.lower()
    if not re.fullmatch("[0-9a-f]{64}", a.encoder_sha256):
        raise usage(f"--encoder-sha256: wanted 64 hexadecimal digits, got '{a.encoder_sha256}'")
    if not 1 <= a.tile_px < 2**31:
        raise usage(f"--tile-px: wanted 1 or more, got {a.tile_px}")
    if not (a.mpp > 0 and math.isfinite(a.mpp)):
        raise usage(f"--mpp: wanted microns per pixel above 0, got {a.mpp}")
    if a.out.exists() or a.out.is_symlink():
        raise usage(f"{a.out}: wanted a new folder: there is something already: choose another, or remove it")


# --- reading


def load(path):
    """Whatever the file holds, as long as it is made of tensors."""
    import torch
    try:
        path.open("rb").close()
    except OSError as error:
        raise Refused(f"{path}: wanted a checkpoint: {error.strerror or error}: check the path") from error
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file
            return load_file(str(path))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise Refused(f"{path}: wanted a file of plain tensors: it is damaged or holds Python objects, which could run code: save the model's "
                      "state_dict() alone") from error
    except Exception as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise Refused(f"{path}: wanted a checkpoint that torch.save wrote: {reason}: the file is damaged or of another kind") from error


def state_of(path):
    """Key to tensor, without the names that wrappers put in front of all of them."""
    import torch
    state = load(path)
    if isinstance(state, dict) and isinstance(state.get("state_dict"), dict):
        state = state["state_dict"]
    if not isinstance(state, dict) or not state:
        raise Refused(f"{path}: wanted a state_dict: it holds {'nothing' if isinstance(state, dict) else type(state).__name__}: save the model's "
                      "state_dict()")
    others = [str(key) for key, value in state.items() if not (isinstance(key, str) and isinstance(value, torch.Tensor))]
    if others:
        raise Refused(f"{path}: wanted tensors only: these are none: {listed(others)}: save the model's state_dict() alone")
    for prefix in ("module.", "model."):     # DataParallel around the whole network; MIL-Lab's and Lightning's own class around it
        if all(key.startswith(prefix) for key in state):
            state = {key.removeprefix(prefix): value for key, value in state.items()}
    return without_clam_wrapping(path, state)


def without_clam_wrapping(path, state):
    """CLAM put DataParallel around its attention net only. `.module.` further in belongs to the plain attention and stays."""
    if not any(key.startswith("attention_net.") for key in state):
        return state
    renamed = {}
    for key, value in state.items():
        if key.startswith("instance_loss_fn."):       # labels of the SVM loss, nothing learned
            continue
        if key.startswith("attention_net.module."):
            key = "attention_net." + key.removeprefix("attention_net.module.")
        if key.startswith("attention_net.3.module.2."):     # the plain attention without dropout counts one place less
            key = key.replace("attention_net.3.module.2.", "attention_net.3.module.3.")
        if key in renamed:
            raise Refused(f"{path}: wanted each tensor once: {key} is there under two names: save the model's state_dict() alone")
        renamed[key] = value
    return renamed


def listed(keys):
    keys = sorted(keys)
    return ", ".join(keys[:5]) + (f" and {len(keys) - 5} more" if len(keys) > 5 else "")


# --- which network


def kind_of(path, state):
    has = state.__contains__
    if has("coattn.in_proj_weight") and has("wsi_net.0.weight"):
        return "mcat"
    if has("attention_net.0.weight") and any(key.startswith("classifiers.") for key in state):
        return ("clam-mb" if has("classifiers.0.weight") else "clam-sb") + ("-plain" if has("attention_net.3.module.0.weight") else "")
    for pattern, sentence in REFUSED_KINDS:
        if any(re.match(pattern, key) for key in state):
            raise Refused(f"{path}: wanted a model of slides alone: {sentence}")
    if has("i_classifier.fc.0.weight") and has("b_classifier.fcc.weight"):
        return "dsmil"
    if has("_fc1.0.weight") and has("layer1.attn.to_qkv.weight"):
        return "transmil"
    if has("patch_embed.0.weight") and any(key.startswith("global_attn.") for key in state):
        return mil_lab_kind(path, state)
    raise Refused(f"{path}: wanted a checkpoint of CLAM, DSMIL, TransMIL, MCAT or MIL-Lab's ABMIL: it is of another architecture, with keys "
                  f"{listed(state)}")


def mil_lab_kind(path, state):
    if any(key.startswith("instance_classifiers.") for key in state):
        raise Refused(f"{path}: wanted MIL-Lab's ABMIL: it is another of MIL-Lab's models, a CLAM: only their ABMIL is converted")
    if "classifier.weight" not in state:
        raise Refused(f"{path}: wanted a classifier: it has none (a pretrained aggregator such as FEATHER ships without): train one on it first")
    return "abmil" if "global_attn.module.0.weight" in state else "abmil-gated"


def rows(state, key):
    """First size of a tensor; 1 where it is not there or has none, so that the check of shapes names it."""
    tensor = state.get(key)
    return tensor.shape[0] if tensor is not None and tensor.dim() > 0 else 1


def columns(state, key):
    tensor = state.get(key)
    return tensor.shape[1] if tensor is not None and tensor.dim() > 1 else 1


def linear(name, out, into):
    return {f"{name}.weight": (out, into), f"{name}.bias": (out,)}


def attention_keys(name, embed, hidden, branches, plain):
    if plain:
        return linear(f"{name}.module.0", hidden, embed) | linear(f"{name}.module.3", branches, hidden)
    return linear(f"{name}.attention_a.0", hidden, embed) | linear(f"{name}.attention_b.0", hidden, embed) | \
        linear(f"{name}.attention_c", branches, hidden)


def clam_plan(kind, state):
    plain, many = kind.endswith("-plain"), kind.startswith("clam-mb")
    embed, d = rows(state, "attention_net.0.weight"), columns(state, "attention_net.0.weight")
    hidden = rows(state, "attention_net.3.module.0.weight" if plain else "attention_net.3.attention_a.0.weight")
    classes = sum(bool(re.fullmatch(r"classifiers\.\d+\.weight", key)) for key in state) if many else rows(state, "classifiers.weight")
    keys = linear("attention_net.0", embed, d) | attention_keys("attention_net.3", embed, hidden, classes if many else 1, plain)
    keys |= {} if many else linear("classifiers", classes, embed)
    for c in range(classes):
        keys |= (linear(f"classifiers.{c}", 1, embed) if many else {}) | linear(f"instance_classifiers.{c}", 2, embed)
    return keys, (d, embed, hidden), classes


def abmil_plan(kind, state):
    embed, d, classes = rows(state, "patch_embed.0.weight"), columns(state, "patch_embed.0.weight"), rows(state, "classifier.weight")
    hidden = rows(state, "global_attn.module.0.weight" if kind == "abmil" else "global_attn.attention_a.0.weight")
    keys = linear("patch_embed.0", embed, d) | attention_keys("global_attn", embed, hidden, 1, kind == "abmil") | linear("classifier", classes, embed)
    return keys, (d, embed, hidden), classes


def dsmil_plan(kind, state):
    classes, d = rows(state, "i_classifier.fc.0.weight"), columns(state, "i_classifier.fc.0.weight")
    query = rows(state, "b_classifier.q.0.weight")
    keys = linear("i_classifier.fc.0", classes, d) | linear("b_classifier.q.0", query, d) | linear("b_classifier.q.2", query, query)
    return keys | {"b_classifier.fcc.weight": (classes, classes, d), "b_classifier.fcc.bias": (classes,)}, (d, d, query), classes


def transmil_plan(kind, state):
    embed, d, classes = rows(state, "_fc1.0.weight"), columns(state, "_fc1.0.weight"), rows(state, "_fc2.weight")
    norm = {"weight": (embed,), "bias": (embed,)}
    keys = linear("_fc1.0", embed, d) | linear("_fc2", classes, embed) | {"cls_token": (1, 1, embed)}
    for layer in ("layer1", "layer2"):
        keys |= {f"{layer}.norm.{part}": shape for part, shape in norm.items()} | linear(f"{layer}.attn.to_out.0", embed, embed)
        keys |= {f"{layer}.attn.to_qkv.weight": (3 * embed, embed), f"{layer}.attn.res_conv.weight": (TRANSMIL_HEADS, 1, TRANSMIL_KERNEL, 1)}
    for name, side in (("proj", 7), ("proj1", 5), ("proj2", 3)):
        keys |= {f"pos_layer.{name}.weight": (embed, 1, side, side), f"pos_layer.{name}.bias": (embed,)}
    return keys | {f"norm.{part}": shape for part, shape in norm.items()}, (d, embed, embed), classes


def transformer_keys(name, embed):
    keys = {f"{name}.self_attn.in_proj_weight": (3 * embed, embed), f"{name}.self_attn.in_proj_bias": (3 * embed,)}
    keys |= linear(f"{name}.self_attn.out_proj", embed, embed) | linear(f"{name}.linear1", 2 * embed, embed) | linear(f"{name}.linear2", embed, 2 * embed)
    return keys | {f"{name}.{norm}.{part}": (embed,) for norm in ("norm1", "norm2") for part in ("weight", "bias")}


def bilinear_keys(embed):
    small = max(1, embed // 8)
    keys = linear("mm.encoder1.0", embed, (small + 1) ** 2) | linear("mm.encoder2.0", embed, embed)
    for side in (1, 2):
        keys |= linear(f"mm.linear_h{side}.0", small, embed) | linear(f"mm.linear_z{side}.0", small, 2 * embed) | linear(f"mm.linear_o{side}.0", small, small)
    return keys


def mcat_plan(kind, state):
    embed, d, bins = rows(state, "wsi_net.0.weight"), columns(state, "wsi_net.0.weight"), rows(state, "classifier.weight")
    hidden = rows(state, "path_attention_head.attention_a.0.weight")
    keys = linear("wsi_net.0", embed, d) | linear("coattn.out_proj", embed, embed) | linear("classifier", bins, embed)
    keys |= {"coattn.in_proj_weight": (3 * embed, embed), "coattn.in_proj_bias": (3 * embed,)}
    for g, genes in enumerate(signature_sizes(state)):
        keys |= linear(f"sig_networks.{g}.0.0", embed, genes) | linear(f"sig_networks.{g}.1.0", embed, embed)
    for branch in ("path", "omic"):
        keys |= attention_keys(f"{branch}_attention_head", embed, hidden, 1, False) | linear(f"{branch}_rho.0", embed, embed)
        for layer in range(2):
            keys |= transformer_keys(f"{branch}_transformer.layers.{layer}", embed)
    keys |= linear("mm.0", embed, 2 * embed) | linear("mm.2", embed, embed) if fusion_of(state) == "concat" else bilinear_keys(embed)
    return keys, (d, embed, hidden), bins


def fusion_of(state):
    return "kronecker" if "mm.linear_h1.0.weight" in state else "concat"


def signature_sizes(state):
    sizes = []
    while f"sig_networks.{len(sizes)}.0.0.weight" in state:
        sizes.append(columns(state, f"sig_networks.{len(sizes)}.0.0.weight"))
    return sizes


def plan_of(kind, state):
    """The keys and shapes that this network must have, its sizes (features, embedding, attention), its outputs."""
    plan = clam_plan if kind.startswith("clam") else {"dsmil": dsmil_plan, "transmil": transmil_plan, "mcat": mcat_plan}.get(kind, abmil_plan)
    return plan(kind, state)


# --- checking


def check_state(path, kind, state, keys):
    import torch
    missing, surplus = set(keys) - set(state), set(state) - set(keys)
    if missing or surplus:
        found = "; ".join(f"{word}: {listed(those)}" for word, those in (("missing", missing), ("unknown", surplus)) if those)
        raise Refused(f"{path}: wanted the keys of {kind}: {found}: the file is of another network")
    for key, shape in keys.items():
        tensor = state[key]
        if tuple(tensor.shape) != shape:
            raise Refused(f"{path}: wanted {key} of shape {list(shape)} in {kind}: it has {list(tensor.shape)}: the file is of another network")
        if tensor.dtype != torch.float32 or tensor.layout != torch.strided:
            raise Refused(f"{path}: wanted {key} as dense float32: it is {str(tensor.dtype).removeprefix('torch.')}"
                          f"{'' if tensor.layout == torch.strided else ', sparse'}: save the model as float32")
        if not torch.isfinite(tensor).all():
            raise Refused(f"{path}: wanted finite numbers: {key} has NaN or infinity: the training had failed")
    if kind == "mcat" and keys["wsi_net.0.bias"][0] % TRANSMIL_HEADS:
        raise Refused(f"{path}: wanted an MCAT of a width that its {TRANSMIL_HEADS} heads divide: it is {keys['wsi_net.0.bias'][0]} wide")
    if kind == "transmil" and keys["_fc1.0.bias"][0] % TRANSMIL_HEADS:
        raise Refused(f"{path}: wanted a TransMIL of a width that its {TRANSMIL_HEADS} heads divide: it is {keys['_fc1.0.bias'][0]} wide")


def check_demands(a, kind, outputs):
    if a.aggregator not in ("auto", kind):
        raise Refused(f"{a.checkpoint}: wanted {a.aggregator}, as --aggregator says: it is a {kind}: give that, or leave the option out")
    if (kind == "mcat") != (a.table is not None):
        raise usage("--table: the genes of an MCAT were wanted: " + ("got nothing" if kind == "mcat" else f"the checkpoint is a {kind}: give --classes"))
    if kind == "mcat":
        return
    wanted = 2 if kind == "dsmil" and outputs == 1 else outputs
    if len(a.classes) == wanted:
        return
    how = "1 output, of the positive class, so two names" if wanted != outputs else f"{outputs} output{'' if outputs == 1 else 's'}, so as many names"
    raise usage(f"--classes: the checkpoint has {how} were wanted: got {len(a.classes)}")


def two_classes(state):
    """A DSMIL whose only output is the positive class, with a negative one before it whose score and logit are always 0: the softmax of the two
    logits is the sigmoid of the one."""
    import torch
    wide = dict(state)
    for key in ("i_classifier.fc.0.weight", "i_classifier.fc.0.bias", "b_classifier.fcc.bias"):
        wide[key] = torch.cat([torch.zeros_like(state[key]), state[key]])
    one = state["b_classifier.fcc.weight"]
    wide["b_classifier.fcc.weight"] = torch.zeros(2, 2, one.shape[2])
    wide["b_classifier.fcc.weight"][1, 1] = one[0, 0]
    return wide


def with_stand_ins(state, embed):
    """What was never learned: zeros for missing genes and for missing tiles."""
    import torch
    return state | {"tables.0.null": torch.zeros(embed), "tiles.null": torch.zeros(embed)}


# --- what an MCAT does not say


def survival_of(a, bins):
    """The card's survival: right ends of the bins."""
    try:
        months = [float(word) for word in (a.months or "").split(",")]
    except ValueError:
        months = []
    if len(months) != bins or not all(math.isfinite(m) and m > 0 for m in months) or sorted(set(months)) != months:
        raise usage(f"--months: wanted {bins} ascending numbers above 0, the right ends of the checkpoint's time bins, got '{a.months or ''}'")
    if a.risk_cut is None or not -bins <= a.risk_cut <= 0:
        raise usage(f"--risk-cut: wanted a risk from -{bins} to 0, the median of the training patients, got {a.risk_cut}")
    return {"form": "hazards", "months": months, "baseline": [], "risk_cut": a.risk_cut}


def table_of(a, state, embed):
    """The card's modality."""
    def refuse(wanted, found):
        raise Refused(f"{a.table}: wanted {wanted}: {found}: see convert_checkpoint.py --help")
    try:
        given = json.loads(a.table.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        refuse("a JSON object of the genes", error)
    if not isinstance(given, dict):
        refuse("a JSON object of the genes", "it is another thing")
    features, groups = given.get("features"), given.get("groups")
    if not isinstance(features, list) or not features or not all(isinstance(f, str) for f in features) or len(set(features)) != len(features):
        refuse("features, a list of different names", "there is none")
    for key in ("mean", "scale"):
        numbers = given.get(key)
        fine = isinstance(numbers, list) and all(isinstance(n, (int, float)) and math.isfinite(n) and (key == "mean" or n > 0) for n in numbers)
        if not fine or len(numbers) != len(features):
            refuse(f"{key}, {len(features)} numbers{' above 0' if key == 'scale' else ''}", "there are others")
    if not isinstance(groups, list) or not all(isinstance(g, dict) and isinstance(g.get("features"), list) for g in groups):
        refuse("groups, a list of {name, features}", "there is none")
    sizes, wanted = [len(group["features"]) for group in groups], signature_sizes(state)
    if sizes != wanted:
        refuse(f"groups of {', '.join(map(str, wanted))} features, as the checkpoint has", f"they have {', '.join(map(str, sizes)) or 'none'}")
    place = {name: i for i, name in enumerate(features)}
    unknown = [str(name) for group in groups for name in group["features"] if not isinstance(name, str) or name not in place]
    if unknown:
        refuse("groups of the listed features", f"these are not listed: {listed(unknown)}")
    return {"name": str(given.get("name", "rna")), "features": features, "units": str(given.get("units", "")), "mean": given["mean"],
            "scale": given["scale"], "encoder": "groups", "dim": embed,
            "groups": [{"name": str(group.get("name", "")), "features": [place[name] for name in group["features"]]} for group in groups]}


# --- writing


def sha256_of(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def write_safetensors(path, tensors):
    header, offset = {}, 0
    arrays = {key: tensor.detach().contiguous().numpy() for key, tensor in sorted(tensors.items())}
    for key, array in arrays.items():
        header[key] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [offset, offset + array.nbytes]}
        offset += array.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for array in arrays.values():
            file.write(array.tobytes())


def card(a, kind, sizes, weights_sha256):
    feature_dim, embed_dim, attention_dim = sizes
    return {"schema_version": 2, "task": "label", "classes": a.classes, "aggregator": kind,
            "sizes": {"feature_dim": feature_dim, "embed_dim": embed_dim, "attention_dim": attention_dim},
            "encoder": {"name": a.encoder_name, "sha256": a.encoder_sha256, "random_weights": a.encoder_random_weights},
            "tiling": {"tile_px": a.tile_px, "mpp": a.mpp},
            "fusion": a.fusion, "modalities": a.modalities,
            "weights_sha256": weights_sha256,
            "training": {"converted_from": sha256_of(a.checkpoint), "kind": kind},
            "intended_use": "research use only"} | ({"survival": a.survival} if a.survival else {})


def write_folder(a, kind, sizes, state):
    """Beside and renamed, so that the folder is whole or absent."""
    import torch
    # These networks were trained on features as they come.
    tensors = state | {"feature_scaler.mean": torch.zeros(sizes[0]), "feature_scaler.scale": torch.ones(sizes[0])}
    beside = a.out.absolute().with_name(f".{a.out.name}.unfinished")
    shutil.rmtree(beside, ignore_errors=True)
    try:
        beside.mkdir(parents=True)
        write_safetensors(beside / WEIGHTS_FILE, tensors)
        text = json.dumps(card(a, kind, sizes, sha256_of(beside / WEIGHTS_FILE)), indent=2, ensure_ascii=False)
        (beside / CARD_FILE).write_text(text + "\n", encoding="utf-8")
        beside.rename(a.out)
    except OSError as error:
        raise Refused(f"{a.out}: wanted to write the model folder: {error.strerror or error}: check permissions and free space") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def notes(kind, outputs):
    """What a user must know of a model that cannot be converted to the letter."""
    if kind == "transmil":
        yield "TransMIL depends on the order of the tiles: Microtome gives them row by row, so a file in another order gave other scores"
    if kind == "dsmil" and outputs == 1:
        yield "DSMIL has no output for the negative class: its logit is 0 here, and its attention says nothing"
    if kind == "mcat":
        yield "MCAT learned nothing for missing genes or tiles: zeros stand in for them here, so an answer without a row means little"
    if kind == "dsmil" and outputs > 1:
        yield "DSMIL scores each class by itself (sigmoid): the logits stay, but probabilities here are shares of all classes (softmax)"


def convert(a):
    check_arguments(a)
    state = state_of(a.checkpoint)
    kind = kind_of(a.checkpoint, state)
    keys, sizes, outputs = plan_of(kind, state)
    check_state(a.checkpoint, kind, state, keys)
    check_demands(a, kind, outputs)
    a.fusion, a.modalities, a.survival = "concat", [], None
    if kind == "dsmil" and outputs == 1:
        state = two_classes(state)
    if kind == "mcat":
        a.fusion, a.modalities, a.survival = fusion_of(state), [table_of(a, state, sizes[1])], survival_of(a, outputs)
        state = with_stand_ins(state, sizes[1])
    write_folder(a, kind, sizes, state)
    for note in notes(kind, outputs):
        print(f"note: {note}", file=sys.stderr)
    print(f"{a.out}: {kind}, {sizes[0]} features, {len(a.classes)} classes, {sum(t.numel() for t in state.values())} weights")


if __name__ == "__main__":
    try:
        convert(parse(sys.argv[1:]))
    except Refused as refused:
        print(f"convert_checkpoint.py: {refused}", file=sys.stderr)
        sys.exit(refused.code)
