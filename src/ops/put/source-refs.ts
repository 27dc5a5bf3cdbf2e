import type { Catalog } from '../../core/catalog/catalog.js';
import { handleOf } from '../../core/manifest/handle-of.js';
import type { Handle } from '../../core/manifest/manifest.js';
import { HsError } from '../../errors/hs-error.js';
import { resolveArtifact } from '../naming/resolve-artifact.js';

const REF = /^ref:(.+)$/s;

/** The ref in `ref:REF`, which names the artifact of an earlier line of a batch. */
export function refOf(typed: string): string | undefined {
  return REF.exec(typed)?.[1];
}

export function unknownRef(ref: string): HsError {
  return new HsError('NOT_FOUND', `no earlier line has the ref '${ref}'`, {
    hint: `'name:ref:${ref}' is the artifact of that name`,
  });
}

export function doubleRef(ref: string): HsError {
  return new HsError('USAGE', `an earlier line has the ref '${ref}' too`);
}

/** Handles of the sources in a batch. */
export class SourceRefs {
  readonly #catalog: Catalog;
  readonly #refs = new Map<string, Handle>();

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  add(ref: string | undefined, artifact: Omit<Handle, 'uri'>): void {
    if (ref === undefined) return;
    if (this.#refs.has(ref)) throw doubleRef(ref);
    this.#refs.set(ref, handleOf(artifact));
  }

  async handle(typed: string): Promise<Handle> {
    const ref = refOf(typed);
    if (ref === undefined) return handleOf(await resolveArtifact(this.#catalog, typed));
    const known = this.#refs.get(ref);
    if (known === undefined) throw unknownRef(ref);
    return known;
  }
}
