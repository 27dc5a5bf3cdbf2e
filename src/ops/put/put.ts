import { basename } from 'node:path';
import { compact } from '../../core/json/omit-undefined.js';
import type { LedgerOp } from '../../core/ledger/operation.js';
import { handleOf } from '../../core/manifest/handle-of.js';
import type { EntityRef, Manifest } from '../../core/manifest/manifest.js';
import { executableLabel } from '../../core/manifest/own-labels.js';
import type { Classification, Kind, Layer, RetentionClass } from '../../core/manifest/vocabulary.js';
import type { ArtifactId, ObjectId } from '../../core/objects/ids.js';
import type { PortabilityProblem } from '../../core/paths/portability.js';
import { toName } from '../../core/paths/safe-path.js';
import { HsError } from '../../errors/hs-error.js';
import { toPinName } from '../naming/pin-name.js';
import { resolveArtifacts } from '../naming/resolve-artifact.js';
import { Excluder, globHint, unusedGlobs } from '../payload/excluder.js';
import type { LeftOut, WalkOptions } from '../payload/walk-tree.js';
import { pinCapability } from '../session/pin-capability.js';
import type { Session } from '../session/session.js';
import { demandDescription, describedBy, entryName, newManifest } from './new-manifest.js';
import { hintOf, type PutItem, type PutSource } from './put-source.js';
import { registerArtifacts } from './register-artifact.js';
import { spreadSources } from './spread-sources.js';
import { storePayload } from './store-payload.js';

/** Options that apply to every artifact of one `put`. */
export interface PutOptions extends Pick<WalkOptions, 'skipLinks'> {
  /** Globs to exclude; one without `/` matches a name at any depth. */
  readonly exclude?: readonly string[];
  /** Store nothing if one of these globs excludes nothing; otherwise that is a warning. */
  readonly strictExclude?: boolean;
  readonly name?: string;
  readonly kind?: Kind;
  readonly retentionClass?: RetentionClass;
  /** Days. */
  readonly ttl?: number;
  readonly classification?: Classification;
  readonly exportable?: boolean;
  readonly layer?: Layer;
  /** Artifacts as a user names them. */
  readonly sources?: readonly string[];
  readonly entities?: readonly EntityRef[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly pin?: string;
  /** One artifact for each entry of a directory, named `name/ENTRY`, instead of one for the directory. */
  readonly each?: boolean;
}

export interface PutResult {
  readonly artifactId: ArtifactId;
  readonly contentHash: ObjectId;
  readonly payloadType: 'file' | 'directory';
  readonly sizeBytes: number;
  readonly files: number;
  readonly filenameHint: string | undefined;
  readonly leftOut: readonly LeftOut[];
  readonly portability: readonly PortabilityProblem[];
}

/** Stores each source as one artifact, all in one commit: if one is unreadable, nothing is registered. */
export async function put(
  session: Session,
  sources: readonly PutSource[],
  options: PutOptions,
): Promise<PutResult[]> {
  const name = options.name === undefined ? undefined : toName(options.name);
  const pin = options.pin === undefined ? undefined : toPinName(options.pin);
  return session.write('artifact.create', name === undefined ? [] : [name], async (tx) => {
    const catalog = await session.catalog();
    const sourceRefs = (await resolveArtifacts(catalog, options.sources ?? [])).map(handleOf);
    if (pin !== undefined) {
      await session.demand(catalog, await pinCapability(session, catalog, pin), [pin]);
    }
    const described = compact({
      kind: options.kind,
      retention_class: options.retentionClass,
      retention_ttl_days: options.ttl,
      classification: options.classification,
      exportable: options.exportable,
      layer: options.layer,
      source_artifact_refs: sourceRefs.length === 0 ? undefined : sourceRefs,
      source_entity_refs: options.entities?.length ? options.entities : undefined,
      labels: nonEmpty(options.labels ?? {}),
    });
    // Checked before a byte is read: reading all of them may take hours.
    demandDescription(session, described);
    await tx.checkSecrets(catalog, { name, ...described });
    const results: PutResult[] = [];
    const manifests: Manifest[] = [];
    session.progress.start('storing', undefined, 'bytes');
    const besides: LeftOut[] = [];
    const walk = { exclude: new Excluder(options.exclude ?? []), skipLinks: options.skipLinks === true };
    const items: readonly PutItem[] = options.each
      ? await spreadSources(session, sources, walk, (left) => besides.push(left))
      : sources.map((source) => ({ source }));
    for (const item of items) {
      const { source, entry } = item;
      const payload = await storePayload(session, tx.batch, item, walk);
      const filenameHint = await hintOf(session, source);
      const facts = compact({
        ...described,
        name: entry === undefined ? name : entryName(name, entry),
        payload_type: payload.payloadType,
        content_hash: payload.contentHash,
        size_bytes: payload.sizeBytes,
        filename_hint: filenameHint,
        labels: nonEmpty({ ...executableLabel(payload.executable === true), ...options.labels }),
      });
      const manifest = describedBy(() => newManifest(session, facts));
      manifests.push(manifest);
      // Notes that concern no single artifact are attached to the first one.
      const leftOut = [...besides.splice(0), ...payload.leftOut];
      const { executable: _, ...stored } = payload;
      results.push({ artifactId: manifest.artifact_id, filenameHint, ...stored, leftOut });
    }
    if (manifests.length === 0) throw new HsError('NOT_FOUND', 'nothing to store');
    tellUnused(session, walk.exclude, sources, options.strictExclude === true);
    session.progress.start('committing');
    await registerArtifacts(tx, manifests, pinOps(manifests, pin));
    session.progress.done();
    return results;
  });
}

/** A glob that excludes nothing most likely means that unwanted files are stored. */
function tellUnused(
  session: Session,
  { unused }: Excluder,
  sources: readonly PutSource[],
  strict: boolean,
): void {
  if (unused.length === 0) return;
  const names = sources.flatMap((s) => ('path' in s ? basename(s.path) : []));
  const hint = globHint(unused, names);
  if (strict) throw new HsError('USAGE', `${unusedGlobs(unused)}; nothing was stored`, { hint });
  session.warn(`${unusedGlobs(unused)}; ${hint}`);
}

function nonEmpty(labels: Record<string, string>): Record<string, string> | undefined {
  return Object.keys(labels).length > 0 ? labels : undefined;
}

function pinOps(manifests: readonly Manifest[], name: string | undefined): LedgerOp[] {
  return name === undefined ? [] : manifests.map((m) => ({ op: 'pin', artifact_id: m.artifact_id, name }));
}
