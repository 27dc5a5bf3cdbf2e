import type { FileSide } from './diff-artifacts.js';
import type { ContentDifference } from './diff-contents.js';

/** As git quotes a name in a patch: only if it must be. In the first line patch reads none with a bare space. */
function quoted(name: string, must = /["\\]/): string {
  return must.test(name) ? `"${name.replace(/["\\]/g, '\\$&')}"` : name;
}

/** A name after `---` or `+++` ends with a tab if it contains a space, so that patch does not cut it. */
function named(side: string, name: string): string {
  const shown = quoted(`${side}/${name}`);
  return name.includes(' ') ? `${shown}\t` : shown;
}

const modeOf = (side: { readonly executable: boolean } | undefined) =>
  side?.executable ? '100755' : '100644';

/**
 * Without a line of its own in the header, `git apply` would take the block for a part of the next one. The ids are too
 * short to be git's, so that it refuses a patch whose bytes are not there.
 */
function indexLine(before: FileSide | undefined, after: FileSide | undefined): string {
  const id = (side: FileSide | undefined) =>
    side?.content_hash.replace(/^.*:/, '').slice(0, 12) ?? '0'.repeat(12);
  const isSame = before !== undefined && after !== undefined && before.executable === after.executable;
  return `index ${id(before)}..${id(after)}${isSame ? ` ${modeOf(after)}` : ''}`;
}

/** The id that git and patch know an empty file by; patch deletes one, or takes its creation back, only if it is told. */
const EMPTY_ID = 'e69de29';
const NO_ID = '0000000';

/** One file as git show prints it, for `git apply` and `patch -p1`; a character of a hunk is a byte. */
export function patchOf({ what, change, before, after, name, text }: ContentDifference): Uint8Array {
  const head = [`diff --git ${quoted(`a/${name}`, /[" \\]/)} ${quoted(`b/${name}`, /[" \\]/)}`];
  if (before === undefined) head.push(`new file mode ${modeOf(after)}`);
  else if (after === undefined) head.push(`deleted file mode ${modeOf(before)}`);
  else if (what === 'file' && before.executable !== after.executable) {
    head.push(`old mode ${modeOf(before)}`, `new mode ${modeOf(after)}`);
  }
  const from = before === undefined ? '/dev/null' : named('a', name);
  const to = after === undefined ? '/dev/null' : named('b', name);
  if (change === 'type') head.push(`One of ${from} and ${to} is a file, the other a directory`);
  else if (change !== 'mode' && text === undefined) {
    head.push(indexLine(before, after), `Binary files ${from.trimEnd()} and ${to.trimEnd()} differ`);
  } else if (text !== undefined && text.hunks !== '') head.push(`--- ${from}`, `+++ ${to}`);
  else if (before === undefined) head.push(`index ${NO_ID}..${EMPTY_ID}`);
  else if (after === undefined) head.push(`index ${EMPTY_ID}..${NO_ID}`);
  const lines = Buffer.from(head.join('\n'), 'utf8');
  const hunks = text?.hunks.replace(/\n$/, '');
  return hunks ? Buffer.concat([lines, Buffer.from(`\n${hunks}`, 'latin1')]) : lines;
}
