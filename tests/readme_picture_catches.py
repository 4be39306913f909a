# SPDX-License-Identifier: Apache-2.0
# Proves that readme_picture.py can fail: each change below, made to a copy of the texts, must be noticed.
#   readme_picture_catches.py ROOT
import pathlib, re, sys

from readme_picture import differences

CHANGES = [  # what, which text (0 README, 1 slide_graph.cpp), pattern, replacement
    ("two nodes swapped in README", 0, r"read ─► encode", "encode ─► read"),
    ("two nodes swapped in the comment", 1, r"(//.*)read ─► encode", r"\1encode ─► read"),
    ("two nodes swapped in a connect line", 1, r"\bwindow,\s*read\b", "read, window"),
    ("a node left out of a connect line", 1, r"\bconclude,\s*publish\);", "publish);"),
    ("no queue before the limiter", 1, r"\bplans,\s*ahead", "ahead"),
    ("no sequencer before pack", 1, r"\bin_order,\s*pack", "pack"),
    ("no sequencer before the window", 1, r"\bin_turn,\s*window", "window"),
    ("two declarations swapped", 1, r"^(\s*Split<[^\n]*\bread\b[^\n]*\n)(\s*Stage<[^\n]*\bencode\b[^\n]*\n)", r"\2\1"),
    ("no token for what is fetched ahead", 1, r"[^\n]*make_edge\([^\n]*ahead\.decrementer\(\)\)[^\n]*", ""),
    ("no token for the window", 1, r"[^\n]*make_edge\([^\n]*window\.decrementer\(\)\)[^\n]*", ""),
    ("no token for admit", 1, r"[^\n]*make_edge\([^\n]*admit\.decrementer\(\)\)[^\n]*", ""),
    ("tokens crossed", 1, r"window\.decrementer", "admit.decrementer"),
    ("no way round for slides without tiles", 1, r"[^\n]*make_edge\([^\n]*pack\)?,\s*conclude\)[^\n]*", ""),
    ("an edge nobody drew", 1, r"(archive\.activate)", r"make_edge(read, publish); \1"),
    ("a token edge missing in README", 0, r"[^\n]*one batch is done[^\n]*\n", ""),
    ("a token edge that starts elsewhere", 0, r"one slide is done ─", "one slide is done "),
    ("no picture in README", 0, r"─►", "->"),
]


def noticed(texts, which, pattern, replacement):
    changed, count = re.subn(pattern, replacement, texts[which], flags=re.M)
    if count == 0:
        raise SystemExit(f"the change {pattern!r} fits nowhere: mend this test")
    copy = [changed if i == which else text for i, text in enumerate(texts)]
    try:
        return bool(list(differences(*copy)))
    except ValueError:
        return True


root = pathlib.Path(sys.argv[1])
texts = [(root / "README.md").read_text(), (root / "pipeline/slide_graph.cpp").read_text()]
unseen = [what for what, *change in CHANGES if not noticed(texts, *change)]
print("\n".join(f"nobody noticed: {what}" for what in unseen) or f"all {len(CHANGES)} changes are noticed")
sys.exit(1 if unseen else 0)
