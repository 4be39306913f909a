# SPDX-License-Identifier: Apache-2.0
# Writes abmil_golden.h: what an independent torch.nn.Module says in float64, for weights and inputs from closed formulas.
# Usage: python abmil.py > abmil_golden.h
import math

import torch
from torch import nn

D, E, A, G, GD, C, N = 6, 5, 4, 3, 2, 3, 7


def wave(step, phase, amplitude, count):
    """Rounded to float32 first: the C++ side starts from the same numbers."""
    return torch.tensor([amplitude * math.sin(step * k + phase) for k in range(count)], dtype=torch.float64).float().double()


class GatedAttention(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention_a = nn.Sequential(nn.Linear(E, A), nn.Tanh(), nn.Dropout(0.25))
        self.attention_b = nn.Sequential(nn.Linear(E, A), nn.Sigmoid(), nn.Dropout(0.25))
        self.attention_c = nn.Linear(A, 1)

    def forward(self, h):
        return torch.softmax(self.attention_c(self.attention_a(h) * self.attention_b(h)), dim=0)


class Scaler(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.zeros(D))
        self.register_buffer("scale", torch.ones(D))

    def forward(self, x):
        return (x - self.mean) / self.scale


class Table(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(G, GD), nn.ReLU(), nn.Dropout(0.25))
        self.null = nn.Parameter(torch.zeros(GD))

    def forward(self, row):
        return self.null if row is None else self.encoder(row)


class Model(nn.Module):
    def __init__(self, genes):
        super().__init__()
        self.feature_scaler = Scaler()
        self.patch_embed = nn.Sequential(nn.Linear(D, E), nn.ReLU(), nn.Dropout(0.25))
        self.global_attn = GatedAttention()
        if genes:
            self.tables = nn.ModuleList([Table()])
        self.classifier = nn.Linear(E + (GD if genes else 0), C)

    def forward(self, x, genes):
        h = self.patch_embed(self.feature_scaler(x))
        a = self.global_attn(h)
        z = (a * h).sum(0)
        if hasattr(self, "tables"):
            z = torch.cat([z, self.tables[0](genes)])
        contribution = a * (h @ self.classifier.weight[:, :E].T)
        return self.classifier(z), a[:, 0], contribution


def filled(genes):
    model = Model(genes).double()
    state = model.state_dict()
    for index, name in enumerate(sorted(state)):
        tensor = state[name]
        tensor.copy_(wave(0.37, 1.1 * index + 0.5, 0.6, tensor.numel()).reshape(tensor.shape))
        if name == "feature_scaler.scale":
            tensor.copy_((tensor + 1.5).float().double())
    return model.eval()


def gene_vector():
    # the second is beyond the clip, the third is missing and counts as the mean
    values, mean, scale = [2.5, 900.0, float("nan")], [1.0, 2.0, 3.0], [2.0, 4.0, 0.5]
    scaled = [0.0 if math.isnan(v) else max(-10.0, min(10.0, (v - m) / s)) for v, m, s in zip(values, mean, scale)]
    return torch.tensor(scaled, dtype=torch.float64)


def array(name, values):
    numbers = ", ".join(f"{value:.12g}" for value in values.flatten().tolist())
    print(f"inline constexpr double {name}[] = {{{numbers}}};")


def main():
    x = wave(0.61, 0.2, 2.0, N * D).reshape(N, D)
    print("// SPDX-License-Identifier: Apache-2.0")
    print("// Written by golden/abmil.py: a float64 torch.nn.Module's answers.")
    print("#pragma once\n\nnamespace microtome::golden {\n\n// clang-format off")
    for name, model, genes in [("with_genes", filled(True), gene_vector()), ("without_row", filled(True), None), ("image_only", filled(False), None)]:
        with torch.no_grad():
            logits, attention, contribution = model(x, genes)
        array(f"{name}_logits", logits)
        array(f"{name}_probabilities", torch.softmax(logits, 0))
        array(f"{name}_attention", attention)
        array(f"{name}_contribution", contribution)
    print("// clang-format on\n\n}  // namespace microtome::golden")


main()
