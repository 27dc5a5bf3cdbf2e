import { Box, Text, useInput } from 'ink';
import { memo } from 'react';
import { type Key, keysOf } from './keys.js';
import type { Line, Tone } from './line.js';
import type { PreviewState } from './state.js';
import { screenLines } from './views/screen.js';

const LOOKS: Readonly<Record<Tone, Parameters<typeof Text>[0]>> = {
  plain: {},
  strong: { bold: true },
  dim: { dimColor: true },
  good: { color: 'green' },
  danger: { color: 'red', bold: true },
  accent: { color: 'cyan', bold: true },
  cursor: { inverse: true },
};

function sameLine(a: Line, b: Line): boolean {
  return a.length === b.length && a.every((s, i) => s.text === b[i]!.text && s.tone === b[i]!.tone);
}

const Row = memo(
  ({ spans }: { readonly spans: Line }) => (
    <Text wrap="truncate">
      {spans.map(({ text, tone = 'plain' }, i) => (
        // Spans have no identity but their place.
        // biome-ignore lint/suspicious/noArrayIndexKey: see above
        <Text key={i} {...LOOKS[tone]}>
          {text}
        </Text>
      ))}
      {spans.every((s) => s.text === '') ? ' ' : ''}
    </Text>
  ),
  (a, b) => sameLine(a.spans, b.spans),
);

export interface AppProps {
  readonly state: PreviewState;
  readonly unicode: boolean;
  /** Keys that were read at once, in the order they were pressed. */
  readonly onKeys: (keys: readonly Key[]) => void;
}

/** The screen as it follows from the state. */
export function App({ state, unicode, onKeys }: AppProps) {
  useInput((input, key) => onKeys(keysOf(input, key as unknown as Record<string, boolean>)));
  return (
    <Box flexDirection="column" width={state.columns}>
      {screenLines(state, unicode).map((spans, i) => (
        // A row of the screen is its place.
        // biome-ignore lint/suspicious/noArrayIndexKey: see above
        <Row key={i} spans={spans} />
      ))}
    </Box>
  );
}
