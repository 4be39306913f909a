// SPDX-License-Identifier: Apache-2.0
// What report.html of a slide adds to the look of the index page.
#pragma once

namespace microtome {

inline constexpr const char* kSlideReportStyle = R"css(
body { max-width: 1140px; }
h1 { overflow-wrap: anywhere; }
h1 .badge { margin-left: 10px; vertical-align: middle; letter-spacing: 0; }
h2 { margin: 34px 0 6px; font-size: 19px; font-weight: 650; }
.note { margin: 0 0 10px; color: var(--soft); max-width: 96ch; }
.answer { display: grid; grid-template-columns: minmax(280px, 1fr) minmax(0, 360px); gap: 24px 48px; align-items: start; margin-top: 20px; }
.answer .group { margin: 0 0 6px; font-size: 26px; }
.answer p { margin: 0 0 10px; max-width: 58ch; }
.answer svg { display: block; width: 100%; height: auto; }
.answer figcaption { margin: 2px 0 0 13%; color: var(--soft); font-size: 13px; }
.answer table { width: auto; margin: 14px 0; }
.answer td, .answer tbody th { padding: 5px 18px 5px 0; min-width: 0; }
.answer .prediction { max-width: 440px; }
.pictures { display: flex; flex-wrap: wrap; gap: 18px 28px; }
.pictures img { display: block; max-width: 520px; width: 100%; max-height: 460px; object-fit: contain; border: 1px solid var(--line); border-radius: 3px; }
.pictures figure { flex: 1 1 340px; max-width: 520px; }
.pictures figcaption { margin-top: 5px; color: var(--soft); font-size: 13px; }
.explained tbody th, .explained td { padding: 7px 14px; min-width: 0; vertical-align: middle; }
.explained tbody th { padding-left: 0; font-weight: 600; overflow-wrap: anywhere; }
.explained th.number { text-align: right; }
.explained td.number { white-space: nowrap; }
.units { color: var(--soft); font-size: 13px; }
.directions { width: 300px; }
.directions span { display: inline-block; width: 50%; }
.directions span + span { text-align: right; }
.signed { position: relative; display: block; height: 12px; background: linear-gradient(to right, transparent calc(50% - 1px), #57606a calc(50% - 1px), #57606a calc(50% + 1px), transparent calc(50% + 1px)) #eef1f4; border-radius: 2px; }
.signed span { position: absolute; top: 1px; bottom: 1px; border-radius: 2px; }
.signed .up { background: #d55e00; }
.signed .down { background: #0072b2; }
.status td:last-child { white-space: nowrap; }
.status tr.unknown td { color: var(--soft); }
table.narrow { width: auto; }
.missing { margin: 0 0 6px; }
.list a { margin-right: 22px; }
@media print {
  .answer { grid-template-columns: 1fr 300px; gap: 16px; }
  h2 { margin-top: 18px; font-size: 14px; break-after: avoid; }
  .note, .answer figcaption, .pictures figcaption { font-size: 10px; }
  .pictures figure { flex: 0 1 240px; }
  .explained tbody th, .explained td { padding: 3px 8px; }
  .directions { width: 190px; }
}
)css";

}  // namespace microtome
