# SPDX-License-Identifier: Apache-2.0
"""Writes encoders, tiles and the features that torchvision gives for them, into a folder: encoder_oracle.py FOLDER.

Batch norms get random statistics, so that folding them wrongly shows. Broken TorchScript archives are made here too, by editing zips.
"""
import json
import struct
import sys
import zipfile
from pathlib import Path

import torch
import torchvision
from torchvision.transforms import functional as F

TILE_PX = 96
TILES = 3
MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


def network(name, seed):
    torch.manual_seed(seed)
    model = getattr(torchvision.models, name)(num_classes=10)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.2, 0.8)
            torch.nn.init.normal_(module.bias, 0, 0.1)
            torch.nn.init.normal_(module.running_mean, 0, 0.2)
            torch.nn.init.uniform_(module.running_var, 0.5, 2)
    return model.eval()


def pooled(model, stages):
    layers = [model.conv1, model.bn1, model.relu, model.maxpool, model.layer1, model.layer2, model.layer3, model.layer4][: 4 + stages]
    return torch.nn.Sequential(*layers, torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(1)).eval()


def write_safetensors(path, tensors):
    """By hand from the format's description, so that it shares no code with the reader under test."""
    names = {torch.float32: "F32", torch.int64: "I64"}
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for key, tensor in tensors.items():
        raw = tensor.contiguous().numpy().tobytes()
        header[key] = {"dtype": names[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def card(steps):
    return {"spec_version": "1.0", "architecture": "resnet18.tv_in1k", "num_classes": 2, "class_names": ["a", "b"],
            "patch_size_pixels": TILE_PX, "spacing_um_px": 0.5, "transform": steps}


def steps(resize=None):
    first = [{"name": "Resize", "arguments": {"size": resize}}] if resize else []
    return first + [{"name": "ToTensor"}, {"name": "Normalize", "arguments": {"mean": MEAN, "std": STD}}]


def write_folder(folder, steps_):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(card(steps_)))
    (folder / "microtome.json").write_text('{"output": "features"}')  # without it a card with class names classifies


def edit_archive(source, target, edit):
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as new:
        for name in old.namelist():
            new.writestr(name, edit(name, old.read(name)))


def tiles(seed):
    """Smooth colours with noise: flat tiles would hide a transposed axis, pure noise would average everything out."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(TILES, 3, 5, 7, generator=generator)
    smooth = torch.nn.functional.interpolate(coarse, (TILE_PX, TILE_PX), mode="bicubic").clamp(0, 1) * 230
    return (smooth + 25 * torch.rand(smooth.shape, generator=generator)).clamp(0, 255).to(torch.uint8)


def main(out):
    out.mkdir(parents=True, exist_ok=True)
    rgb = tiles(5)
    (out / "tiles.rgb").write_bytes(rgb.permute(0, 2, 3, 1).contiguous().numpy().tobytes())
    normalised = F.normalize(rgb.float() / 255, MEAN, STD)
    resized = torch.stack([F.normalize(F.to_tensor(F.resize(F.to_pil_image(tile), [64, 64])), MEAN, STD) for tile in rgb])

    resnet18, resnet50 = network("resnet18", 1), network("resnet50", 2)
    write_safetensors(out / "resnet18.safetensors", resnet18.state_dict())
    write_safetensors(out / "resnet50.safetensors", resnet50.state_dict())
    write_folder(out / "safetensors_folder", steps())
    write_safetensors(out / "safetensors_folder" / "model.safetensors", resnet18.state_dict())
    whole18 = pooled(resnet18, 4)
    for name, resize in (("torchscript_folder", None), ("torchscript_resize_folder", 64)):
        write_folder(out / name, steps(resize))
        torch.jit.trace(whole18, normalised[:2]).save(str(out / name / "torchscript_model.pt"))

    with torch.no_grad():
        expected = {"resnet18": whole18(normalised), "resnet50": pooled(resnet50, 4)(normalised), "resnet50-trunc": pooled(resnet50, 3)(normalised),
                    "safetensors_folder": whole18(normalised), "torchscript_folder": whole18(normalised),
                    "torchscript_resize_folder": whole18(resized)}
    for name, features in expected.items():
        (out / f"{name}.features").write_bytes(features.contiguous().numpy().tobytes())

    good = out / "torchscript_folder" / "torchscript_model.pt"
    for name in ("version_too_new", "unknown_operator"):
        write_folder(out / name, steps())
    edit_archive(good, out / "version_too_new" / "torchscript_model.pt", lambda name, data: b"11\n" if name.endswith("version") else data)
    edit_archive(good, out / "unknown_operator" / "torchscript_model.pt",
                 lambda name, data: data.replace(b"torch.max_pool2d", b"torch.max_fool2d") if name.endswith(".py") else data)


main(Path(sys.argv[1]))
