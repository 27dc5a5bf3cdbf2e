/**
 * The style of a page: one column, numbers right-aligned, the user's colour scheme, black on white in print. No style
 * attributes: the page's content security policy ignores them.
 */
export const PAGE_STYLE = `
:root {
  --ink: #1c1e21; --soft: #5d6570; --line: #d9dce1; --paper: #fdfdfc; --band: #f3f4f2; --warn: #9a3b1f;
  --log: #9a7aa0; --result: #4f8585; --evidence: #3f5f95; --cache: #a9adb3; --checkpoint: #b58f4f;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e4e6e9; --soft: #9aa3ae; --line: #363b42; --paper: #16181b; --band: #1e2125; --warn: #e59a7d;
    --log: #ad8fb4; --result: #65a3a2; --evidence: #7396d3; --cache: #6f767f; --checkpoint: #cba76a;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", "Liberation Sans", Arial, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 3rem 1.5rem 4rem; }
h1 { margin: 0; font-size: 1.75rem; font-weight: 600; line-height: 1.2; letter-spacing: -.01em; }
h2 { margin: 3rem 0 .75rem; font-size: 1.15rem; font-weight: 600; }
h3 { margin: 1.75rem 0 .5rem; font-size: 1rem; font-weight: 600; }
p { margin: .5rem 0; max-width: 44rem; }
.sub { color: var(--soft); margin: .35rem 0 1.5rem; overflow-wrap: anywhere; }
.lead { font-size: 1.1rem; }
.warn { color: var(--warn); }
.note { color: var(--soft); font-size: .9rem; }
code { font: .9em ui-monospace, "SF Mono", "DejaVu Sans Mono", Menlo, monospace; overflow-wrap: anywhere; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(6.5rem, 1fr)); gap: 1.25rem;
  margin: 1.75rem 0 0; padding: 1.25rem 0; border: solid var(--line); border-width: 1px 0; }
.figures div { min-width: 0; }
.figures dt { color: var(--soft); font-size: .85rem; }
.figures dd { margin: 0; font-size: 1.35rem; font-weight: 600; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
table { width: 100%; border-collapse: collapse; font-size: .93rem; }
th { text-align: left; font-weight: 600; font-size: .8rem; color: var(--soft); vertical-align: bottom;
  border-bottom: 1px solid var(--ink); padding: .3rem .75rem .3rem 0; }
td { vertical-align: top; border-bottom: 1px solid var(--line); padding: .4rem .75rem .4rem 0; }
th:last-child, td:last-child { padding-right: 0; }
td.name { overflow-wrap: anywhere; width: 30%; min-width: 7rem; }
.n { text-align: right; font-variant-numeric: tabular-nums; } td.n, .day { white-space: nowrap; }
.id { font: .85em ui-monospace, "SF Mono", "DejaVu Sans Mono", Menlo, monospace; color: var(--soft); }
td.bar, th.bar { width: 9rem; padding-left: .75rem; } .bar svg { display: block; width: 100%; height: .7rem; margin-top: .35rem; }
.track { fill: var(--band); } .fill { fill: var(--evidence); }
figure { margin: 0; } figure svg { display: block; width: 100%; height: 12rem; background: var(--band); }
.axis { display: flex; justify-content: space-between; color: var(--soft); font-size: .8rem;
  font-variant-numeric: tabular-nums; padding-top: .25rem; }
.key { display: inline-block; width: .75rem; height: .75rem; margin-right: .5rem; vertical-align: -.05em; }
.log { fill: var(--log); } .result { fill: var(--result); } .evidence { fill: var(--evidence); }
.cache { fill: var(--cache); } .checkpoint { fill: var(--checkpoint); }
footer { margin-top: 3.5rem; border-top: 1px solid var(--line); padding-top: .75rem; color: var(--soft); font-size: .85rem; }
@media (max-width: 42rem) {
  main { padding: 1.5rem 1rem 2.5rem; } h1 { font-size: 1.4rem; } h2 { margin-top: 2.25rem; }
  .wide { display: none; } table { font-size: .88rem; } th, td { padding-right: .5rem; } td.bar, th.bar { width: 4.5rem; }
}
@media print {
  :root { --ink: #000; --soft: #444; --line: #bbb; --paper: #fff; --band: #f2f2f2; --warn: #000; }
  body { font-size: 10pt; } main { max-width: none; padding: 0; }
  h2 { margin-top: 1.5rem; } h2, h3 { break-after: avoid; } thead { display: table-header-group; }
  tr, figure, .figures div { break-inside: avoid; } .wide { display: table-cell; }
  svg { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;
