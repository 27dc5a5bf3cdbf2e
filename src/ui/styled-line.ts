/** The style of a piece of a line if colours are available; no information is conveyed by colour alone. */
export type Tone = 'plain' | 'strong' | 'dim' | 'good' | 'danger' | 'accent' | 'cursor';

export interface Span {
  readonly text: string;
  readonly tone?: Tone;
}

/** One line of the screen. */
export type Line = readonly Span[];

export function line(text: string, tone: Tone = 'plain'): Line {
  return [{ text, tone }];
}

export const BLANK: Line = line('');
