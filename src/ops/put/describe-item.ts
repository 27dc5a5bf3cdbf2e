import type { Catalog } from '../../core/catalog/catalog.js';
import { compact } from '../../core/json/omit-undefined.js';
import { handleOf } from '../../core/manifest/handle-of.js';
import type { Handle } from '../../core/manifest/manifest.js';
import { toName } from '../../core/paths/safe-path.js';
import { toPinName } from '../naming/pin-name.js';
import { resolveArtifact } from '../naming/resolve-artifact.js';
import { atLine } from '../payload/batch-lines.js';
import { pinCapability } from '../session/pin-capability.js';
import type { Session } from '../session/session.js';
import type { Transaction } from '../session/transaction.js';
import { checkOwnFields, demandDescription } from './new-manifest.js';
import type { ArtifactOptions } from './put-options.js';
import type { PutItem } from './put-source.js';
import { doubleRef, refOf, unknownRef } from './source-refs.js';

/** A source of an artifact: one in the store, or the ref of an earlier line. */
export type SourceRef = Handle | { readonly ref: string };

/** Checked options of one artifact. */
export interface Description {
  readonly name: string | undefined;
  readonly pin: string | undefined;
  readonly sources: readonly SourceRef[];
  /** Fields of the manifest that do not depend on the payload. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Checks the options of artifacts before a byte is read: reading all of them may take hours. */
export class Describer {
  readonly #session: Session;
  readonly #tx: Transaction;
  readonly #catalog: Catalog;
  readonly #described = new Map<ArtifactOptions, Description>();
  readonly #handles = new Map<string, Handle>();
  readonly #pins = new Set<string>();
  readonly #refs = new Set<string>();
  readonly #sound = new Set<string>();
  readonly #texts: { readonly line: number | undefined; readonly text: Record<string, unknown> }[] = [];

  constructor(session: Session, tx: Transaction, catalog: Catalog) {
    this.#session = session;
    this.#tx = tx;
    this.#catalog = catalog;
  }

  /** `ref` is known to the items after this one; only items of a batch have any. */
  async describe({ options, line, ref }: PutItem): Promise<Description> {
    const known = this.#described.get(options) ?? (await this.#describe(options, line));
    this.#described.set(options, known);
    if (ref !== undefined && this.#refs.has(ref)) throw doubleRef(ref);
    if (ref !== undefined) this.#refs.add(ref);
    return known;
  }

  async #describe(options: ArtifactOptions, line: number | undefined): Promise<Description> {
    const name = options.name === undefined ? undefined : toName(options.name);
    const pin = options.pin === undefined ? undefined : toPinName(options.pin);
    const sources: SourceRef[] = [];
    for (const typed of options.sources ?? []) sources.push(await this.#source(typed, line !== undefined));
    if (pin !== undefined && !this.#pins.has(pin)) {
      const capability = await pinCapability(this.#session, this.#catalog, pin);
      await this.#session.demand(this.#catalog, capability, [pin]);
      this.#pins.add(pin);
    }
    const fields = compact({
      kind: options.kind,
      retention_class: options.retentionClass,
      retention_ttl_days: options.ttl,
      classification: options.classification,
      exportable: options.exportable,
      layer: options.layer,
      source_entity_refs: options.entities?.length ? options.entities : undefined,
      labels: Object.keys(options.labels ?? {}).length > 0 ? options.labels : undefined,
    });
    this.#demandSound(fields);
    this.#texts.push({ line, text: { name, ...fields } });
    return { name, pin, sources, fields };
  }

  /** Of many artifacts described alike, the whole is checked once, and of the others what they have of their own. */
  #demandSound(fields: Description['fields']): void {
    const { labels, source_entity_refs, ...plain } = fields;
    const key = JSON.stringify(plain);
    if (this.#sound.has(key)) checkOwnFields(compact({ labels, source_entity_refs }));
    else demandDescription(this.#session, fields);
    this.#sound.add(key);
  }

  /** Searches all that was described for secrets (I6); a refusal names the line. */
  async checkSecrets(): Promise<void> {
    try {
      await this.#tx.checkSecrets(this.#catalog, { labels: this.#texts.map(({ text }) => text) });
    } catch (e) {
      for (const { line, text } of this.#texts) {
        await atLine(line, () => this.#tx.checkSecrets(this.#catalog, text));
      }
      throw e;
    }
  }

  async #source(typed: string, isBatch: boolean): Promise<SourceRef> {
    const ref = isBatch ? refOf(typed) : undefined;
    if (ref !== undefined) {
      if (this.#refs.has(ref)) return { ref };
      throw unknownRef(ref);
    }
    const handle = this.#handles.get(typed) ?? handleOf(await resolveArtifact(this.#catalog, typed));
    this.#handles.set(typed, handle);
    return handle;
  }
}
