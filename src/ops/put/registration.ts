import { activePins } from '../../core/catalog/active-pins.js';
import type { Catalog } from '../../core/catalog/catalog.js';
import { compact } from '../../core/json/omit-undefined.js';
import type { LedgerOp } from '../../core/ledger/operation.js';
import { handleOf } from '../../core/manifest/handle-of.js';
import type { Handle, Manifest } from '../../core/manifest/manifest.js';
import { executableLabel, isExecutable } from '../../core/manifest/own-labels.js';
import type { ArtifactId } from '../../core/objects/ids.js';
import { judgeOne } from '../../core/retention/judge-one.js';
import { HsError } from '../../errors/hs-error.js';
import { manifestOf } from '../payload/read-manifest.js';
import type { StoredPayload } from '../payload/store-tree.js';
import type { Session } from '../session/session.js';
import type { Transaction } from '../session/transaction.js';
import type { Description } from './describe-item.js';
import { describedBy, newManifest } from './new-manifest.js';
import type { PutItem } from './put-source.js';
import { addArtifact, createdPayload } from './register-artifact.js';

/** An item whose payload is stored. */
export interface StoredItem extends Description {
  readonly item: PutItem;
  readonly id: ArtifactId;
  readonly filenameHint: string | undefined;
  readonly payload: StoredPayload;
}

/** The artifact of an item: a new one, or the one that was there. */
interface Registered {
  readonly artifactId: ArtifactId;
  readonly unchanged: boolean;
}

/** Fields of a manifest that may be given. Labels, entities and sources tell runs apart that made the same. */
const COMPARED = [
  'kind',
  'retention_class',
  'retention_ttl_days',
  'classification',
  'exportable',
  'layer',
] as const;

/** Makes the entry for the items of one put. With a catalog, items that would only repeat what is there are not added. */
export class Registrar {
  readonly registered: Registered[] = [];
  readonly #session: Session;
  readonly #tx: Transaction;
  readonly #catalog: Catalog | undefined;
  readonly #ops: LedgerOp[] = [];
  readonly #pins: LedgerOp[] = [];
  readonly #refs = new Map<string, Handle>();
  /** The newest of each name among those added here. */
  readonly #newest = new Map<string, Manifest>();
  #bytes = 0;

  constructor(session: Session, tx: Transaction, catalog?: Catalog) {
    this.#session = session;
    this.#tx = tx;
    this.#catalog = catalog;
  }

  async add(stored: StoredItem): Promise<void> {
    const there = this.#catalog === undefined ? undefined : await this.#there(stored, this.#catalog);
    const manifest = there ?? (await this.#create(stored));
    const { artifact_id } = manifest;
    this.registered.push({ artifactId: artifact_id, unchanged: there !== undefined });
    const { item, pin } = stored;
    if (item.ref !== undefined) this.#refs.set(item.ref, handleOf(manifest));
    if (pin === undefined) return;
    const record = there === undefined ? undefined : await this.#catalog?.get(artifact_id);
    const active = record === undefined ? [] : activePins(record, this.#session.now());
    if (!active.some((p) => p.name === pin)) this.#pins.push({ op: 'pin', artifact_id, name: pin });
  }

  async #create({ id, name, fields, sources, payload, filenameHint }: StoredItem) {
    const refs = sources.map((s) => ('ref' in s ? this.#refs.get(s.ref)! : s));
    const labels = {
      ...executableLabel(payload.executable === true),
      ...(fields.labels as Manifest['labels']),
    };
    const manifest = describedBy(() =>
      newManifest(
        this.#session,
        compact({
          artifact_id: id,
          name,
          payload_type: payload.payloadType,
          content_hash: payload.contentHash,
          size_bytes: payload.sizeBytes,
          filename_hint: filenameHint,
          source_artifact_refs: refs.length === 0 ? undefined : refs,
          ...fields,
          labels: Object.keys(labels).length === 0 ? undefined : labels,
        }),
      ),
    );
    this.#ops.push(await addArtifact(this.#tx, manifest, true));
    this.#bytes += manifest.size_bytes;
    if (name !== undefined && this.#catalog !== undefined) this.#newest.set(name, manifest);
    return manifest;
  }

  /** The newest artifact of the item's name, if the item would only repeat it. */
  async #there(stored: StoredItem, catalog: Catalog): Promise<Manifest | undefined> {
    const { name, payload } = stored;
    if (name === undefined) {
      throw new HsError('USAGE', 'without a name, nothing tells whether it changed', {
        hint: 'give --name',
      });
    }
    let newest = this.#newest.get(name);
    for await (const record of newest === undefined ? catalog.named(name) : []) {
      if (record.content_hash !== payload.contentHash) break;
      const policy = await this.#session.policy(catalog);
      const { verdict } = await judgeOne(catalog, record, policy, this.#session.now());
      // What the next collection removes is as good as gone.
      if (verdict === 'keep') newest = await manifestOf(this.#session, record);
      break;
    }
    return newest !== undefined && repeats(stored, newest) ? newest : undefined;
  }

  /** Null: everything is there already. */
  get draft() {
    const artifacts = this.#ops.length;
    const ops = [...this.#ops, ...this.#pins];
    if (ops.length === 0) return null;
    if (artifacts > 0) return { ...createdPayload(artifacts, this.#bytes), ops };
    return { type: 'pin_changed' as const, payload: { pinned: ops.length, unpinned: 0 }, ops };
  }
}

function repeats({ payload, fields }: StoredItem, manifest: Manifest): boolean {
  return (
    manifest.payload_type === payload.payloadType &&
    manifest.content_hash === payload.contentHash &&
    isExecutable(manifest) === (payload.executable === true) &&
    COMPARED.every((field) => fields[field] === undefined || fields[field] === manifest[field])
  );
}
