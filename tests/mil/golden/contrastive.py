# SPDX-License-Identifier: Apache-2.0
"""Prints contrastive_golden.h: the symmetric InfoNCE loss of six pairs by torch.nn.functional, and its gradient by the slides' vectors.

slides_ij = sin(0.7 i + 1.3 j), tables_ij = slides_ij + 0.5 cos(2.1 i - 0.4 j), 6 x 5, float64.
"""
import torch
from torch.nn import functional

i, j = torch.arange(6, dtype=torch.float64).unsqueeze(1), torch.arange(5, dtype=torch.float64).unsqueeze(0)
tables = torch.sin(0.7 * i + 1.3 * j) + 0.5 * torch.cos(2.1 * i - 0.4 * j)


def run(temperature):
    slides = torch.sin(0.7 * i + 1.3 * j).requires_grad_(True)
    scores = functional.normalize(slides, dim=1) @ functional.normalize(tables, dim=1).T / temperature
    own = torch.arange(6)
    loss = (functional.cross_entropy(scores, own) + functional.cross_entropy(scores.T, own)) / 2
    loss.backward()
    return [loss.item(), *slides.grad.flatten().tolist()]


print("// SPDX-License-Identifier: Apache-2.0\n// Written by contrastive.py: the loss, then 6 x 5 gradients.\n#pragma once\n\n#include <vector>\n")
print("// clang-format off\nnamespace microtome::golden {")
for name, temperature in (("cold", 0.01), ("mild", 0.1), ("warm", 1.0)):
    print(f"inline const std::vector<double> contrastive_{name}{{{', '.join(map(repr, run(temperature)))}}};")
print("}  // namespace microtome::golden")
