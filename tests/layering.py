# SPDX-License-Identifier: Apache-2.0
# Proves the rules of the house: rooms look left only, libraries stay behind their files, no torch at a door, nothing oversized, homeless or defined twice.
#   layering.py ROOT       prints each violation, exits 1 if there is one
import pathlib, re, sys

ROOMS = ["tiling", "mil", "reporting", "pipeline", "tests"]                         # an include may only point left
ALLOWED = {"mil": {"tiling/geometry.h"}, "reporting": {"tiling/geometry.h", "mil/bag.h", "mil/prediction.h", "mil/tile_classes.h"}}
DOORS = re.compile(r"mil/(bag|bag_file|prediction\w*|tile_classes|allowed_models|encoders/encoder|aggregators/slide_model|training/train|genomics/\w+|evaluation/(\w+/)?\w+|model_error|sha256)\.h$")
TORCH = re.compile(r"(torch|ATen|c10)/")
OWNERS = [                                                                          # third-party header -> files that may include it
    (r"openslide", r".*_openslide\.cpp"), (r"vips/", r".*_vips\.cpp"), (r"jpeglib|jerror", r".*_jpeg\.cpp"),
    (r"openjpeg", r".*_openjpeg\.cpp"), (r"libdeflate", r".*_(libdeflate|zip)\.cpp"), (r"zip\.h", r".*_zip\.cpp"), (r"zlib", r".*_zlib\.cpp"), (r"pcre2", r".*_pcre2\.cpp"), (r"tiff", r".*_tiff\.cpp"), (r"png", r".*_png\.cpp"), (r"H5|hdf5", r".*_hdf5\.cpp|mil/(\w+/)?h5_\w+\.(h|cpp)"),
    (r"openssl/", r".*_openssl\.cpp"), (r"(oneapi/)?tbb", r"pipeline/(slide_graph|\w+_tbb)\.cpp"), (r"(oneapi/)?tbb/flow_graph", r"pipeline/slide_graph\.cpp"),
    (r"boost/program_options", r"pipeline/options\.cpp"), (r"nlohmann/|fmt/", r".*\.cpp"), (TORCH.pattern, r"(tests/)?mil/.*"), (r"gtest/|gmock/", r"tests/.*")]
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)
TYPE = re.compile(r"^(?:struct|class|enum class) (\w+)(?: final)?(?: : [^;{]*)? \{", re.M)
HOMELESS = {"utils", "util", "common", "helpers", "helper", "misc", "core"}


def files(root):
    return {str(p.relative_to(root)): p.read_text() for room in ROOMS for p in sorted((root / room).rglob("*")) if p.suffix in (".h", ".cpp")}


def knows_torch(name, sources, seen):
    if name in seen or name not in sources:
        return False
    seen.add(name)
    return any(TORCH.match(i) or knows_torch(i, sources, seen) for _, i in INCLUDE.findall(sources[name]))


def defined_twice(sources):
    """All of ours share a namespace: of two types with one name the linker keeps either one's functions for both."""
    first = {}
    for name, text in sources.items():
        for type_name in TYPE.findall(text) if name.endswith(".h") and not name.startswith("tests/") else ():
            if first.setdefault(type_name, name) != name:
                yield f"{name}: {type_name} is defined in {first[type_name]} too: give it a name of its own"


def violations(root):
    sources = files(root)
    yield from defined_twice(sources)
    for name, text in sources.items():
        room, lines = name.split("/")[0], text.count("\n")
        if (limit := 600 if room == "tests" else 150 if name.endswith(".h") else 350) < lines:
            yield f"{name}: {lines} lines, at most {limit}: is a noun missing?"
        if HOMELESS & set(re.split(r"[/._]", name)):
            yield f"{name}: a name for homeless code: name the noun instead"
        if (name.endswith(".h") and DOORS.match(name) or not re.match(r"(tests/)?mil/", name)) and knows_torch(name, sources, set()):
            yield f"{name}: includes torch, itself or through a header: torch stays inside mil/"
        for bracket, header in INCLUDE.findall(text):
            target = header.split("/")[0]
            if bracket == '"' and (target not in ROOMS or ".." in header) and not (room == "tests" and ((root / name).parent / header).exists()):
                yield f'{name}: "{header}": includes of ours start at the root, with the name of a room'
            elif bracket == '"' and target in ROOMS[ROOMS.index(room) + 1:]:
                yield f"{name}: {header}: an include may only point left"
            elif bracket == '"' and target in ROOMS and target != room and header not in ALLOWED.get(room, {header}):
                yield f"{name}: {header}: {room} may use only {', '.join(sorted(ALLOWED[room]))}"
            for pattern, owner in OWNERS:
                if re.match(pattern, header) and not re.fullmatch(owner, name) and (room != "tests" or owner.startswith(("(tests/)", r".*\.cpp"))):
                    yield f"{name}: {header}: belongs to files named {owner}"


if __name__ == "__main__":
    root = pathlib.Path(sys.argv[1])
    found = list(violations(root))
    print("\n".join(found) or f"{len(files(root))} files keep the rules")
    sys.exit(1 if found else 0)
