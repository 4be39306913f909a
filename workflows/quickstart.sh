#!/usr/bin/env bash
# The whole story in a few minutes: a synthetic archive with known truth, features, a trained attention model, predictions on patients that
# the model has not seen, a report, and how the predictions compare with the truth.
#   workflows/quickstart.sh [FOLDER]          FOLDER: where everything goes (quickstart/ in the checkout)
# Every step is one command of the program and goes on where it was: a second run finds everything done.
set -euo pipefail
root="$(cd "$(dirname "$0")/.." && pwd)"
out="${1:-$root/quickstart}"
"$root/workflows/install.sh" build
"$root/workflows/build.sh" microtome
mkdir -p "$out"
out="$(cd "$out" && pwd)"

# Seeded random weights stand for a trained encoder, so that nothing needs to be downloaded; every document says so.
encoder=(--encoder resnet18 --encoder.random_weights)
archive="$out/archive"

step() { printf '\n== %s\n$ microtome %s\n' "$1" "${*:2}"; "$root/build/release/microtome" "${@:2}"; }

step "1. an archive: slides of 24 patients, a genomic table, and what is true about them" \
  synth --output "$archive" --synth.patients 24 --synth.slides_per_patient 1 --synth.seed 7
step "2. features of the slides to learn from" \
  run --manifest "$archive/train.csv" --output "$out/bags" "${encoder[@]}"
step "3. a slide-level model: gated attention over tiles, joined with the patient's genes" \
  train --bags "$out/bags" --labels "$archive/labels.csv" --genomics "$archive/genomics.h5ad" --output "$out/model"
step "   how good it is on patients that had no say in it" \
  evaluate --predictions "$out/model/predictions.csv" --labels "$archive/labels.csv" --output "$out/evaluation"
step "4. slides held out: findings, heatmaps and a report" \
  run --manifest "$archive/held_out.csv" --output "$out/findings" "${encoder[@]}" --model "$out/model" --genomics "$archive/genomics.h5ad"

printf '\n== 5. predictions and the truth\n'
/usr/bin/python3 - "$out/findings/slides.jsonl" "$archive/labels.csv" <<'PYTHON'
import csv, json, sys
with open(sys.argv[2], newline="") as labels:
    truth = {row["slide_id"]: row["label"] for row in csv.DictReader(labels)}
with open(sys.argv[1]) as lines:
    slides = [json.loads(line) for line in lines]
right = 0
print(f"{'slide':<24} {'predicted':<12} {'probability':>11}   truth")
for slide in slides:
    told, true, sure = slide["label"] or slide["status"], truth[slide["slide_id"]], slide["probability"] or 0.0
    right += told == true
    print(f"{slide['slide_id']:<24} {told:<12} {sure:>11.3f}   {true}{'' if told == true else '   <- wrong'}")
print(f"{right} of {len(slides)} slides of unseen patients are right: accuracy {right / len(slides):.2f}")
PYTHON

first="$(find "$out/findings/slides" -name heatmap.tif | sort | head -n 1)"
first="${first%/heatmap.tif}"
cat <<TEXT

Where to look
  the report       $out/findings/index.html
  the model        $out/evaluation/evaluation.html, and $out/model/learning_curves.svg
  one slide        $first
    findings.json     what was found, by which model, from which input
    heatmap.tif       attention as a pyramid over the slide (heatmap.png for a glance)
    regions.geojson   tiles and hot regions: drag it onto the slide in QuPath
  what was planted $archive/truth (GeoJSON, one file a slide)
TEXT
