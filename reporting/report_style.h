// SPDX-License-Identifier: Apache-2.0
// The look of the index page: dark text on white, contrast of at least 4.5 to 1, prints without losing its colours.
#pragma once

namespace microtome {

inline constexpr const char* kReportStyle = R"css(
:root { color-scheme: light; --ink: #1b1f24; --soft: #57606a; --line: #d8dee4; --link: #0a5bb5; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1360px; padding: 28px 32px; background: #fff; color: var(--ink);
  font: 15px/1.45 system-ui, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", Arial, sans-serif; }
h1 { margin: 0 0 14px; font-size: 26px; font-weight: 650; letter-spacing: -0.01em; }
a { color: var(--link); }
a:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.facts { display: flex; flex-wrap: wrap; gap: 6px 36px; margin: 0 0 14px; }
.facts dt { color: var(--soft); font-size: 13px; }
.facts dd { margin: 0; }
.counts { display: flex; flex-wrap: wrap; gap: 6px 26px; align-items: center; margin: 0 0 18px; padding: 0; list-style: none; }
.banner { margin: 0 0 18px; padding: 12px 16px; border-left: 6px solid #b42318; background: #fef0ee; color: #7a1710; font-size: 17px; font-weight: 650; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 10px; align-items: center; margin: 0 0 18px; }
.legend .ramp { display: inline-block; width: 220px; height: 14px; border: 1px solid var(--line); border-radius: 3px; }
.legend figcaption { color: var(--soft); margin-left: 8px; }
table { width: 100%; border-collapse: collapse; }
thead th { padding: 8px 12px; border-bottom: 2px solid var(--ink); text-align: left; font-size: 13px; font-weight: 600; white-space: nowrap; }
tbody th, td { padding: 16px 12px; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; font-weight: 400; }
th:first-child { padding-left: 0; }
tbody th { min-width: 180px; }
.shares th, .shares td { min-width: 0; padding: 3px 0 3px 12px; border: 0; font-variant-numeric: tabular-nums; white-space: nowrap; }
.shares tbody th { width: 100%; white-space: normal; overflow-wrap: break-word; }
.shares th:first-child { padding-left: 0; }
.shares thead th { padding-top: 0; color: var(--soft); }
.classes { min-width: 252px; }
dl + .small + .shares { margin-top: 10px; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
.id { display: block; margin-bottom: 6px; max-width: 250px; font-weight: 650; overflow-wrap: anywhere; }
.badge { display: inline-block; padding: 1px 10px; border-radius: 10px; font-size: 13px; font-weight: 600; white-space: nowrap; background: #eaeef2; color: #32383f; }
.badge.ok { background: #dcf3e3; color: #0d5524; }
.badge.partial { background: #fdf0c8; color: #684700; }
.badge.failed { background: #fde3df; color: #8a1c12; }
.badge.rejected_qc { background: #ece4f7; color: #533087; }
.reason { margin: 8px 0 0; max-width: 60ch; overflow-wrap: anywhere; }
th .reason, .small, .none { color: var(--soft); font-size: 13px; max-width: 250px; }
.why .reason { margin: 0 0 6px; }
.group { margin: 0; font-size: 17px; font-weight: 650; }
.group.high { color: #9c2f1f; }
.group.low { color: #0a4f86; }
.failed .why { color: #8a1c12; }
.prediction { min-width: 210px; }
dl { margin: 0; }
.prediction dl > div { display: grid; grid-template-columns: 1fr auto; gap: 1px 10px; margin-bottom: 7px; color: var(--soft); }
.prediction .first { color: var(--ink); font-weight: 650; }
.prediction dt { overflow-wrap: anywhere; }
.prediction dd { margin: 0; font-variant-numeric: tabular-nums; }
.bar { grid-column: 1 / 3; display: block; height: 7px; border-radius: 4px; background: #e6eaee; overflow: hidden; }
th .bar { margin-top: 2px; }
.bar span { display: block; height: 100%; background: #8c959f; }
.first .bar span { background: #b63679; }
.small { margin: 4px 0 0; }
.picture { width: 240px; }
.picture img { display: block; max-width: 240px; max-height: 200px; border: 1px solid var(--line); border-radius: 3px; }
figure { margin: 0; }
figcaption { overflow-wrap: anywhere; }
.picture figcaption { margin-top: 3px; font-size: 13px; max-width: 240px; }
.several { width: 260px; }
.several div { display: grid; grid-template-columns: repeat(2, 124px); gap: 10px 12px; }
.several img { max-width: 124px; max-height: 124px; }
.files { min-width: 130px; max-width: 210px; overflow-wrap: anywhere; }
.files a { display: block; }
footer { margin-top: 28px; padding-top: 12px; border-top: 2px solid var(--ink); font-weight: 600; }
@media print {
  body { max-width: none; padding: 0; font-size: 11px; }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  thead { display: table-header-group; }
  thead th, .badge, .small, .none, .facts dt, th .reason { font-size: 10px; }
  tbody th, td { padding: 8px; }
  tbody th { min-width: 130px; }
  tr { break-inside: avoid; }
  .picture { width: 116px; }
  .picture img { max-width: 100px; max-height: 110px; }
  .picture figcaption { font-size: 10px; max-width: 100px; }
  .several { width: 166px; }
  .several div { grid-template-columns: repeat(2, 74px); gap: 6px; }
  .several img { max-width: 74px; max-height: 66px; }
  .pyramid { display: none; }
  tbody .shares th, .shares td { min-width: 0; padding: 2px 0 2px 6px; }
  tbody .shares th:first-child { padding-left: 0; }
  .classes { min-width: 178px; }
  .files { min-width: 84px; max-width: 110px; font-size: 10px; }
  .prediction { min-width: 135px; }
}
)css";

}  // namespace microtome
