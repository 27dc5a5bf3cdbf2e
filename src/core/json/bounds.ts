import { HsError } from '../../errors/hs-error.js';

/** Maximum nesting, well above that of any record. */
export const MAX_DEPTH = 64;
/** Maximum members of one object. No manifest has room for more labels, and no other record has open-ended members. */
const MAX_MEMBERS = 128 * 1024;
/** Number of values allowed in a text of any length: as many as fit into a MiB, the size of a manifest. */
const FREE_VALUES = 512 * 1024;
/** In records that can be large, a value takes at least 23 bytes, an array or object 70. */
const BYTES_PER_VALUE = 16;
const BYTES_PER_CONTAINER = 64;
/** The only long list of short strings is that of paths: a million take 8 bytes each. */
const BYTES_PER_PATH = 6;

/** How many values a record may have for its length. */
export type Density = 'records' | 'paths';

const invalid = (message: string) => new HsError('INVALID_RECORD', message);

/**
 * Refuses (INVALID_RECORD) a text that would take much more memory than its length when parsed: `[[],[],…]` of 64 MiB
 * takes 2 GB. Allocates nothing for this; invalid JSON is left to the parser. Returns the total number of members of
 * all objects.
 */
export function boundJson(text: string, density: Density = 'records'): number {
  const mostContainers = FREE_VALUES + text.length / BYTES_PER_CONTAINER;
  const mostValues = FREE_VALUES + text.length / (density === 'paths' ? BYTES_PER_PATH : BYTES_PER_VALUE);
  /** Members so far of each open object; an array has none. */
  const open: number[] = [];
  let members = 0;
  let values = 1;
  let containers = 0;
  for (let i = 0; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case 0x22: // "
        i = stringEnd(text, i);
        break;
      case 0x7b: // {
      case 0x5b: // [
        if (open.push(0) > MAX_DEPTH) throw invalid(`nested deeper than ${MAX_DEPTH} levels`);
        values++;
        if (++containers > mostContainers) throw invalid('more lists and objects than its length allows');
        break;
      case 0x7d: // }
      case 0x5d: // ]
        open.pop();
        break;
      case 0x2c: // ,
        if (++values > mostValues) throw invalid('more values than its length allows');
        break;
      case 0x3a: // :
        members++;
        if (open.length > 0 && ++open[open.length - 1]! > MAX_MEMBERS) {
          throw invalid(`an object has more than ${MAX_MEMBERS} members`);
        }
    }
  }
  return members;
}

/** End of the string that starts at `start`. The engine's search is ten times as fast as a loop. */
function stringEnd(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === 0x5c) slashes++;
    if (slashes % 2 === 0) return end;
  }
  return text.length;
}
