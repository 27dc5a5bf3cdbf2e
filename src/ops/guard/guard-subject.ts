import type { Catalog } from '../../core/catalog/catalog.js';
import type { GuardSubject } from '../../core/guard/guard.js';
import { type Bytes, GuardReader } from './read-files.js';
import { type Leaving, Resolver } from './resolve-leaving.js';
import { restrictedContents } from './restricted-contents.js';

/**
 * Resolves an artifact and everything that would leave with it into the guard's input (B6): the single resolution for
 * every kind of artifact and every way out.
 */
export async function guardSubject(bytes: Bytes, catalog: Catalog, leaving: Leaving): Promise<GuardSubject> {
  const contents = await restrictedContents(bytes, catalog);
  return new Resolver(new GuardReader(bytes), catalog, contents).artifact(leaving);
}
