import { Box, Text, useInput } from 'ink';
import { type Key, pressedKeys } from './key-bindings.js';
import type { Slots } from './line-placeholders.js';
import type { PreviewState } from './preview-state.js';
import { screenLines } from './views/screen.js';

export interface AppProps {
  readonly state: PreviewState;
  readonly unicode: boolean;
  readonly slots: Slots;
  /** Keys that were read at once, in the order they were pressed. */
  readonly onKeys: (keys: readonly Key[]) => void;
}

/** The screen as it follows from the state. */
export function App({ state, unicode, slots, onKeys }: AppProps) {
  useInput((input, key) => onKeys(pressedKeys(input, key as unknown as Record<string, boolean>)));
  return (
    <Box flexDirection="column">
      {screenLines(state, unicode).map((line, row) => (
        // A row of the screen is its place.
        // biome-ignore lint/suspicious/noArrayIndexKey: see above
        <Text key={row}>{slots.of(line)}</Text>
      ))}
    </Box>
  );
}
