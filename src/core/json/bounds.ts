import { HsError } from '../../errors/hs-error.js';

/** Nesting that no record of hs comes near. */
export const MAX_DEPTH = 64;
/** Of one object. No manifest has room for more labels, and no other record lets its members grow. */
const MAX_MEMBERS = 128 * 1024;
/** So many values are allowed to a text of any length: as many as fit into a MiB, which is a manifest. */
const FREE_VALUES = 512 * 1024;
/** A value of the records that can be large takes 23 bytes and more, an array or an object 70. */
const BYTES_PER_VALUE = 16;
const BYTES_PER_CONTAINER = 64;
/** The one list of short strings that can be long is of paths, of which a million take 8 bytes each. */
const BYTES_PER_PATH = 6;

/** How many values a record may have for its length. */
export type Density = 'records' | 'paths';

const invalid = (message: string) => new HsError('INVALID_RECORD', message);

/**
 * Refuses (INVALID_RECORD) a text that would become much more than itself when it is parsed: `[[],[],…]` of
 * 64 MiB takes 2 GB. Nothing is built for this, and what is not JSON is left to the parser. Returns the
 * number of members of all objects.
 */
export function boundJson(text: string, density: Density = 'records'): number {
  const mostContainers = FREE_VALUES + text.length / BYTES_PER_CONTAINER;
  const mostValues = FREE_VALUES + text.length / (density === 'paths' ? BYTES_PER_PATH : BYTES_PER_VALUE);
  /** Members so far of each object that is open; an array has none. */
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

/** Where the string that begins at `start` ends. The search of the engine is ten times as fast as a loop. */
function stringEnd(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === 0x5c) slashes++;
    if (slashes % 2 === 0) return end;
  }
  return text.length;
}
