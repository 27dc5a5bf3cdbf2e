/** Escapes text for mdoc(7), so that nothing in it is taken for a macro or an escape. */
export function plain(text: string): string {
  return text.replaceAll('\\', '\\e').replace(/^([.'])/, '\\&$1');
}

/** A word of a command, whose hyphens can be copied as such. */
export function literal(text: string): string {
  return plain(text).replaceAll('-', '\\-').replaceAll("'", '\\(aq').replaceAll('`', '\\(ga');
}

/**
 * Prose: each sentence begins a line and no line is longer than 78 bytes, as `mandoc -T lint` requires; text in
 * backquotes is bold.
 */
export function prose(text: string): string[] {
  const marked = text
    .replace(/\s+/g, ' ')
    .trim()
    .split(/`([^`]*)`/)
    .map((part, i) => (i % 2 === 1 ? bold(part) : part.replaceAll('\\', '\\e')))
    .join('');
  return marked.split(/(?<=[.?!]\)?) (?=\S)/).flatMap(filled);
}

/** Word by word, so that a line can end anywhere. */
function bold(text: string): string {
  return text
    .split(' ')
    .map((word) => `\\fB${literal(word)}\\fR`)
    .join(' ');
}

function filled(sentence: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of sentence.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > 76) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  if (line !== '') lines.push(line);
  return lines.map((l) => l.replace(/^([.'])/, '\\&$1'));
}

/** Paragraphs separated by `.Pp`. */
export function paragraphs(text: string): string[] {
  return text.split(/\n\s*\n/).flatMap((p, i) => (i === 0 ? prose(p) : ['.Pp', ...prose(p)]));
}

/**
 * The words of a usage as macro arguments: options `Fl`, arguments `Ar`, the rest unchanged. Adjacent parts stay
 * together, `--[no-]exportable`, except where mdoc(7) spaces them itself: `(`, `|` and `)`.
 */
export function usageWords(text: string): string {
  const parts = text.split(/(\[|\]|\s+|\||\(|\)|=|\.\.\.)/).filter((part) => part !== '');
  const words: string[] = [];
  let before = ' ';
  for (const part of parts) {
    if (part.trim() !== '') {
      if (!/[\s(|)]/.test(before) && !/[(|)]/.test(part)) words.push('Ns');
      words.push(usageWord(part));
    }
    before = part;
  }
  return words.join(' ');
}

function usageWord(part: string): string {
  if (/^-./.test(part)) return `Fl ${part === '--' ? '\\-' : literal(part.slice(1))}`;
  if (/^[A-Z@]/.test(part)) return `Ar ${literal(part)}`;
  if (part === '[') return 'Oo';
  if (part === ']') return 'Oc';
  if (part === '...') return '\\&...';
  return /^[(|)=]$/.test(part) ? part : `Cm ${literal(part)}`;
}

export interface Term {
  /** Macro arguments. */
  readonly head: string;
  readonly body: readonly string[];
}

export function tagged(terms: readonly Term[], width = 'Ds'): string[] {
  if (terms.length === 0) return [];
  return [`.Bl -tag -width ${width}`, ...terms.flatMap((t) => [`.It ${t.head}`, ...t.body]), '.El'];
}
