# SPDX-License-Identifier: Apache-2.0
"""Prints optimisers_golden.h: where torch.optim comes to on a quadratic in 100 steps, and its schedules of the learning rate.

f(x) = sum_i (i + 1) (x_i - sin i)^2 / 2 + x_0 x_1 / 3 over 6 numbers that start at cos i, in float64.
"""
import torch

STEPS = 100


def start():
    return torch.tensor([torch.cos(torch.tensor(float(i), dtype=torch.float64)) for i in range(6)], dtype=torch.float64, requires_grad=True)


def quadratic(x):
    i = torch.arange(6, dtype=torch.float64)
    return ((i + 1) * (x - torch.sin(i)) ** 2).sum() / 2 + x[0] * x[1] / 3


OPTIMISERS = {
    "sgd": lambda x: torch.optim.SGD([x], lr=0.01, momentum=0.9, weight_decay=0.1),
    "adam": lambda x: torch.optim.Adam([x], lr=0.01, weight_decay=0.1),
    "adamw": lambda x: torch.optim.AdamW([x], lr=0.01, weight_decay=0.1),
    "rmsprop": lambda x: torch.optim.RMSprop([x], lr=0.01, weight_decay=0.1),
    "radam": lambda x: torch.optim.RAdam([x], lr=0.01, weight_decay=0.1),
}


def run(make, lookahead):
    x = start()
    optimiser = make(x)
    slow = x.detach().clone()
    for step in range(1, STEPS + 1):
        optimiser.zero_grad()
        quadratic(x).backward()
        optimiser.step()
        if lookahead and step % 6 == 0:
            with torch.no_grad():
                slow += 0.5 * (x - slow)
                x.copy_(slow)
    return x.tolist()


def schedule(make):
    x = start()
    optimiser = torch.optim.SGD([x], lr=1.0)
    scheduler = make(optimiser)
    rates = []
    for _ in range(STEPS):
        rates.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        scheduler.step()
    return rates


golden = {name: run(make, False) for name, make in OPTIMISERS.items()}
golden["radam lookahead"] = run(OPTIMISERS["radam"], True)
schedules = {
    "cosine": schedule(lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, STEPS)),
    "one-cycle": schedule(lambda o: torch.optim.lr_scheduler.OneCycleLR(o, max_lr=1.0, total_steps=STEPS, cycle_momentum=False)),
    "step": schedule(lambda o: torch.optim.lr_scheduler.MultiStepLR(o, [50, 75])),
}


def array(name, values):
    return f"inline const std::vector<double> {name.replace('-', '_').replace(' ', '_')}{{{', '.join(repr(v) for v in values)}}};"


print("// SPDX-License-Identifier: Apache-2.0\n// Written by optimisers.py.\n#pragma once\n\n#include <vector>\n\n// clang-format off\nnamespace microtome::golden {")
for name, values in golden.items():
    print(array(f"optimiser {name}", values))
for name, values in schedules.items():
    print(array(f"schedule {name}", values))
print("}  // namespace microtome::golden")
