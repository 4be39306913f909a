#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes an encoder folder for `microtome run --encoder FOLDER`: cards, the model in the forms asked for, golden tiles.

  export_encoder.py --timm resnet50 --weights resnet50.safetensors --tile-px 256 --mpp 0.5 --out encoders/resnet50
  export_encoder.py --timm vit_large_patch16_224 --weights uni.pth --pool class --licence CC-BY-NC-ND-4.0 --out encoders/uni
  export_encoder.py --timm hf-hub:MahmoodLab/UNI --weights hub --pool class --out encoders/uni            (needs a network and its licence)
  export_encoder.py --torchscript tumour.pt --output classes --class-names other,tumour --tile-px 350 --mpp 0.25 --resize 224 --out encoders/tumour
  export_encoder.py --timm vit_small_patch16_224 --weights random --seed 1 --out encoders/rehearsal

Every form is checked against the golden tiles before the folder appears under its name. Exit codes: 0 done, 2 usage, 4 model unusable.
Needs Python with torch, torchvision, timm, pillow, and for .pt2 a C++ compiler; running an encoder needs none of them.
"""
import argparse
import hashlib
import json
import os
import shutil
import struct
import sys
import warnings
from pathlib import Path

EXIT_USAGE, EXIT_UNUSABLE = 2, 4
RESNETS = ("resnet18", "resnet34", "resnet50")
FORMS = ("torchscript", "pt2.cpu", "pt2.cuda", "safetensors")


class Refused(Exception):
    """A sentence for the user; `code` is the exit code."""

    def __init__(self, sentence, code=EXIT_UNUSABLE):
        super().__init__(sentence)
        self.code = code


def usage(sentence):
    return Refused(sentence, EXIT_USAGE)


def parse(words):
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    source = p.add_mutually_exclusive_group(required=True)
    source.add_argument("--timm", metavar="NAME", help="a network of timm")
    source.add_argument("--torchscript", metavar="FILE", help="a TorchScript module, images in, rows out")
    p.add_argument("--weights", help="safetensors or .pth file, 'hub' (timm downloads), or 'random'")
    p.add_argument("--seed", type=int, default=0, help="of random weights")
    p.add_argument("--timm-args", default="{}", metavar="JSON", help="further arguments of timm.create_model")
    p.add_argument("--truncate", type=int, choices=[3], help="ResNets: pool after this stage, as CLAM does with 3")
    p.add_argument("--pool", default="network", choices=["network", "class", "mean", "class+mean"],
                   help="vision transformers: class token, mean of the patch tokens, or both, built into the network")
    p.add_argument("--output", default="features", choices=["features", "classes"])
    p.add_argument("--class-names", metavar="A,B", help="of a classifier, in the order of its logits")
    p.add_argument("--tile-px", type=int, help="side of a tile; else what the network sees")
    p.add_argument("--mpp", type=float, default=0.5, help="microns per pixel of a tile")
    p.add_argument("--resize", type=int, help="side after Resize; 0: none; else timm's, where tiles are not of its size")
    p.add_argument("--crop", type=int, help="side of CenterCrop; 0: none")
    p.add_argument("--interpolation", choices=["bilinear", "bicubic"])
    p.add_argument("--mean", metavar="R,G,B")
    p.add_argument("--std", metavar="R,G,B")
    p.add_argument("--precision", default="float32", choices=["float32", "bfloat16", "float16"], help="what the authors compute in")
    p.add_argument("--licence", default="")
    p.add_argument("--name", help="shown in documents; else the folder's name")
    p.add_argument("--batch", type=int, default=16, help="compiled into .pt2 files")
    p.add_argument("--forms", default="torchscript,pt2.cpu", help=f"of {', '.join(FORMS)}")
    p.add_argument("--goldens", type=int, default=4, help="golden tiles")
    p.add_argument("--out", required=True, type=Path, metavar="FOLDER")
    return p.parse_args(words)


def numbers(text, option):
    try:
        three = [float(word) for word in text.split(",")]
    except ValueError:
        three = []
    if len(three) != 3:
        raise usage(f"{option}: wanted three numbers such as 0.485,0.456,0.406, got '{text}'")
    return three


# --- the network


def load_state(path):
    import torch
    if path.endswith(".safetensors"):
        from safetensors.torch import load_file
        return load_file(path)
    state = torch.load(path, map_location="cpu", weights_only=True)
    return state.get("state_dict", state) if isinstance(state, dict) else state


def timm_network(a):
    import timm
    import torch
    if not a.weights:
        raise usage("--weights: wanted a file, 'hub' or 'random': a network without weights gives meaningless features")
    options = json.loads(a.timm_args)
    options.setdefault("num_classes", len(a.class_names.split(",")) if a.class_names else 0)
    for key, value in options.items():
        if isinstance(value, str) and value.startswith("timm.layers."):
            options[key] = getattr(timm.layers, value.removeprefix("timm.layers."))
        if isinstance(value, str) and value.startswith("torch.nn."):
            options[key] = getattr(torch.nn, value.removeprefix("torch.nn."))
    torch.manual_seed(a.seed)
    try:
        network = timm.create_model(a.timm, pretrained=a.weights == "hub", **options)
    except Exception as error:
        raise Refused(f"{a.timm}: wanted a network of timm{' with weights from its hub' if a.weights == 'hub' else ''}: {error}: check the name, "
                      "or give a file with --weights") from error
    if a.weights == "random":
        randomise(network)
    elif a.weights != "hub":
        load_weights(network, a.weights)
    return network.eval()


def randomise(network):
    """Batch norms and layer scales get numbers too: as they are made, they would hide mistakes."""
    import torch
    for name, module in network.named_modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.2, 0.8)
            torch.nn.init.normal_(module.bias, 0, 0.1)
            torch.nn.init.normal_(module.running_mean, 0, 0.2)
            torch.nn.init.uniform_(module.running_var, 0.5, 2)
    for name, parameter in network.named_parameters():
        if name.endswith((".ls1.gamma", ".ls2.gamma")):
            torch.nn.init.uniform_(parameter, 0.1, 0.5)
        if name in ("cls_token", "reg_token", "pos_embed"):
            torch.nn.init.normal_(parameter, 0, 0.5)


def load_weights(network, path):
    try:
        state = load_state(path)
    except Exception as error:
        raise Refused(f"{path}: wanted weights: {error}: give a safetensors file, or a .pth of plain tensors") from error
    wanted = network.state_dict()
    for key in ("fc.weight", "fc.bias", "head.weight", "head.bias"):   # heads are not exported
        if key not in wanted:
            state.pop(key, None)
    missing, surplus = sorted(set(wanted) - set(state)), sorted(set(state) - set(wanted))
    missing = [key for key in missing if not key.endswith("num_batches_tracked")]
    if missing or surplus:
        raise Refused(f"{path}: wanted the keys of this network: missing {missing[:3]}, too many {surplus[:3]}: the file is of another network")
    network.load_state_dict(state, strict=False)


def exported_network(a, network):
    """The network as it is exported: tiles in, one row a tile out."""
    import torch

    class Pooled(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.network = network
            self.prefix = network.num_prefix_tokens

        def forward(self, x):
            tokens = self.network.forward_features(x)
            first, mean = tokens[:, 0], tokens[:, self.prefix:].mean(1)
            return first if a.pool == "class" else mean if a.pool == "mean" else torch.cat([first, mean], 1)

    class Truncated(torch.nn.Module):
        def __init__(self):
            super().__init__()
            n = network
            self.layers = torch.nn.Sequential(n.conv1, n.bn1, n.act1, n.maxpool, n.layer1, n.layer2, n.layer3)

        def forward(self, x):
            return self.layers(x).mean([2, 3])

    if a.truncate:
        if not a.timm or not a.timm.startswith("resnet"):
            raise usage("--truncate: wanted a ResNet, got another network")
        return Truncated().eval()
    if a.pool == "network":
        return network
    if not hasattr(network, "num_prefix_tokens"):
        raise usage(f"--pool {a.pool}: wanted a vision transformer of timm, got another network: leave it out")
    return Pooled().eval()


# --- what the network sees


def preprocessing(a, network):
    """Tile size and the card's transform: what was said, else timm's own for this network."""
    data = {"input_size": (3, 224, 224), "interpolation": "bilinear", "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225], "crop_pct": 1.0}
    if a.timm:
        import timm
        data = timm.data.resolve_model_data_config(network)
    side = data["input_size"][-1]
    patches = getattr(network, "patch_embed", None)
    if patches is not None and getattr(patches, "img_size", None):   # where --timm-args chose another size than the published one
        side = patches.img_size[0]
    crop = a.crop if a.crop is not None else 0
    tile = a.tile_px or side
    resize = a.resize if a.resize is not None else (0 if tile == side or crop else side)
    steps = []
    if resize:
        steps.append({"name": "Resize", "arguments": {"size": resize, "interpolation": a.interpolation or data["interpolation"], "antialias": True}})
    if crop:
        steps.append({"name": "CenterCrop", "arguments": {"size": crop}})
    mean = numbers(a.mean, "--mean") if a.mean else [float(v) for v in data["mean"]]
    std = numbers(a.std, "--std") if a.std else [float(v) for v in data["std"]]
    steps += [{"name": "ToTensor"}, {"name": "Normalize", "arguments": {"mean": mean, "std": std}}]
    return tile, crop or resize or tile, steps


def transform_of(steps):
    """The card's transform as its authors would write it, on PIL images."""
    from torchvision import transforms
    from torchvision.transforms import InterpolationMode
    made = []
    for step in steps:
        arguments = step.get("arguments", {})
        if step["name"] == "Resize":
            made.append(transforms.Resize(arguments["size"], InterpolationMode(arguments["interpolation"]), antialias=True))
        elif step["name"] == "CenterCrop":
            made.append(transforms.CenterCrop(arguments["size"]))
        elif step["name"] == "ToTensor":
            made.append(transforms.ToTensor())
        else:
            made.append(transforms.Normalize(arguments["mean"], arguments["std"]))
    return transforms.Compose(made)


def texture_tiles(count, side, seed=20):
    """Stain-like colours with nuclei-like spots: flat tiles would hide a transposed axis, pure noise would average everything out."""
    import numpy
    random = numpy.random.default_rng(seed)
    y, x = numpy.mgrid[0:side, 0:side]
    tiles = []
    for _ in range(count):
        stain = numpy.zeros((side, side))
        for _ in range(40):
            cx, cy, r = random.uniform(0, side, 2).tolist() + [random.uniform(side / 40, side / 9)]
            stain += numpy.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * r * r))
        stain = numpy.clip(stain, 0, 1.5)[..., None]
        colour = numpy.array([235, 200, 225]) - stain * numpy.array([95, 110, 60])
        tiles.append(numpy.clip(colour + random.normal(0, 8, (side, side, 3)), 0, 255).astype(numpy.uint8))
    return numpy.stack(tiles)


def images_of(tiles, steps):
    import torch
    from PIL import Image
    transform = transform_of(steps)
    return torch.stack([transform(Image.fromarray(tile)) for tile in tiles])


# --- the files


def write_safetensors(path, tensors):
    """Tensors in the order given, wide items first so that every span is aligned."""
    types = {"float32": "F32", "uint8": "U8", "int64": "I64"}
    header, offset = {}, 0
    arrays = {name: array for name, array in sorted(tensors.items(), key=lambda item: (-item[1].dtype.itemsize, item[0]))}
    for name, array in arrays.items():
        header[name] = {"dtype": types[str(array.dtype)], "shape": list(array.shape), "data_offsets": [offset, offset + array.nbytes]}
        offset += array.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for array in arrays.values():
            file.write(array.tobytes())


def write_torchscript(path, network, images):
    import torch
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")   # tracing is called deprecated; it is what every LibTorch runs
        module = torch.jit.trace(network, images[:2], check_trace=False)
        one = module(images[:1])
        if not torch.allclose(one, network(images[:1]), atol=1e-3, rtol=1e-3):
            raise Refused(f"{path.name}: wanted the same rows for another number of tiles: the traced module gives others: the network's code depends "
                          "on the batch")
        module.save(str(path))


def write_package(path, network, device, side, a):
    """One static batch, one thread: every lane of a run calls it from a thread of its own."""
    import torch
    import torch._inductor.config as inductor
    if device == "cuda" and not torch.cuda.is_available():
        raise Refused("pt2.cuda: wanted a CUDA device to compile for: none is visible: export on a machine that has one")
    if shutil.which(os.environ.get("CXX", "g++")) is None:
        raise Refused("pt2: wanted a C++ compiler: there is no g++: install one, or leave pt2 out of --forms")
    images = torch.zeros(a.batch, 3, side, side, device=device).contiguous(memory_format=torch.channels_last)
    network = network.to(device)
    dtype = {"bfloat16": torch.bfloat16, "float16": torch.float16}.get(a.precision) if device == "cuda" else None
    metadata = {"microtome_batch": str(a.batch), "microtome_precision": a.precision if dtype else "float32",
                "microtome_torch": torch.__version__.split("+")[0], "microtome_input_px": str(side)}
    with torch.no_grad(), torch.autocast(device, dtype=dtype or torch.bfloat16, enabled=dtype is not None), inductor.patch({"freezing": True, "cpp.threads": 1}):
        program = torch.export.export(network, (images,), strict=False)
        torch._inductor.aoti_compile_and_package(program, package_path=str(path), inductor_configs={"aot_inductor.metadata": metadata})
    network.to("cpu")


def run_form(folder, name, images, batch):
    """Rows of an exported file, in passes of its batch."""
    import torch
    if name == "torchscript_model.pt":
        return torch.jit.load(str(folder / name))(images)
    package = torch._inductor.aoti_load_package(str(folder / name))
    device = "cuda" if "cuda" in name else "cpu"
    rows = []
    for first in range(0, len(images), batch):
        piece = images[first:first + batch]
        padded = torch.zeros(batch, *images.shape[1:], device=device).contiguous(memory_format=torch.channels_last)
        padded[:len(piece)] = piece.to(device)
        rows.append(package(padded)[:len(piece)].float().cpu())
    return torch.cat(rows)


def require_agreement(name, rows, wanted, precision):
    import torch
    cosine = torch.nn.functional.cosine_similarity(rows.double(), wanted.double()).min().item()
    largest = ((rows - wanted).abs().max() / wanted.abs().max()).item()
    print(f"{name}: least cosine {cosine:.7f}, largest difference {largest:.2g} of the largest value", file=sys.stderr)
    exact = precision == "float32" or "cuda" not in name
    if not (cosine >= (0.9999 if exact else 0.99) and (largest <= 1e-3 or not exact)):
        raise Refused(f"{name}: wanted what the network itself gives for the golden tiles: least cosine {cosine:.6f}, largest difference {largest:.2g}: "
                      "it was not exported faithfully")


def sha256_of(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def write_forms(a, folder, network, base, images, side):
    names = []
    for form in a.forms.split(","):
        name = {"torchscript": "torchscript_model.pt", "pt2.cpu": "model.cpu.pt2", "pt2.cuda": "model.cuda.pt2", "safetensors": "model.safetensors"}[form]
        print(f"writing {name}", file=sys.stderr)
        if form == "torchscript":
            write_torchscript(folder / name, network, images)
        elif form == "safetensors":
            if not (a.timm and a.timm.split(".")[0] in RESNETS):
                raise usage(f"--forms safetensors: wanted one of {', '.join(RESNETS)}, which Microtome has built in")
            write_safetensors(folder / name, {key: value.numpy() for key, value in base.state_dict().items()})
        else:
            write_package(folder / name, network, form.split(".")[1], side, a)
        names.append(name)
    return names


def write_cards(a, folder, tile, steps, dim, names):
    classes = a.class_names.split(",") if a.output == "classes" else []
    architecture = (a.timm or "torchscript").split("/")[-1]
    if a.truncate:
        architecture = "resnet50-trunc"
    config = {"spec_version": "1.0", "architecture": architecture, "num_classes": len(classes) or dim,
              "patch_size_pixels": tile, "spacing_um_px": a.mpp, "transform": steps}
    if classes:
        config["class_names"] = classes
    source = f"timm {a.timm}, {a.pool if a.pool != 'network' else 'its own'} pooling, weights: {weights_word(a)}" if a.timm else "TorchScript"
    own = {"name": a.name or a.out.name, "output": a.output, "feature_dim": dim, "precision": a.precision, "licence": a.licence or "not stated",
           "source": source, "sha256": {name: sha256_of(folder / name) for name in names}}
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    (folder / "microtome.json").write_text(json.dumps(own, indent=2) + "\n")


def weights_word(a):
    """Without the path: it may name people."""
    return f"random, seed {a.seed}" if a.weights == "random" else "hub" if a.weights == "hub" else f"file of sha256 {sha256_of(a.weights)}"


def check_arguments(a):
    for form in a.forms.split(","):
        if form not in FORMS:
            raise usage(f"--forms: wanted some of {', '.join(FORMS)}, got '{form}'")
    if (a.output == "classes") != bool(a.class_names):
        raise usage("--class-names: wanted with --output classes, and only there")
    if a.out.exists():
        raise usage(f"{a.out}: wanted a new folder: there is something already: choose another, or remove it")
    if a.batch < 1 or a.goldens < 2:
        raise usage("--batch, --goldens: wanted 1 and 2 or more")


def export(a):
    check_arguments(a)
    import torch
    torch.set_grad_enabled(False)
    base = timm_network(a) if a.timm else load_module(a.torchscript)
    network = exported_network(a, base) if a.timm else base
    tile, side, steps = preprocessing(a, base)
    tiles = texture_tiles(a.goldens, tile)
    images = images_of(tiles, steps)
    rows = network(images)
    if rows.dim() != 2 or len(rows) != len(images):
        raise Refused(f"{a.timm or a.torchscript}: wanted one row a tile: the network gives {tuple(rows.shape)}: choose --pool")
    folder = a.out.with_name(f".{a.out.name}.unfinished")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        names = write_forms(a, folder, network, base, images, side)
        for name in names:
            if name != "model.safetensors":
                require_agreement(name, run_form(folder, name, images, a.batch), rows, a.precision)
        write_safetensors(folder / "golden.safetensors", {"tiles": tiles, "outputs": rows.float().numpy()})
        write_cards(a, folder, tile, steps, rows.shape[1], names)
        folder.rename(a.out)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{a.out}: {', '.join(names)}; {rows.shape[1]} {a.output}, tiles of {tile} px at {a.mpp} um/px")


def load_module(path):
    import torch
    try:
        return torch.jit.load(path, map_location="cpu").eval()
    except Exception as error:
        raise Refused(f"{path}: wanted a TorchScript module: {str(error).splitlines()[0]}: export it again") from error


if __name__ == "__main__":
    try:
        export(parse(sys.argv[1:]))
    except Refused as refused:
        print(f"export_encoder.py: {refused}", file=sys.stderr)
        sys.exit(refused.code)
