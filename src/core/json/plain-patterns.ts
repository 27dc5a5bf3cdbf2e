/** Patterns of the most common spelling of records, for readers that take one regular expression to a record. */
export const ID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
export const HASH = '"([0-9a-f]{64})"';
/** No sign, no fraction, and few enough digits to be a safe integer. */
export const NUMBER = '(0|[1-9][0-9]{0,14})';
/** ASCII without anything to escape, and therefore in NFC. */
export const PLAIN = '[ !#-[\\]-~]';
export const TOKEN = '[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,127}';
const LABEL = `"[a-z0-9._-]{1,64}":"${PLAIN}{1,1024}"`;
/** The members of a labels object. */
export const LABELS_PATTERN = `${LABEL}(?:,${LABEL})*`;
export const one = (words: readonly string[]) => `"(${words.join('|').replaceAll('.', '\\.')})"`;

/** The labels in a text of {@link LABELS_PATTERN}. Null unless the keys are in order, each once; `__proto__` is refused. */
export function labelsIn(text: string): Readonly<Record<string, string>> | null {
  const labels: Record<string, string> = {};
  let before = '';
  for (const pair of text.slice(1, -1).split('","')) {
    const at = pair.indexOf('":"');
    const key = pair.slice(0, at);
    if (key <= before || key === '__proto__') return null;
    labels[key] = pair.slice(at + 3);
    before = key;
  }
  return labels;
}
