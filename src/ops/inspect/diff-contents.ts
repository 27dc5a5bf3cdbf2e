import type { ObjectId } from '../../core/objects/ids.js';
import { diffTexts, isBinary, type TextDiff } from '../../core/text/unified-diff.js';
import { yieldToEvents } from '../../fsx/yielding-disk.js';
import type { Session } from '../session/session.js';
import { type Difference, diffIndexes, type FileSide } from './diff-artifacts.js';
import { type DiffSide, type DiffTarget, openSide } from './diff-side.js';

/** A difference of payloads, and with texts what differs in the file. */
export type ContentDifference = Exclude<Difference, { what: 'field' }> & {
  /** The name of the file in a patch. */
  readonly name: string;
  /** Absent for what is binary or too large, or has the same bytes. */
  readonly text?: TextDiff;
};

/**
 * Compares two payloads, one of which may be outside the store. With `texts`, reads the files that differ, one at a
 * time, which needs the right to read all of them.
 */
export function diffContents(
  session: Session,
  targets: readonly [DiffTarget, DiffTarget],
  { texts }: { readonly texts: boolean },
): AsyncGenerator<ContentDifference, void> {
  return session.readPieces(async function* (catalog) {
    const read = texts ? 'all' : 'index';
    const a = await openSide(session, catalog, targets[0], read);
    const b = await openSide(session, catalog, targets[1], read);
    for (const difference of await differencesOf(a, b)) {
      await yieldToEvents();
      session.signal.throwIfAborted();
      const name = difference.what === 'file' ? difference.path : a.name;
      const text = texts ? await textOf(a, b, difference) : undefined;
      yield { ...difference, name, ...(text === undefined ? {} : { text }) };
    }
  });
}

type PayloadDifference = Exclude<Difference, { what: 'field' }>;

const side = (s: DiffSide): FileSide => ({
  content_hash: s.contentHash,
  size_bytes: s.sizeBytes,
  executable: false,
});

async function differencesOf(a: DiffSide, b: DiffSide): Promise<Iterable<PayloadDifference>> {
  if (a.contentHash === b.contentHash && a.type === b.type) return [];
  if (a.type === 'directory' && b.type === 'directory') {
    return diffIndexes(await a.index(), await b.index()) as Iterable<PayloadDifference>;
  }
  const change = a.type === b.type ? 'changed' : 'type';
  return [{ what: 'payload', change, before: side(a), after: side(b) }];
}

async function textOf(a: DiffSide, b: DiffSide, d: PayloadDifference): Promise<TextDiff | undefined> {
  if (d.change === 'type' || d.change === 'mode') return undefined;
  const path = d.what === 'file' ? d.path : undefined;
  const bytes = async (of: DiffSide, file: FileSide | undefined) =>
    file === undefined ? new Uint8Array() : of.read(file.content_hash as ObjectId, file.size_bytes, path);
  const [before, after] = [await bytes(a, d.before), await bytes(b, d.after)];
  if (before === undefined || after === undefined || isBinary(before) || isBinary(after)) return undefined;
  return diffTexts(before, after);
}
