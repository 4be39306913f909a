# SPDX-License-Identifier: Apache-2.0
"""Makes encoder folders with workflows/export_encoder.py, and broken copies of them: export_oracle.py SOURCE FOLDER.

Their golden outputs are what timm's networks give in eager Python for tiles that went through torchvision's transforms on PIL images.
"""
import json
import os
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

# A vision transformer of the large kind that pathology's encoders are: registers, SwiGLU, layer scale, both poolings concatenated.
LARGE = {"img_size": 224, "mlp_layer": "timm.layers.SwiGLUPacked", "act_layer": "torch.nn.SiLU", "mlp_ratio": 5.34375, "init_values": 1e-5}
# Compiling it takes three minutes, so only where that is asked for; the other packages are made always.
LARGE_FORMS = "torchscript,pt2.cpu" if "MICROTOME_SLOW" in os.environ else "torchscript"
ENCODERS = {
    "resnet50": ["--timm", "resnet50", "--forms", "torchscript,pt2.cpu,safetensors", "--tile-px", "224", "--batch", "4"],
    "resnet34-resized": ["--timm", "resnet34", "--forms", "torchscript,safetensors", "--tile-px", "256", "--resize", "232", "--crop", "224",
                         "--interpolation", "bicubic"],
    "vit-s": ["--timm", "vit_small_patch16_224", "--pool", "class", "--forms", "torchscript,pt2.cpu", "--tile-px", "256", "--batch", "4"],
    "vit-l": ["--timm", "vit_large_patch14_reg4_dinov2", "--timm-args", json.dumps(LARGE), "--pool", "class+mean", "--forms", LARGE_FORMS,
              "--tile-px", "224", "--batch", "2", "--goldens", "2"],
}


def export(source, out, words):
    start = time.monotonic()
    command = [sys.executable, source / "workflows/export_encoder.py", *words, "--weights", "random", "--seed", "3", "--out", out]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{out.name}: exit {done.returncode}: {done.stderr}")
    print(f"{done.stdout.strip()} ({time.monotonic() - start:.0f} s)", flush=True)


def copy_with(folder, name, files):
    """A folder with hard links to these files of another one, and its cards."""
    out = folder.with_name(name)
    out.mkdir()
    for file in ["config.json", *files]:
        (out / file).hardlink_to(folder / file)
    own = json.loads((folder / "microtome.json").read_text())
    own["sha256"] = {}
    (out / "microtome.json").write_text(json.dumps(own))
    return out


def broken_package(folder, name, key, value):
    """The package says of itself what is not so."""
    out = copy_with(folder, name, [])
    with zipfile.ZipFile(folder / "model.cpu.pt2") as old, zipfile.ZipFile(out / "model.cpu.pt2", "w", zipfile.ZIP_STORED) as new:
        for entry in old.namelist():
            data = old.read(entry)
            if entry.endswith("_metadata.json"):
                data = json.dumps(json.loads(data) | {key: value}).encode()
            new.writestr(entry, data)


def main(source, out):
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    for name, words in ENCODERS.items():
        export(source, out / name, words)
    vit = out / "vit-s"
    broken_package(vit, "for_cuda", "AOTI_DEVICE_KEY", "cuda")
    broken_package(vit, "other_torch", "microtome_torch", "2.9.1")
    broken_package(vit, "other_processor", "AOTI_CPU_ISA", "AVX1024")
    broken_package(vit, "no_batch", "microtome_batch", "many")
    torn = copy_with(vit, "torn_package", [])
    (torn / "model.cpu.pt2").write_bytes((vit / "model.cpu.pt2").read_bytes()[:4000])
    fallback = copy_with(vit, "falls_back", ["torchscript_model.pt"])
    (fallback / "model.cpu.pt2").hardlink_to(out / "other_torch" / "model.cpu.pt2")
    wrong = copy_with(vit, "wrong_golden", ["torchscript_model.pt"])
    golden = bytearray((vit / "golden.safetensors").read_bytes())
    start = 8 + int.from_bytes(golden[:8], "little")        # behind the header: outputs first, as they are wider
    for at in range(start + 3, start + 4 * 300, 4):          # the sign of 300 numbers
        golden[at] ^= 0x80
    (wrong / "golden.safetensors").write_bytes(golden)
    classes = copy_with(vit, "wrong_classes", ["torchscript_model.pt"])
    config = json.loads((classes / "config.json").read_text()) | {"num_classes": 2, "class_names": ["a", "b"]}
    (classes / "config.json").unlink()
    (classes / "config.json").write_text(json.dumps(config))
    (classes / "microtome.json").write_text('{"output": "classes"}')


main(Path(sys.argv[1]), Path(sys.argv[2]))
