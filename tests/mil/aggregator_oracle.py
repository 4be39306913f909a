#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes models of every aggregator, bags, and the logits, attention and gradients that plain PyTorch gives for them: aggregator_oracle.py FOLDER.

FOLDER/<case>/ holds model.json and weights.safetensors, as a user's model folder does, and case.safetensors:
  features (N,D), coords (N,2); logits (C), attention (N,K) after the softmax, label (1), instance_loss (1) of CLAM, grad.<key> of the loss.
FOLDER/counts.json holds the number of learned values at published sizes.
Everything is computed in float64 from weights and features that are exact in float32. Seeds are tried until no choice between tiles and no ReLU hangs
on the last digits, so that a float32 network must decide alike.
"""
import hashlib
import json
import math
import struct
import sys
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

TOP_K, CLAM_TILES, NEIGHBOURS = 10, 8, 8
HARD_HINGE = math.log(1000)   # gap of two scores from which the smooth SVM counts as a plain hinge
LEAST_MARGIN = 1e-4           # float32 is off by 1e-6
LEAST_KINK = 5e-6             # nor may it see a ReLU's input on the other side of zero: its gradient would jump


class Outcome:
    """Logits (C) and attention (N,K); `margins` are the gaps by which ranks were decided, the rest is for the losses."""

    def __init__(self, logits, attention, margins=(), **rest):
        self.logits, self.attention, self.margins = logits, attention, list(margins)
        self.__dict__.update(rest)


def cross_entropy(logits, label):
    return F.cross_entropy(logits[None], torch.tensor([label]))


class Aggregator(nn.Module):
    def loss(self, outcome, label):
        return cross_entropy(outcome.logits, label)


def embedding(feature_dim, embed_dim):
    return nn.Sequential(nn.Linear(feature_dim, embed_dim), nn.ReLU())


# --- attention scores


class Gated(nn.Module):
    def __init__(self, width, hidden, branches=1):
        super().__init__()
        self.attention_a = nn.Sequential(nn.Linear(width, hidden), nn.Tanh())
        self.attention_b = nn.Sequential(nn.Linear(width, hidden), nn.Sigmoid())
        self.attention_c = nn.Linear(hidden, branches)

    def forward(self, h):
        return self.attention_c(self.attention_a(h) * self.attention_b(h))


class Plain(nn.Module):
    """The dropout, off here, holds the place that the published keys count."""

    def __init__(self, width, hidden, branches=1):
        super().__init__()
        self.module = nn.Sequential(nn.Linear(width, hidden), nn.Tanh(), nn.Dropout(0.0), nn.Linear(hidden, branches))

    def forward(self, h):
        return self.module(h)


# --- pooling


class Mean(Aggregator):
    def __init__(self, d, e, a, c):
        super().__init__()
        self.patch_embed, self.classifier = embedding(d, e), nn.Linear(e, c)

    def forward(self, x, coords):
        n = len(x)
        return Outcome(self.classifier(self.patch_embed(x).sum(0) / n), torch.full((n, 1), 1.0 / n))


class Max(Mean):
    def forward(self, x, coords):
        h = self.patch_embed(x)
        winners = torch.zeros(len(x))
        for column in h.detach().t():
            winners[first_largest(column)] += 1
        return Outcome(self.classifier(h.amax(0)), (winners / h.shape[1])[:, None], rank_margins(h, 1))


class TopK(Mean):
    def forward(self, x, coords):
        logits = self.classifier(self.patch_embed(x))
        shares = logits.detach().softmax(1)
        scores = shares[:, 1] if shares.shape[1] == 2 else shares.amax(1)
        k = min(TOP_K, len(x))
        chosen = by_rank(scores)[:k]
        attention = torch.zeros(len(x), 1)
        attention[chosen] = 1.0 / k
        return Outcome(logits[chosen].mean(0), attention, rank_margins(scores[:, None], k))


def first_largest(values):
    return int((values == values.max()).nonzero()[0])


def by_rank(scores):
    """Largest first, among equals the lower index."""
    return sorted(range(len(scores)), key=lambda i: (-scores[i].item(), i))


def rank_margins(columns, k):
    """How far the k-th largest of each column is above the next one. Exact equality is a tie that has a rule, not a margin."""
    margins = []
    for column in columns.detach().t():
        falling = column.sort(descending=True).values
        if k < len(falling) and falling[k - 1] != falling[k]:
            margins.append(float(falling[k - 1] - falling[k]))
    return margins


# --- attention pooling


class Abmil(Aggregator):
    def __init__(self, d, e, a, c, attention=Gated):
        super().__init__()
        self.patch_embed, self.global_attn, self.classifier = embedding(d, e), attention(e, a), nn.Linear(e, c)

    def forward(self, x, coords):
        h = self.patch_embed(x)
        attention = self.global_attn(h).softmax(0)
        return Outcome(self.classifier((attention * h).sum(0)), attention)


def smooth_svm(scores, targets):
    """Smooth top-1 SVM, alpha and tau 1, mean over rows: log sum exp of the margins, or their maximum where one score leads by far."""
    losses = []
    for s, y in zip(scores, targets):
        z = s + 1.0 - s[y]
        z = torch.cat([z[:y], (s[y] - s[y])[None], z[y + 1:]])
        losses.append(z.max() if score_gap(s) >= HARD_HINGE else torch.logsumexp(z, 0))
    return torch.stack(losses).mean()


def score_gap(scores):
    first, second = scores.detach().topk(2).values
    return float(first - second)


class Clam(Aggregator):
    """CLAM; `many` is its MB form with one attention and one classifier a class."""

    def __init__(self, d, e, a, c, attention=Gated, many=False):
        super().__init__()
        self.many = many
        self.attention_net = nn.Sequential(nn.Linear(d, e), nn.ReLU(), nn.Dropout(0.0), attention(e, a, c if many else 1))
        self.classifiers = nn.ModuleList(nn.Linear(e, 1) for _ in range(c)) if many else nn.Linear(e, c)
        self.instance_classifiers = nn.ModuleList(nn.Linear(e, 2) for _ in range(c))

    def forward(self, x, coords):
        h = self.attention_net[:3](x)
        attention = self.attention_net[3](h).softmax(0)
        pooled = attention.t() @ h
        logits = torch.cat([self.classifiers[c](pooled[c]) for c in range(len(pooled))]) if self.many else self.classifiers(pooled[0])
        k = min(CLAM_TILES, len(x) // 2)
        scores = attention.log()          # attention itself is small, so its gaps would be
        margins = rank_margins(scores, k) + rank_margins(-scores, k) if k else []
        return Outcome(logits, attention, margins, h=h)

    def instance_loss(self, outcome, label):
        k = min(CLAM_TILES, len(outcome.h) // 2)
        if k == 0:
            return None
        classes = len(self.instance_classifiers)
        subtyping = classes > 2
        total = torch.zeros(())
        for c, classifier in enumerate(self.instance_classifiers):
            if c != label and not subtyping:
                continue
            order = by_rank(outcome.attention[:, c if self.many else 0])
            tiles, targets = (order[:k] + order[-k:], [1] * k + [0] * k) if c == label else (order[:k], [0] * k)
            scores = classifier(outcome.h[tiles])
            outcome.margins += [abs(score_gap(s) - HARD_HINGE) for s in scores]
            total = total + smooth_svm(scores, targets)
        return total / classes if subtyping else total

    def loss(self, outcome, label):
        outcome.instance_loss = self.instance_loss(outcome, label)
        bag = cross_entropy(outcome.logits, label)   # one tile has no instances to tell apart: the bag's loss is all there is
        return bag if outcome.instance_loss is None else 0.7 * bag + 0.3 * outcome.instance_loss


class Dsmil(Aggregator):
    def __init__(self, d, e, a, c):
        super().__init__()
        self.i_classifier = nn.ModuleDict({"fc": nn.Sequential(nn.Linear(d, c))})
        self.b_classifier = nn.ModuleDict({"q": nn.Sequential(nn.Linear(d, a), nn.ReLU(), nn.Linear(a, a), nn.Tanh()), "fcc": nn.Conv1d(c, c, d)})

    def forward(self, x, coords):
        scores = self.i_classifier["fc"](x)
        critical = [first_largest(column) for column in scores.detach().t()]
        q = self.b_classifier["q"](x)
        attention = (q @ q[critical].t() / math.sqrt(q.shape[1])).softmax(0)
        logits = self.b_classifier["fcc"]((attention.t() @ x)[None])[0, :, 0]
        return Outcome(logits, attention, rank_margins(scores, 1), largest=scores[critical, range(len(critical))])

    def loss(self, outcome, label):
        return 0.5 * cross_entropy(outcome.logits, label) + 0.5 * cross_entropy(outcome.largest, label)


# --- transformers


class Nystrom(nn.Module):
    """Nystrom attention over (n,E) tokens; `row` is what the first token gives to each token, mean over heads."""

    def __init__(self, width, heads=8, landmarks=None, iterations=6, kernel=33):
        super().__init__()
        self.heads, self.landmarks, self.iterations = heads, landmarks or width // 2, iterations
        self.to_qkv = nn.Linear(width, 3 * width, bias=False)
        self.to_out = nn.Sequential(nn.Linear(width, width), nn.Dropout(0.0))
        self.res_conv = nn.Conv2d(heads, heads, (kernel, 1), padding=(kernel // 2, 0), groups=heads, bias=False)

    def forward(self, tokens):
        n, width = tokens.shape
        group = -(-n // self.landmarks)
        front = group * self.landmarks - n
        tokens = torch.cat([tokens.new_zeros(front, width), tokens])
        q, k, v = (part.reshape(len(tokens), self.heads, -1).transpose(0, 1) for part in self.to_qkv(tokens).chunk(3, dim=1))
        q = q / math.sqrt(q.shape[2])
        q_marks, k_marks = (t.reshape(self.heads, self.landmarks, group, -1).mean(2) for t in (q, k))
        one = (q @ k_marks.transpose(1, 2)).softmax(2)
        two = (q_marks @ k_marks.transpose(1, 2)).softmax(2)
        three = (q_marks @ k.transpose(1, 2)).softmax(2)
        first = one @ self.inverse(two)
        out = first @ (three @ v) + self.res_conv(v[None])[0]
        row = (first[:, front:front + 1] @ three).mean(0)[0, front:]
        return self.to_out(out.transpose(0, 1).reshape(len(tokens), width))[front:], row.detach()

    def inverse(self, a):
        z = a.transpose(1, 2) / (a.abs().sum(2).max() * a.abs().sum(1).max())
        one = torch.eye(a.shape[1])
        for _ in range(self.iterations):
            az = a @ z
            z = 0.25 * z @ (13 * one - az @ (15 * one - az @ (7 * one - az)))
        return z


class NystromLayer(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm, self.attn = nn.LayerNorm(width), Nystrom(width)

    def forward(self, tokens):
        out, row = self.attn(self.norm(tokens))
        return tokens + out, row


class Ppeg(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.proj, self.proj1, self.proj2 = (nn.Conv2d(width, width, size, padding=size // 2, groups=width) for size in (7, 5, 3))

    def forward(self, tokens, side):
        image = tokens[1:].t().reshape(1, -1, side, side)
        image = image + self.proj(image) + self.proj1(image) + self.proj2(image)
        return torch.cat([tokens[:1], image.reshape(image.shape[1], -1).t()])


class TransMil(Aggregator):
    def __init__(self, d, e, a, c):
        super().__init__()
        self._fc1, self._fc2 = embedding(d, e), nn.Linear(e, c)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, e))
        self.layer1, self.layer2, self.pos_layer, self.norm = NystromLayer(e), NystromLayer(e), Ppeg(e), nn.LayerNorm(e)

    def forward(self, x, coords):
        n = len(x)
        h = self._fc1(x)
        side = math.isqrt(n - 1) + 1
        tokens = torch.cat([self.cls_token[0], h, h[:side * side - n]])
        tokens = self.pos_layer(self.layer1(tokens)[0], side)
        tokens, row = self.layer2(tokens)
        return Outcome(self._fc2(self.norm(tokens)[0]), self.of_tiles(row[1:], n))

    @staticmethod
    def of_tiles(row, n):
        """A tile that was copied to fill the square gets its copy's share too."""
        attention = row[:n].clone()
        attention[:len(row) - n] += row[n:]
        attention = attention.clamp(min=0)
        total = attention.sum()
        return (attention / total if total > 0 else torch.full((n,), 1.0 / n))[:, None]


class Transformer(Aggregator):
    def __init__(self, d, e, a, c):
        super().__init__()
        self.project_features = nn.Sequential(nn.Linear(d, e), nn.GELU())
        self.class_token = nn.Parameter(torch.zeros(1, 1, e))
        options = {"dropout": 0.0, "activation": "gelu", "batch_first": True, "norm_first": True}
        self.layers = nn.ModuleList(nn.TransformerEncoderLayer(e, 8, dim_feedforward=e, **options) for _ in range(2))
        self.norm, self.classifier = nn.LayerNorm(e), nn.Linear(e, c)

    def forward(self, x, coords):
        tokens = torch.cat([self.class_token, self.project_features(x)[None]], 1)
        tokens = self.layers[0](tokens)
        last = self.layers[1]
        given = last.norm1(tokens)
        row = last.self_attn(given, given, given, need_weights=True)[1][0, 0, 1:].detach()   # mean over heads
        return Outcome(self.classifier(self.norm(last(tokens))[0, 0]), (row / row.sum())[:, None])


# --- graph


class GenConv(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.t, self.relu = nn.Parameter(torch.ones(1)), nn.ReLU()
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.LayerNorm(2 * width), nn.ReLU(), nn.Linear(2 * width, width))

    def forward(self, x, sends):
        """sends[i,j]: tile i sends to tile j. Dense on purpose: no gathering or scattering that could be wrong in the same way."""
        message = (self.relu(x) + 1e-7)[:, None, :].expand(-1, len(x), -1)
        weight = (self.t * message).exp() * sends[:, :, None]
        total = weight.sum(0)
        return self.mlp((weight * message).sum(0) / torch.where(total > 0, total, 1) + x)


class GraphLayer(nn.Module):
    def __init__(self, width, first):
        super().__init__()
        self.conv = GenConv(width)
        self.norm, self.relu = None if first else nn.LayerNorm(width), nn.ReLU()

    def forward(self, x, sends):
        h = self.conv(x, sends)
        return h if self.norm is None else x + self.relu(self.norm(h))


class PatchGcn(Aggregator):
    def __init__(self, d, e, a, c):
        super().__init__()
        g = e // 4
        self.fc = embedding(d, g)
        self.layers = nn.ModuleList(GraphLayer(g, layer == 0) for layer in range(3))
        self.path_phi, self.path_attention_head, self.path_rho = embedding(e, e), Gated(e, a), embedding(e, e)
        self.classifier = nn.Linear(e, c)

    def forward(self, x, coords):
        sends = neighbours(coords)
        levels = [self.fc(x)]
        for layer in self.layers:
            levels.append(layer(levels[-1], sends))
        h = self.path_phi(torch.cat(levels, 1))
        attention = self.path_attention_head(h).softmax(0)
        return Outcome(self.classifier(self.path_rho((attention * h).sum(0))), attention)


def neighbours(coords):
    """Each tile sends to its nearest others, among equally near ones to the lower index."""
    points = [(int(x), int(y)) for x, y in coords.tolist()]
    sends = torch.zeros(len(points), len(points))
    for i, (x, y) in enumerate(points):
        others = sorted((((x - u) ** 2 + (y - v) ** 2, j) for j, (u, v) in enumerate(points) if j != i))
        for _, j in others[:NEIGHBOURS]:
            sends[i, j] = 1
    return sends


AGGREGATORS = {
    "mean": Mean,
    "max": Max,
    "top-k": TopK,
    "abmil": lambda *sizes: Abmil(*sizes, attention=Plain),
    "abmil-gated": Abmil,
    "clam-sb": Clam,
    "clam-mb": lambda *sizes: Clam(*sizes, many=True),
    "clam-sb-plain": lambda *sizes: Clam(*sizes, attention=Plain),
    "clam-mb-plain": lambda *sizes: Clam(*sizes, attention=Plain, many=True),
    "dsmil": Dsmil,
    "transmil": TransMil,
    "transformer": Transformer,
    "patch-gcn": PatchGcn,
}


def build(aggregator, feature_dim, embed_dim, attention_dim, classes):
    """In float64; modules make tensors of their own while they run, so make that torch's default type too."""
    return AGGREGATORS[aggregator](feature_dim, embed_dim, attention_dim, classes).double()


# --- weights, bags, cases


def randomise(network, generator):
    """Weights wide enough that attention is far from even and no bias, norm or temperature is at the value that hides it."""
    for name, parameter in network.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if name.endswith("conv.t"):
            value = 1 + noise.abs()
        elif "norm" in name or ".mlp.1." in name:
            value = noise * 0.2 + (1 if name.endswith("weight") else 0)
        elif parameter.dim() < 2:
            value = noise * 0.2
        else:
            value = noise * 1.3 / math.sqrt(parameter[0].numel())
        parameter.data = value.float().to(parameter.dtype)


def grid_coords(tiles, generator, step=512):
    """Row by row on a grid with holes, so that many neighbours are equally near; the last tile lies far off, so that nobody sends to it."""
    side = math.isqrt(tiles) + 3
    places = torch.randperm(side * side, generator=generator)[:tiles].sort().values
    coords = torch.stack([places % side, places // side], 1).float() * step + 1024
    if tiles > 20:
        coords[-1] = torch.tensor([200000.0, 150000.0])
    return coords


def dead_columns(network):
    network.patch_embed[0].bias.data[:5] = -1000.0   # no tile is above zero there: the first one counts


def equal_scores(network):
    network.classifier.weight.data.zero_()


def equal_first_class(network):
    network.i_classifier["fc"][0].weight.data[0] = 0


def wide_instance_scores(network):
    for classifier in network.instance_classifiers:
        classifier.weight.data *= 6                   # gaps on both sides of the one where the SVM turns hard


SIZES = (40, 32, 16)          # D, E, A
CASES = []                    # name, aggregator, sizes, classes, tiles, edit
for _name in AGGREGATORS:
    _sizes = (40, 40, 16) if _name == "dsmil" else SIZES
    CASES.append((f"{_name}.two", _name, _sizes, 2, 300, None))
    CASES.append((f"{_name}.four", _name, (24, 24, 12) if _name == "dsmil" else (24, 64, 12), 4, 277, None))
    CASES.append((f"{_name}.one-tile", _name, _sizes, 2, 1, None))
    CASES.append((f"{_name}.few-tiles", _name, _sizes, 4 if _name.startswith("clam") else 2, 5, None))
CASES += [
    ("max.dead-columns", "max", SIZES, 2, 30, dead_columns),
    ("top-k.equal-scores", "top-k", SIZES, 2, 30, equal_scores),
    ("dsmil.equal-scores", "dsmil", (40, 40, 16), 2, 30, equal_first_class),
    ("clam-sb.hard-hinge", "clam-sb", SIZES, 2, 100, wide_instance_scores),
    ("clam-mb.hard-hinge", "clam-mb", SIZES, 4, 100, wide_instance_scores),
    ("transmil.square", "transmil", SIZES, 2, 256, None),
    # Padded to 736 rows: at 16 + 240 k rows (256, 496, 736, ... 4096) oneDNN's float32 gradient of a depth-wise 33 x 1 kernel was seen off by 3 %.
    ("transmil.large", "transmil", SIZES, 2, 700, None),
    ("transmil.two-tiles", "transmil", SIZES, 2, 2, None),
]


def standardised(features, mean, scale):
    return (features - mean) / scale


def watch_kinks(network):
    """A list that grows, as the network runs, by how far each ReLU's inputs are from zero."""
    nearest = []
    for module in network.modules():
        if isinstance(module, nn.ReLU):
            module.register_forward_hook(lambda _, inputs, __: nearest.append(inputs[0].detach().abs()))
    return nearest


def too_close(outcome, kinks):
    kinks = [float(k[k > 0].min()) for k in kinks if k.any()]   # zero itself, from the ReLU before, stays zero
    return min(outcome.margins, default=1) < LEAST_MARGIN or min(kinks, default=1) < LEAST_KINK


def made(aggregator, sizes, classes, tiles, edit, seed):
    """One network, one bag and what comes out; None where a choice between tiles is too close."""
    generator = torch.Generator().manual_seed(seed)
    network = build(aggregator, *sizes, classes)
    randomise(network, generator)
    if edit:
        edit(network)
    d = sizes[0]
    scaler = {"feature_scaler.mean": torch.randn(d, generator=generator).float(),
              "feature_scaler.scale": (0.5 + 1.5 * torch.rand(d, generator=generator)).float()}
    mean, scale = (value.double() for value in scaler.values())
    features = (mean + scale * torch.randn(tiles, d, generator=generator)).float()
    coords = grid_coords(tiles, generator)
    label = int(torch.randint(classes, (1,), generator=generator))
    kinks = watch_kinks(network)
    outcome = network(standardised(features.double(), mean, scale), coords)
    loss = network.loss(outcome, label)
    if too_close(outcome, kinks):
        return None
    loss.backward()
    case = {"features": features, "coords": coords, "logits": outcome.logits, "attention": outcome.attention, "label": torch.tensor([float(label)])}
    if isinstance(network, Clam) and outcome.instance_loss is not None:
        case["instance_loss"] = outcome.instance_loss.reshape(1)
    weights = dict(scaler)
    for key, parameter in network.named_parameters():
        weights[key] = parameter.data
        case["grad." + key] = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
    return weights, case


# --- files


def write_safetensors(path, tensors):
    """By hand from the format's description, so that it shares no code with the reader under test."""
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for key, tensor in tensors.items():
        raw = tensor.detach().to(torch.float32).contiguous().numpy().tobytes()
        header[key] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def card(aggregator, sizes, classes, weights_sha256):
    return {"schema_version": 2, "task": "label", "classes": [f"class {c}" for c in range(classes)], "aggregator": aggregator,
            "sizes": {"feature_dim": sizes[0], "embed_dim": sizes[1], "attention_dim": sizes[2]},
            "encoder": {"name": "resnet50", "sha256": hashlib.sha256(b"resnet50").hexdigest(), "random_weights": False},
            "tiling": {"tile_px": 256, "mpp": 0.5},
            "fusion": "concat", "modalities": [],
            "weights_sha256": weights_sha256, "training": {}, "intended_use": "research use only"}


def write_case(folder, aggregator, sizes, classes, weights, case):
    folder.mkdir(parents=True, exist_ok=True)
    write_safetensors(folder / "weights.safetensors", weights)
    write_safetensors(folder / "case.safetensors", case)
    sha256 = hashlib.sha256((folder / "weights.safetensors").read_bytes()).hexdigest()
    (folder / "model.json").write_text(json.dumps(card(aggregator, sizes, classes, sha256), indent=2) + "\n")


# --- the oracle's own checks

# Published counts: aggregator, D, E, A, C, count. Patch-GCN's has a third LayerNorm that its first layer never uses; it has no key here.
PUBLISHED = [
    ("clam-sb", 1024, 512, 256, 2, 790791),
    ("clam-mb", 1024, 512, 256, 2, 791048),
    ("clam-sb", 1024, 512, 384, 2, 922247),
    ("clam-sb-plain", 1024, 512, 256, 2, 659463),
    ("transmil", 1024, 512, 256, 2, 2672146),
    ("patch-gcn", 1024, 512, 512, 1, 1382917 - 2 * 128),
    ("dsmil", 512, 512, 128, 1, 83202),
    ("abmil-gated", 1024, 512, 384, 2, (1024 + 1) * 512 + 2 * (512 + 1) * 384 + (384 + 1) + (512 + 1) * 2),
    ("abmil", 1024, 512, 384, 2, (1024 + 1) * 512 + (512 + 1) * 384 + (384 + 1) + (512 + 1) * 2),
    ("mean", 1024, 512, 384, 2, (1024 + 1) * 512 + (512 + 1) * 2),
    ("max", 1024, 512, 384, 2, (1024 + 1) * 512 + (512 + 1) * 2),
    ("top-k", 1024, 512, 384, 2, (1024 + 1) * 512 + (512 + 1) * 2),
    ("clam-mb-plain", 1024, 512, 256, 2, 659463 + 257),
    ("transformer", 1024, 512, 512, 2,
     (1024 + 1) * 512 + 512 + 2 * ((512 + 1) * 1536 + 3 * (512 + 1) * 512 + 4 * 512) + 2 * 512 + (512 + 1) * 2),
]


def counts():
    rows = {}
    for aggregator, d, e, a, c, published in PUBLISHED:
        with torch.device("meta"):
            count = sum(parameter.numel() for parameter in AGGREGATORS[aggregator](d, e, a, c).parameters())
        require(count == published, f"{aggregator}: wanted {published} learned values at its published size, the module has {count}")
        name = "clam-sb-big" if (aggregator, a) == ("clam-sb", 384) else aggregator
        rows[name] = {"feature_dim": d, "embed_dim": e, "attention_dim": a, "classes": c, "count": count}
    return rows


def require(holds, sentence):
    if not holds:
        sys.exit(f"aggregator_oracle.py: {sentence}")


def check_smooth_svm():
    rows, targets = torch.tensor([[0.3, -0.1], [2.0, -1.0]]), [1, 0]
    for row, target, wanted in zip(rows, targets, (1.6204174099, 0.1269280110)):
        found = float(smooth_svm(row[None], [target]))
        require(abs(found - wanted) < 1e-9, f"smooth SVM: wanted {wanted}, found {found}")
    require(float(smooth_svm(torch.tensor([[7.0, 0.0]]), [0])) == 0, "smooth SVM: wanted the hard hinge at a gap of 7")


def check_nystrom():
    """With a landmark for every token it is exact attention, as far as the iteration inverts."""
    layer = Nystrom(16, heads=4, landmarks=6, iterations=30)
    tokens = torch.randn(6, 16, generator=torch.Generator().manual_seed(1))
    out, _ = layer(tokens)
    q, k, v = (part.reshape(6, 4, 4).transpose(0, 1) for part in layer.to_qkv(tokens).chunk(3, dim=1))
    exact = (F.scaled_dot_product_attention(q, k, v) + layer.res_conv(v[None])[0]).transpose(0, 1).reshape(6, 16)
    gap = float((layer.to_out(exact) - out).detach().abs().max())
    require(gap < 1e-6, f"Nystrom attention: wanted exact attention with a landmark a token, off by {gap}")


def check_gen_conv():
    """Receiver by receiver, from a list of edges."""
    generator = torch.Generator().manual_seed(2)
    conv, x, coords = GenConv(6), torch.randn(20, 6, generator=generator), grid_coords(20, generator)
    coords[-1] = 1e6
    sends = neighbours(coords)
    gathered = torch.zeros(20, 6)
    for receiver in range(20):
        senders = [sender for sender in range(20) if sends[sender, receiver]]
        if senders:
            message = x[senders].relu() + 1e-7
            gathered[receiver] = (message * (conv.t * message).softmax(0)).sum(0)
    gap = float((conv.mlp(gathered + x) - conv(x, sends)).detach().abs().max())
    require(gap < 1e-12 and not sends[:, -1].any(), f"graph convolution: dense and by edges differ by {gap}")


def main(out):
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    check_smooth_svm()
    check_nystrom()
    check_gen_conv()
    out.mkdir(parents=True, exist_ok=True)
    (out / "counts.json").write_text(json.dumps(counts(), indent=2) + "\n")
    for number, (name, aggregator, sizes, classes, tiles, edit) in enumerate(CASES):
        seeds = range(1000 * number, 1000 * number + 200)
        found = next((case for seed in seeds if (case := made(aggregator, sizes, classes, tiles, edit, seed))), None)
        require(found, f"{name}: wanted a bag in which no choice between tiles is close, found none")
        write_case(out / name, aggregator, sizes, classes, *found)
        print(name, [round(v, 4) for v in found[1]["logits"].tolist()])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
