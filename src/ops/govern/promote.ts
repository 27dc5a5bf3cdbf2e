import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import type { Catalog } from '../../core/catalog/catalog.js';
import { compact } from '../../core/json/omit-undefined.js';
import { HEAD_BYTES } from '../../core/manifest/content-type.js';
import type { Manifest } from '../../core/manifest/manifest.js';
import {
  type FreezeAttestation,
  nextLayer,
  type PromotionFacts,
  promotionProblems,
} from '../../core/manifest/promotion-checks.js';
import type { Layer } from '../../core/manifest/vocabulary.js';
import { decodeBundleIndex, indexSize, MAX_INDEX_BYTES } from '../../core/objects/bundle-index.js';
import type { ArtifactId, ObjectId } from '../../core/objects/ids.js';
import { type LineFinding, scanLines } from '../../core/secrets/scan-lines.js';
import { escapeText } from '../../core/text/escape-control.js';
import { toReason } from '../../core/text/ledger-text.js';
import { HsError } from '../../errors/hs-error.js';
import { resolveArtifact } from '../naming/resolve-artifact.js';
import { manifestOf } from '../payload/read-manifest.js';
import type { Session } from '../session/session.js';
import { reviseManifest } from './revise.js';

export interface Promoted {
  readonly artifactId: ArtifactId;
  readonly revision: number;
  readonly from: Layer;
  readonly to: Layer;
  readonly contentHash: ObjectId;
}

/**
 * Moves an artifact up one layer (A10). LAYER reports all failed gates together. Promotion to L1 needs `attest`, the
 * reason, from which the attestation is made.
 */
export async function promote(session: Session, name: string, attest: string | undefined): Promise<Promoted> {
  const reason = toReason(attest);
  return session.write('artifact.promote', [name], async (tx) => {
    let result: Promoted | undefined;
    // The payload is read only once: its bytes do not depend on the head, and it may be large.
    let read: { readonly of: ObjectId; readonly content: ReadPayload } | undefined;
    await tx.commit(async (catalog) => {
      const record = await resolveArtifact(catalog, name);
      const to = nextLayer(record.layer);
      if (to === undefined) throw cannotPromote(name, record.layer);
      const manifest = await manifestOf(session, record);
      if (read?.of !== record.content_hash) {
        read = { of: record.content_hash, content: await readPayload(session, record) };
      }
      const attestation: FreezeAttestation | undefined =
        to === 'L1' && reason !== undefined
          ? {
              by: `${session.actor.type}:${session.actor.id}`,
              reason,
              content_hash: record.content_hash,
            }
          : undefined;
      const { secrets, ...content } = read.content;
      const isRefused = (await session.policy(catalog)).secrets?.on_detect === 'refuse';
      if (!isRefused) warnOf(session, name, secrets);
      const against = isRefused ? { secrets } : {};
      const facts = { manifest, ...content, ...against, graph: await graphOf(catalog, record), attestation };
      demandGates(name, to, facts);
      const revised = await reviseManifest(tx, record, manifest, { layer: to });
      result = describe(revised.manifest, record.layer, to);
      return {
        type: 'artifact_promoted',
        payload: compact({ artifact_id: record.artifact_id, from: record.layer, to, attestation }),
        ops: [revised.op],
      };
    });
    return result!;
  });
}

function describe(m: Manifest, from: Layer, to: Layer): Promoted {
  return { artifactId: m.artifact_id, revision: m.revision, from, to, contentHash: m.content_hash };
}

function cannotPromote(name: string, layer: Layer): HsError {
  const why = layer === 'L1' ? 'it is already frozen (L1)' : 'ephemeral artifacts (L4) are never promoted';
  return new HsError('LAYER', `cannot promote '${escapeText(name)}': ${why}`);
}

function demandGates(name: string, to: 'L2' | 'L1', facts: PromotionFacts): void {
  const problems = promotionProblems(facts, to);
  if (problems.length === 0) return;
  const gates = new Set(problems.map((p) => p.gate));
  const id = facts.manifest.artifact_id.slice(0, 8);
  const hint = [
    ...(gates.has('ttl') ? [`hs retain ${id} --no-ttl removes the TTL`] : []),
    ...(gates.has('attestation') ? ['--attest REASON attests to it'] : []),
  ].join(', and ');
  throw new HsError(
    'LAYER',
    `cannot promote '${escapeText(name)}' to ${to}: ${problems.map((p) => p.why).join('; ')}`,
    {
      ...(hint === '' ? {} : { hint }),
      details: { problems },
    },
  );
}

type ReadPayload = Pick<PromotionFacts, 'rehashed' | 'content'> & { readonly secrets: readonly string[] };

/** Maximum number of findings reported per payload; hs scan reports all. */
const MOST_SECRETS = 20;

function warnOf(session: Session, name: string, secrets: readonly string[]): void {
  if (secrets.length === 0) return;
  session.warn(`in '${escapeText(name)}' there is ${secrets.join(', ')}`);
}

/** Reads every byte of the current payload and searches it for secrets (I6). */
async function readPayload(session: Session, record: ArtifactRecord): Promise<ReadPayload> {
  const { objects } = session.store;
  const secrets: string[] = [];
  const tell = (path: string | undefined, { detector, line, column }: LineFinding) => {
    if (secrets.length >= MOST_SECRETS) return;
    const file = path === undefined ? '' : `${escapeText(path)}:`;
    secrets.push(`what looks like a secret at ${file}${line}:${column} (${detector})`);
  };
  try {
    if (record.payload_type === 'file') {
      const { head, size } = await readWhole(session, record.content_hash, (f) => tell(undefined, f));
      return { rehashed: record.content_hash, content: { type: 'file', head, size }, secrets };
    }
    const index = decodeBundleIndex(await objects.read(record.content_hash, MAX_INDEX_BYTES));
    for (const { path, content_hash } of index) await readWhole(session, content_hash, (f) => tell(path, f));
    return { rehashed: record.content_hash, content: { type: 'directory', size: indexSize(index) }, secrets };
  } catch (e) {
    if (!(e instanceof HsError) || e.code === 'INTERRUPTED') throw e;
    return { rehashed: undefined, content: undefined, secrets };
  }
}

/** A stream throws if the bytes do not match the object's name: reading to the end verifies the hash. */
async function readWhole(
  session: Session,
  id: ObjectId,
  onSecret: (found: LineFinding) => void,
): Promise<{ head: Uint8Array; size: number }> {
  let head = Buffer.alloc(0);
  let size = 0;
  async function* passing(): AsyncGenerator<Uint8Array> {
    for await (const chunk of session.store.objects.lend(id)) {
      session.signal.throwIfAborted();
      if (head.length < HEAD_BYTES) head = Buffer.concat([head, chunk.subarray(0, HEAD_BYTES - head.length)]);
      size += chunk.byteLength;
      yield chunk;
    }
  }
  for await (const found of scanLines(passing(), ['credential'])) onSecret(found);
  return { head, size };
}

/** The live artifacts that it is made from, directly or further back. */
async function graphOf(catalog: Catalog, of: ArtifactRecord): Promise<PromotionFacts['graph']> {
  const found = new Map<ArtifactId, ArtifactRecord | undefined>();
  const open = [...(of.sources ?? [])];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (found.has(id)) continue;
    const record = await catalog.get(id);
    const isLive = record !== undefined && record.removed === undefined;
    found.set(id, isLive ? record : undefined);
    if (isLive) open.push(...(record.sources ?? []));
  }
  return (id) => {
    const record = found.get(id);
    return record && { contentHash: record.content_hash, sources: record.sources ?? [] };
  };
}
