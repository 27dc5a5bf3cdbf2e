/**
 * Text that a person or a program gave, in the form in which records hold it: Unicode NFC (A9). Every name
 * goes through it where it enters, to be stored and to be looked for alike: macOS and some input methods
 * give NFD, which looks the same.
 */
export function normalText(given: string): string {
  return given.normalize('NFC');
}
