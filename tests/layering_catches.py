# SPDX-License-Identifier: Apache-2.0
# Proves that layering.py can fail: plants one violation of each kind in a copy of the tree and expects its sentence.
#   layering_catches.py ROOT
import pathlib, shutil, sys, tempfile

from layering import ROOMS, violations

PLANTS = [  # file, text, words of the sentence
    ("tiling/p.cpp", '#include "mil/bag.h"\n', "point left"), ("mil/p.cpp", '#include "tiling/slide.h"\n', "mil may use only"),
    ("reporting/p.cpp", '#include "mil/bag_file.h"\n', "reporting may use only"), ("pipeline/p.cpp", '#include "tests/support/p.h"\n', "point left"),
    ("tiling/p.cpp", '#include "slide.h"\n', "start at the root"), ("tiling/p.cpp", "#include <openslide/openslide.h>\n", "belongs to"),
    ("tiling/p.cpp", "#include <vips/vips8>\n", "belongs to"), ("reporting/p.cpp", "#include <tiffio.h>\n", "belongs to"),
    ("mil/p.cpp", "#include <hdf5.h>\n", "belongs to"), ("reporting/h5_p.cpp", "#include <hdf5.h>\n", "belongs to"),
    ("mil/p.cpp", "#include <openssl/evp.h>\n", "belongs to"), ("pipeline/stages.cpp", "#include <tbb/parallel_for.h>\n", "belongs to"),
    ("pipeline/p_tbb.cpp", "#include <oneapi/tbb/flow_graph.h>\n", "belongs to"), ("pipeline/main.cpp", "#include <boost/program_options.hpp>\n", "belongs to"),
    ("pipeline/p.h", "#include <nlohmann/json.hpp>\n", "belongs to"), ("tests/support/p.h", "#include <fmt/core.h>\n", "belongs to"),
    ("pipeline/p.cpp", "#include <torch/script.h>\n", "belongs to"), ("tests/tiling/p.cpp", "#include <ATen/ATen.h>\n", "belongs to"),
    ("mil/bag.h", "#include <ATen/ATen.h>\n", "torch stays inside"), ("mil/encoders/encoder.h", '#include "mil/weights_safetensors.h"\n', "torch stays inside"),
    ("pipeline/p.cpp", '#include "mil/weights_safetensors.h"\n', "torch stays inside"), ("tiling/p.cpp", "#include <gtest/gtest.h>\n", "belongs to"),
    ("mil/string_utils.h", "", "homeless"), ("reporting/common/p.h", "", "homeless"), ("tiling/p.h", "\n" * 151, "at most 150"),
    ("reporting/p.h", "struct Level {\n};\n", "is defined in"), ("pipeline/p.h", "class Slide final : public Other {\n};\n", "is defined in"),
    ("tiling/p.cpp", "\n" * 351, "at most 350"), ("tests/mil/p.cpp", "\n" * 601, "at most 600")]


def missed(root, name, text, words):
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder)
        for room in ROOMS:
            shutil.copytree(root / room, copy / room, ignore=lambda _, names: [n for n in names if "." in n and not n.endswith((".h", ".cpp"))])
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_text(text)
        return not any(v.startswith(f"{name}: ") and words in v for v in violations(copy))


unseen = [plant for plant in PLANTS if missed(pathlib.Path(sys.argv[1]), *plant)]
for name, text, words in unseen:
    print(f"planted in {name}: {text.strip()!r}: nobody said '{words}'")
print(f"{len(PLANTS) - len(unseen)} of {len(PLANTS)} planted violations were found")
sys.exit(1 if unseen else 0)
