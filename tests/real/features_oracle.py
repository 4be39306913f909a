# SPDX-License-Identifier: Apache-2.0
# Features of ten tiles a slide equal those of torchvision's network with the same weights on pixels read by openslide-python.
import json, math, os, pathlib, struct, sys

import h5py, numpy, openslide, torch, torchvision
from PIL import Image

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "tiling"))
import area
from world import ARCHIVE, check, fresh, microtome, slide_paths

LEAST_COSINE = 0.9999


def save_safetensors(path, tensors):
    kinds = {torch.float32: "F32", torch.int64: "I64"}
    header, blocks, at = {}, [], 0
    for name, tensor in tensors.items():
        block = tensor.contiguous().numpy().tobytes()
        header[name] = {"dtype": kinds[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [at, at + len(block)]}
        blocks.append(block)
        at += len(block)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(blocks))


def seeded_resnet50():
    """Weights as torchvision draws them, with running statistics that are not the identity."""
    torch.manual_seed(11)
    network = torchvision.models.resnet50(weights=None)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.normal_(module.bias, 0, 0.1)
    return network.eval()


def encode(network, tiles):
    """The network up to and with its third stage, averaged over the plane."""
    mean, std = torch.tensor([0.485, 0.456, 0.406])[:, None, None], torch.tensor([0.229, 0.224, 0.225])[:, None, None]
    x = torch.stack([(torch.from_numpy(numpy.asarray(t).copy()).permute(2, 0, 1) / 255.0 - mean) / std for t in tiles])
    with torch.inference_mode():
        x = network.maxpool(network.relu(network.bn1(network.conv1(x))))
        return network.layer3(network.layer2(network.layer1(x))).mean((2, 3)).numpy()


def pixels(slide, level, x_level0, y_level0, side_level0, tile_px):
    """The tile's real box at the level, resampled once."""
    d = slide.level_downsamples[level]
    left, top = math.floor(x_level0 / d), math.floor(y_level0 / d)
    box = (x_level0 / d - left, y_level0 / d - top, (x_level0 + side_level0) / d - left, (y_level0 + side_level0) / d - top)
    region = slide.read_region((round(left * d), round(top * d)), level, (math.ceil(box[2]), math.ceil(box[3])))
    on_white = Image.alpha_composite(Image.new("RGBA", region.size, "white"), region).convert("RGB")
    return Image.fromarray(numpy.floor(area.resize(numpy.asarray(on_white), box, (tile_px, tile_px)) + 0.5).astype(numpy.uint8))


def cosines(one, other):
    """Of every row with every row."""
    return (one / numpy.linalg.norm(one, axis=1, keepdims=True)) @ (other / numpy.linalg.norm(other, axis=1, keepdims=True)).T


def compare(network, slide_path, bag_path):
    with h5py.File(bag_path) as file:
        rows = numpy.unique(numpy.linspace(0, len(file["coords"]) - 1, 10).round().astype(int))
        coords, features, facts = file["coords"][:], file["features"][:].astype(numpy.float64), dict(file["coords"].attrs)
    check(len(rows) == 10, f"{bag_path}: {len(coords)} tiles are too few to compare ten")
    with openslide.OpenSlide(slide_path) as slide:
        tiles = [pixels(slide, int(facts["patch_level"]), *coords[r].tolist(), float(facts["patch_size_level0"]), int(facts["patch_size"])) for r in rows]
    theirs, ours = encode(network, tiles).astype(numpy.float64), features[rows]
    check(theirs.shape == ours.shape, f"{bag_path}: {ours.shape[1]} features, torchvision gives {theirs.shape[1]}")
    length = numpy.linalg.norm(ours, axis=1) / numpy.linalg.norm(theirs, axis=1)
    middle = theirs.mean(0)   # what all tiles share says nothing about which tile it is
    whole, apart = cosines(theirs, ours).diagonal(), cosines(theirs - middle, ours - middle)
    strangers = apart[~numpy.eye(10, dtype=bool)].max()
    print(f"{slide_path.name}: cosine at least {whole.min():.7f}; about the tiles' mean {apart.diagonal().min():.5f}, other tiles at most {strangers:.3f}")
    check(whole.min() >= LEAST_COSINE, f"{bag_path}: cosine {whole.min():.6f} < {LEAST_COSINE} at tile {rows[whole.argmin()]}")
    check(apart.diagonal().min() >= 0.999, f"{bag_path}: about the tiles' mean the cosine is only {apart.diagonal().min():.5f}")
    check(apart.diagonal().min() > strangers, f"{bag_path}: another tile fits as well: {strangers:.5f}")
    check(abs(length - 1).max() < 0.01, f"{bag_path}: features are up to {length.max():.4f} times as long as torchvision's")


out = fresh("features_oracle")
network = seeded_resnet50()
weights = out / "resnet50.safetensors"
save_safetensors(weights, network.state_dict())
synthetic = dict(list(slide_paths(ARCHIVE / "held_out.csv").items())[:1])
(out / "one.csv").write_text("slide_id,path\n" + "".join(f"{name},{os.path.abspath(path)}\n" for name, path in synthetic.items()))
runs = [(["--manifest", out / "one.csv", "--mpp", 0.6], synthetic), (["--manifest", out / "one.csv", "--mpp", 1.0, "--tile-px", 128], synthetic)]
if "MICROTOME_SHARED" in os.environ:
    shared = pathlib.Path(os.environ["MICROTOME_SHARED"]) / "slides/CMU-1-Small-Region.svs"
    (out / "shared.csv").write_text(f"slide_id,path\n{shared.stem},{os.path.abspath(shared)}\n")
    runs.append((["--manifest", out / "shared.csv", "--mpp", 0.5], {shared.stem: shared}))
for i, (words, slides) in enumerate(runs):
    microtome("run", *words, "--output", out / str(i), "--encoder", "resnet50-trunc", "--encoder.weights", weights)
    for slide_id, path in slides.items():
        compare(network, path, out / str(i) / "slides" / slide_id / "features.h5")
