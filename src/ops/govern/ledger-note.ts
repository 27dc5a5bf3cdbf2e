import { check } from '../../core/json/schema.js';
import type { LedgerEntry } from '../../core/ledger/entry.js';
import { PAYLOADS } from '../../core/ledger/entry-types.js';
import { normalText } from '../../core/text/normal-form.js';
import type { Session } from '../session/session.js';

/** Appends a note to the ledger: one line, at most 4096 characters (USAGE). */
export async function appendNote(session: Session, text: string): Promise<LedgerEntry> {
  const payload = check(PAYLOADS.note, { text: normalText(text) }, 'USAGE', 'note');
  return session.write(
    'ledger.note',
    [],
    async (tx) => (await tx.commit(() => ({ type: 'note', payload })))!,
  );
}
