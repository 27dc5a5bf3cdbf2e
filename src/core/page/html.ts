import { escapeText } from '../text/escape-control.js';

/** A piece of a page whose markup is meant as such. Made by {@link html} alone, so that no name can become one. */
export class Html {
  readonly text: string;

  /** @internal */
  constructor(text: string) {
    this.text = text;
  }
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text that is safe in an element and in a quoted attribute; invisible characters are escaped. */
export function escapeHtml(text: string): string {
  return escapeText(text).replace(/[&<>"']/g, (c) => ENTITIES[c]!);
}

type Part = Html | string | number | undefined | readonly Html[];

function textOf(part: Part): string {
  if (part === undefined) return '';
  if (part instanceof Html) return part.text;
  return typeof part === 'object' ? part.map((p) => p.text).join('') : escapeHtml(String(part));
}

/** A template whose values are escaped unless they are pieces of a page themselves. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(strings.reduce((text, s, i) => text + textOf(parts[i - 1]) + s));
}
