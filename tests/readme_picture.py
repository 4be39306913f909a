# SPDX-License-Identifier: Apache-2.0
# Proves that the picture in README.md, the comment on top of pipeline/slide_graph.cpp and the edges in the code say the same.
#   readme_picture.py ROOT
import pathlib, re, sys

HIDDEN = {"in_order", "in_turn", "plans", "room"}   # sequencers and queues: how the edge works, not what the picture tells
ASIDE = {"offload", "let_go"}           # encode's place where devices compute, and the word to `room` that a bag is let go
LEFT_OUT = {("pack", "conclude"),       # slides without a tile to encode
            ("read", "offload"), ("offload", "gather"), ("publish", "let_go"), ("let_go", "room")}


def picture(text, where):
    lines = [re.sub(r"^\s*//", "", line).rstrip() for line in text.splitlines()]
    start = next((i for i, line in enumerate(lines) if "─►" in line), None)
    if start is None:
        raise ValueError(f"{where}: no picture (a line with ─►)")
    end = next((i for i in range(start, len(lines)) if not re.search("[─►▲│└┘]", lines[i])), len(lines))
    indent = min(len(line) - len(line.lstrip()) for line in lines[start:end])
    return [line[indent:] for line in lines[start:end]]


def drawn(lines):
    """Nodes in order, and the back edges: from the node above ┘ to the node above └."""
    words = {m.group(): m.span() for m in re.finditer(r"\w+", lines[0])}
    def above(column): return next((w for w, (a, b) in words.items() if a <= column < b), None)
    back = {(above(line.index("┘")), above(line.index("└"))) for line in lines if "└" in line and "┘" in line}
    return [w.strip() for w in lines[0].split("─►")], back


def arguments(text):
    parts, depth = [""], 0
    for c in text:
        depth += (c in "(<[") - (c in ")>]")
        if c == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += c
    return [re.sub(r"\s", "", p) for p in parts]


def coded(source):
    """Nodes in the order of the connect lines, and the edges made one by one."""
    code = re.sub(r"//[^\n]*", "", source)
    code = code[code.index(m.group()):] if (m := re.search(r"\barchive\s*[({]", code)) else code   # past the definition of connect
    nodes, edges = [], set()
    for call in re.finditer(r"\b(connect|make_edge)\s*\(((?:[^;{}])*)\)\s*;", code):
        names = [re.sub(r"^(?:fl::)?(?:port|output_port)<\d>\((\w+)\)$", r"\1", a) for a in arguments(call.group(2))]
        if call.group(1) == "connect":
            nodes += names[1:] if nodes and nodes[-1] == names[0] else names
        else:
            edges.add(tuple(names))
    return nodes, edges


def differences(readme, source):
    in_readme, in_code = picture(readme, "README.md"), picture(source, "pipeline/slide_graph.cpp")
    if in_readme != in_code:
        yield "README.md and the comment in pipeline/slide_graph.cpp draw different pictures"
    nodes, back = drawn(in_readme)
    chain, edges = coded(source)
    if (seen := [n for n in chain if n not in HIDDEN]) != nodes:
        yield f"the picture says {' '.join(nodes)}, the connect lines say {' '.join(seen)}"
    if not HIDDEN <= set(chain):
        yield f"the connect lines lack {', '.join(sorted(HIDDEN - set(chain)))}"
    declared = [n for n in re.findall(r"^\s*(?:Source|Limit|Stage|Order|Split|Queue|Detached)<[^;]*?>\s+(\w+)\s*[({]", source, re.M)]
    if [n for n in declared if n not in ASIDE] != chain:
        yield f"nodes are declared as {' '.join(declared)}, but connected as {' '.join(chain)}"
    wanted = {(a, f"{b}.decrementer()") for a, b in back} | LEFT_OUT
    for a, b in sorted(wanted - edges):
        yield f"the code lacks make_edge({a}, {b})"
    for edge in sorted(edges - wanted):
        yield f"make_edge({', '.join(edge)}) is not in the picture"
    if len(back) != 3 or not all(a and b for a, b in back):
        yield f"the picture should draw three token edges between nodes, not {sorted(back, key=str)}"


if __name__ == "__main__":
    root = pathlib.Path(sys.argv[1])
    found = list(differences((root / "README.md").read_text(), (root / "pipeline/slide_graph.cpp").read_text()))
    print("\n".join(found) or "README, comment and code draw one picture")
    sys.exit(1 if found else 0)
