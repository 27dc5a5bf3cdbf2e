/** A captured terminal screen, with its SGR sequences, as text and as an SVG picture. */

const CELL = { width: 8.4, height: 18 };
const PADDING = 14;
const BAR = 30;
const THEME = {
  background: '#1b1d23',
  bar: '#2a2d35',
  text: '#d5d8de',
  dim: '#8b909c',
  colours: { 31: '#f07178', 32: '#a5d67b', 36: '#6cc7d9' },
};

/** Runs of one look: `{text, bold, dim, inverse, colour}`; a screen ends with no look at all. */
function runsOf(line) {
  const runs = [];
  let look = {};
  for (const part of line.split(/(\x1b\[[0-9;]*m)/)) {
    const codes = /^\x1b\[([0-9;]*)m$/.exec(part);
    if (codes === null) {
      if (part !== '') runs.push({ text: part, ...look });
      continue;
    }
    for (const code of codes[1].split(';').map(Number)) look = changed(look, code);
  }
  return runs;
}

function changed(look, code) {
  if (code === 0) return {};
  if (code === 1) return { ...look, bold: true };
  if (code === 2) return { ...look, dim: true };
  if (code === 7) return { ...look, inverse: true };
  if (code === 22) return { ...look, bold: false, dim: false };
  if (code === 27) return { ...look, inverse: false };
  if (code === 39) return { ...look, colour: undefined };
  return THEME.colours[code] === undefined ? look : { ...look, colour: THEME.colours[code] };
}

export function textOf(screen) {
  const lines = screen.replace(/\x1b\[[0-9;]*m/g, '').split('\n');
  return `${lines
    .map((line) => line.trimEnd())
    .join('\n')
    .trimEnd()}\n`;
}

function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function runSvg(run, column, y) {
  const x = (PADDING + column * CELL.width).toFixed(1);
  const length = (run.text.length * CELL.width).toFixed(1);
  const colour = run.colour ?? (run.dim ? THEME.dim : THEME.text);
  const fill = run.inverse ? THEME.background : colour;
  const bold = run.bold ? ' font-weight="bold"' : '';
  const box = run.inverse
    ? `<rect x="${x}" y="${y - 14}" width="${length}" height="${CELL.height}" fill="${colour}"/>`
    : '';
  if (run.text.trim() === '') return box;
  const text = escaped(run.text);
  return `${box}<text x="${x}" y="${y}" fill="${fill}"${bold} textLength="${length}" lengthAdjust="spacingAndGlyphs">${text}</text>`;
}

/** One character is one column: the screen must hold no wide ones. */
export function svgOf(screen, { columns, rows, title }) {
  const width = Math.ceil(columns * CELL.width + 2 * PADDING);
  const height = Math.ceil(rows * CELL.height + 2 * PADDING + BAR);
  const body = screen
    .split('\n')
    .slice(0, rows)
    .flatMap((line, row) => {
      let column = 0;
      return runsOf(line).map((run) => {
        const svg = runSvg(run, column, BAR + PADDING + row * CELL.height + 13);
        column += run.text.length;
        return svg;
      });
    });
  const dots = ['#f07178', '#ffcb6b', '#a5d67b'].map(
    (fill, i) => `<circle cx="${18 + i * 18}" cy="15" r="5.5" fill="${fill}"/>`,
  );
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}">`,
    `<rect width="${width}" height="${height}" rx="8" fill="${THEME.background}"/>`,
    `<path d="M0 ${BAR}V8a8 8 0 0 1 8-8H${width - 8}a8 8 0 0 1 8 8V${BAR}z" fill="${THEME.bar}"/>`,
    ...dots,
    `<text x="${width / 2}" y="20" fill="${THEME.dim}" text-anchor="middle" font-family="sans-serif" font-size="13">${escaped(title)}</text>`,
    `<g font-family="ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="14" xml:space="preserve">`,
    ...body.filter((svg) => svg !== ''),
    '</g>',
    '</svg>',
  ].join('\n')}\n`;
}
