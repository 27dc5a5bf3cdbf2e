/**
 * Converts external text to the form used in records, Unicode NFC (A9). Applied to every name on input, whether to
 * store or look up: macOS and some input methods produce NFD, which looks the same.
 */
export function normalText(given: string): string {
  return given.normalize('NFC');
}
