# SPDX-License-Identifier: Apache-2.0
"""The weights of `--encoder resnet50 --encoder.random_weights`, made once more from their description: Python's reference for the built-in network.

builtin_weights.py WORKFLOWS SEED FILE         FILE: a safetensors file with torchvision's key names
"""
import pathlib
import sys

import numpy

BLOCKS = (3, 4, 6, 3)


def convolutions():
    """(convolution, batch norm, in, out, kernel, gamma) in the order in which the generator fills them."""
    yield "conv1", "bn1", 3, 64, 7, 1
    channels = 64
    for stage, blocks in enumerate(BLOCKS):
        width = 64 << stage
        for block in range(blocks):
            name = f"layer{stage + 1}.{block}"
            yield f"{name}.conv1", f"{name}.bn1", channels, width, 1, 1
            yield f"{name}.conv2", f"{name}.bn2", width, width, 3, 1
            yield f"{name}.conv3", f"{name}.bn3", width, 4 * width, 1, 0.5
            if block == 0:
                yield f"{name}.downsample.0", f"{name}.downsample.1", channels, 4 * width, 1, 1
            channels = 4 * width


def normal_numbers(seed, first, count):
    """splitmix64; four 16-bit uniform numbers make a normal one."""
    steps = numpy.arange(first + 1, first + count + 1, dtype=numpy.uint64)
    z = numpy.uint64(seed) + steps * numpy.uint64(0x9e3779b97f4a7c15)
    z = (z ^ (z >> numpy.uint64(30))) * numpy.uint64(0xbf58476d1ce4e5b9)
    z = (z ^ (z >> numpy.uint64(27))) * numpy.uint64(0x94d049bb133111eb)
    z ^= z >> numpy.uint64(31)
    total = sum((z >> numpy.uint64(16 * i) & numpy.uint64(0xffff)).astype(float) for i in range(4))
    return (total - 2 * 65535) / numpy.sqrt(4 * (65536.0 * 65536.0 - 1) / 12)


def weights(seed):
    made, used = {}, 0
    for conv, norm, channels, out, kernel, gamma in convolutions():
        count = out * channels * kernel * kernel
        sigma = numpy.sqrt(2 / (out * kernel * kernel))
        made[f"{conv}.weight"] = (sigma * normal_numbers(seed, used, count)).astype(numpy.float32).reshape(out, channels, kernel, kernel)
        used += count
        for key, value in (("weight", gamma), ("bias", 0), ("running_mean", 0), ("running_var", 1)):
            made[f"{norm}.{key}"] = numpy.full(out, value, numpy.float32)
    return made


if __name__ == "__main__":
    workflows, seed, path = sys.argv[1:]
    sys.path.insert(0, workflows)
    import export_encoder
    export_encoder.write_safetensors(pathlib.Path(path), weights(int(seed)))
