# SPDX-License-Identifier: Apache-2.0
"""Aggregators as torch modules, the way their publications write them: what the rivals of bench_mil run."""
import json
import math
import struct

import numpy
import torch
from torch import nn


def tensors_of(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = file.read()
    return {key: torch.from_numpy(numpy.frombuffer(data[slice(*entry["data_offsets"])], "<f4").reshape(entry["shape"]).copy())
            for key, entry in header.items() if key != "__metadata__"}


class Gated(nn.Module):
    def __init__(self, width, hidden):
        super().__init__()
        self.attention_a = nn.Sequential(nn.Linear(width, hidden), nn.Tanh())
        self.attention_b = nn.Sequential(nn.Linear(width, hidden), nn.Sigmoid())
        self.attention_c = nn.Linear(hidden, 1)

    def forward(self, h):
        return self.attention_c(self.attention_a(h) * self.attention_b(h))


class Abmil(nn.Module):
    def __init__(self, d, e, a, c):
        super().__init__()
        self.patch_embed = nn.Sequential(nn.Linear(d, e), nn.ReLU())
        self.global_attn = Gated(e, a)
        self.classifier = nn.Linear(e, c)

    def forward(self, x):
        h = self.patch_embed(x)
        return self.classifier(torch.softmax(self.global_attn(h).t(), 1) @ h).squeeze(0)


class ClamSb(nn.Module):
    """Without its instance loss, which costs nothing beside the rest."""

    def __init__(self, d, e, a, c):
        super().__init__()
        self.attention_net = nn.Sequential(nn.Linear(d, e), nn.ReLU(), nn.Identity(), Gated(e, a))
        self.classifiers = nn.Linear(e, c)
        self.instance_classifiers = nn.ModuleList(nn.Linear(e, 2) for _ in range(c))

    def forward(self, x):
        h = self.attention_net[:3](x)
        return self.classifiers(torch.softmax(self.attention_net[3](h).t(), 1) @ h).squeeze(0)


class Nystrom(nn.Module):
    def __init__(self, e):
        super().__init__()
        self.m, self.d = e // 2, e // 8
        self.to_qkv = nn.Linear(e, 3 * e, bias=False)
        self.to_out = nn.Sequential(nn.Linear(e, e))
        self.res_conv = nn.Conv2d(8, 8, (33, 1), padding=(16, 0), groups=8, bias=False)

    def forward(self, x):
        n = x.shape[1]
        x = nn.functional.pad(x, (0, 0, (self.m - n % self.m) % self.m, 0))
        q, k, v = (part.reshape(1, -1, 8, self.d).transpose(1, 2) for part in self.to_qkv(x).chunk(3, dim=-1))
        q = q * self.d ** -0.5
        ql, kl = (part.reshape(1, 8, self.m, -1, self.d).mean(3) for part in (q, k))
        a1, a2, a3 = ((left @ right.transpose(-1, -2)).softmax(-1) for left, right in ((q, kl), (ql, kl), (ql, k)))
        z = a2.transpose(-1, -2) / (a2.abs().sum(-1).max() * a2.abs().sum(-2).max())
        eye = torch.eye(self.m)
        for _ in range(6):
            az = a2 @ z
            z = 0.25 * z @ (13 * eye - az @ (15 * eye - az @ (7 * eye - az)))
        out = (a1 @ z) @ (a3 @ v) + self.res_conv(v)
        return self.to_out(out.transpose(1, 2).reshape(1, -1, 8 * self.d))[:, -n:]


class Layer(nn.Module):
    def __init__(self, e):
        super().__init__()
        self.norm, self.attn = nn.LayerNorm(e), Nystrom(e)

    def forward(self, x):
        return x + self.attn(self.norm(x))


class Ppeg(nn.Module):
    def __init__(self, e):
        super().__init__()
        self.proj, self.proj1, self.proj2 = (nn.Conv2d(e, e, size, padding=size // 2, groups=e) for size in (7, 5, 3))

    def forward(self, x, side):
        token, rest = x[:, :1], x[:, 1:].transpose(1, 2).reshape(1, -1, side, side)
        rest = self.proj(rest) + rest + self.proj1(rest) + self.proj2(rest)
        return torch.cat((token, rest.flatten(2).transpose(1, 2)), 1)


class TransMil(nn.Module):
    def __init__(self, d, e, _, c):
        super().__init__()
        self._fc1 = nn.Sequential(nn.Linear(d, e), nn.ReLU())
        self.cls_token = nn.Parameter(torch.zeros(1, 1, e))
        self.layer1, self.layer2, self.pos_layer = Layer(e), Layer(e), Ppeg(e)
        self.norm, self._fc2 = nn.LayerNorm(e), nn.Linear(e, c)

    def forward(self, x):
        h = self._fc1(x)[None]
        side = math.ceil(math.sqrt(h.shape[1]))
        h = torch.cat((self.cls_token, h, h[:, :side * side - h.shape[1]]), 1)
        h = self.layer2(self.pos_layer(self.layer1(h), side))
        return self._fc2(self.norm(h)[:, 0]).squeeze(0)


def load(aggregator, folder):
    """The network with weights.safetensors of `folder`, and the mean and scale that its features want."""
    weights = tensors_of(f"{folder}/weights.safetensors")
    mean, scale = weights.pop("feature_scaler.mean"), weights.pop("feature_scaler.scale")
    kind, embed, attention = {"abmil-gated": (Abmil, 512, 384), "clam-sb": (ClamSb, 512, 256), "transmil": (TransMil, 512, 0)}[aggregator]
    classes = [value for key, value in weights.items() if key in ("classifier.bias", "classifiers.bias", "_fc2.bias")][0].shape[0]
    network = kind(mean.shape[0], embed, attention, classes)
    network.load_state_dict(weights)
    return network, mean, scale
