import type { Manifest } from '../../core/manifest/manifest.js';
import { indexSize } from '../../core/objects/bundle-index.js';
import { type ArtifactId, isObjectId, type ObjectId } from '../../core/objects/ids.js';
import { HsError } from '../../errors/hs-error.js';
import { findRestricted, payloadObjects } from '../guard/read-gate.js';
import { atLine } from '../payload/batch-lines.js';
import type { Session } from '../session/session.js';
import { nameProblems } from './check-manifest.js';
import { newManifest } from './new-manifest.js';
import { referencePayload, registerArtifacts } from './register-artifact.js';
import { SourceRefs } from './source-refs.js';
import { statedIndex, statedSize } from './stated-payload.js';

export interface WrittenManifest {
  readonly artifact_id: ArtifactId;
  readonly content_hash: ObjectId;
  readonly size_bytes: number;
}

/** `size_bytes` defaults to the size of the payload in the store. */
async function withSize(session: Session, known: Readonly<Record<string, unknown>>) {
  const hash = known.content_hash;
  if (known.size_bytes !== undefined) return known;
  const { objects } = session.store;
  const sizeOf = async (id: ObjectId) =>
    known.payload_type === 'directory' ? indexSize(await statedIndex(objects, id)) : statedSize(objects, id);
  // Without a valid hash, that is what is wrong with it.
  const size = typeof hash === 'string' && isObjectId(hash) ? await sizeOf(hash) : 0;
  return Object.assign({}, known, { size_bytes: size });
}

/** A manifest to register, with defaults for missing fields. */
export interface ManifestLine {
  readonly given: Readonly<Record<string, unknown>>;
  /** More sources, as a user names them, or `ref:REF` for an earlier line's artifact. */
  readonly sources?: readonly string[];
  readonly ref?: string;
  /** Its line in a batch, for errors. */
  readonly line?: number;
}

/**
 * Registers the artifact that a manifest describes, with defaults for missing fields. Its payload must be in the store.
 * INVALID_MANIFEST, OBJECT_MISSING, or CONFLICT if its id is taken.
 */
export async function writeManifest(
  session: Session,
  given: Readonly<Record<string, unknown>>,
): Promise<WrittenManifest> {
  const [written] = await writeManifests(session, [{ given }]);
  return written!;
}

/** The same for several, in one commit: all or none. */
export async function writeManifests(
  session: Session,
  lines: readonly ManifestLine[],
): Promise<WrittenManifest[]> {
  return session.write('artifact.create', [], async (tx) => {
    const gate = new ContentGate(session);
    // Checked before the bytes are examined: errors about them would reveal their content.
    for (const { given, line } of lines) {
      if (typeof given.content_hash === 'string' && isObjectId(given.content_hash))
        gate.add(given.content_hash, line);
    }
    await gate.demand();
    const catalog = await session.catalog();
    const refs = new SourceRefs(catalog);
    const manifests: Manifest[] = [];
    for (const each of lines) {
      const { line, ref } = each;
      await atLine(line, async () => {
        const manifest = await complete(session, each, refs);
        refs.add(ref, manifest);
        await tx.checkSecrets(catalog, manifest);
        await referencePayload(session, tx.batch, manifest);
        for (const id of await payloadObjects(session.store.objects, manifest)) gate.add(id, line);
        manifests.push(manifest);
      });
    }
    // A new manifest would free the bytes of a restricted artifact from its restriction (B5).
    await gate.demand();
    await registerArtifacts(tx, manifests);
    return manifests.map(({ artifact_id, content_hash, size_bytes }) => ({
      artifact_id,
      content_hash,
      size_bytes,
    }));
  });
}

async function complete(
  session: Session,
  { given, sources }: ManifestLine,
  refs: SourceRefs,
): Promise<Manifest> {
  const known = await withSize(session, given);
  const named = await Promise.all((sources ?? []).map((typed) => refs.handle(typed)));
  const listed = known.source_artifact_refs;
  const all = Array.isArray(listed) ? [...listed, ...named] : named;
  const manifest = newManifest(session, named.length === 0 ? known : { ...known, source_artifact_refs: all });
  const problems = nameProblems(manifest);
  if (manifest.revision !== 1) {
    problems.push('revision: 1 for a new artifact; hs retain, reclassify and promote make the others');
  }
  if (problems.length === 0) return manifest;
  throw new HsError('INVALID_MANIFEST', `invalid manifest: ${problems.join('; ')}`, {
    details: { problems },
  });
}

/** Demands that no restricted artifact names the objects of a batch; errors name the line. */
class ContentGate {
  readonly #session: Session;
  readonly #lines = new Map<ObjectId, number | undefined>();

  constructor(session: Session) {
    this.#session = session;
  }

  add(id: ObjectId, line: number | undefined): void {
    if (!this.#lines.has(id)) this.#lines.set(id, line);
  }

  async demand(): Promise<void> {
    const session = this.#session;
    const catalog = await session.catalog();
    if (await session.isAllowed(catalog, 'artifact.read:restricted')) return;
    const found = await findRestricted(session.store.objects, catalog, this.#lines.keys());
    if (found === undefined) return;
    await atLine(this.#lines.get(found), () => session.demand(catalog, 'artifact.read:restricted', [found]));
  }
}
