import type { ArtifactId, ObjectId } from '../objects/ids.js';
import { checkFilenameHint, checkName } from '../paths/safe-path.js';
import { contradictsType, DIRECTORY_TYPE } from './content-type.js';
import { type Manifest, manifestProblems } from './manifest.js';
import type { Layer } from './vocabulary.js';

/** Who attests to a frozen artifact, why, and to which content (A10). */
export interface FreezeAttestation {
  readonly by: string;
  readonly reason: string;
  readonly content_hash: ObjectId;
}

/** All inputs of the gates, gathered beforehand. */
export interface PromotionFacts {
  readonly manifest: Manifest;
  /** The actual hash of the payload; `undefined` if it cannot be read. */
  readonly rehashed: ObjectId | undefined;
  /** The start of a file payload and its size; for a directory, whether its index and files agree. */
  readonly content:
    | { readonly type: 'file'; readonly head: Uint8Array; readonly size: number }
    | { readonly type: 'directory'; readonly size: number }
    | undefined;
  /** Live artifacts by id, with their sources. */
  readonly graph: (
    id: ArtifactId,
  ) => { readonly contentHash: ObjectId; readonly sources: readonly ArtifactId[] } | undefined;
  readonly attestation?: FreezeAttestation | undefined;
  /** Suspected secrets in its payload that count: location and detector (I6). */
  readonly secrets?: readonly string[];
}

export type PromotionGate =
  | 'name'
  | 'payload'
  | 'sources'
  | 'manifest'
  | 'content_type'
  | 'secrets'
  | 'ttl'
  | 'attestation';

export interface PromotionProblem {
  readonly gate: PromotionGate;
  readonly why: string;
}

/** One step up, never back; L4 is ephemeral, L1 the top. */
export function nextLayer(layer: Layer): 'L2' | 'L1' | undefined {
  return layer === 'L3' ? 'L2' : layer === 'L2' ? 'L1' : undefined;
}

/** Every gate that the promotion to `to` fails, all at once (A10). */
export function promotionProblems(facts: PromotionFacts, to: 'L2' | 'L1'): readonly PromotionProblem[] {
  return [
    ...nameProblems(facts.manifest),
    ...payloadProblems(facts),
    ...sourceProblems(facts),
    ...manifestProblems({ ...facts.manifest }).map((why) => ({ gate: 'manifest' as const, why })),
    ...typeProblems(facts),
    ...(facts.secrets ?? []).map((where) => ({ gate: 'secrets' as const, why: `there is ${where}` })),
    ...(to === 'L1' ? frozenProblems(facts) : []),
  ];
}

function* nameProblems({ name, filename_hint: hint }: Manifest): Generator<PromotionProblem> {
  const named = name === undefined ? undefined : checkName(name).problem;
  if (named !== undefined) yield { gate: 'name', why: `its name is not allowed: ${named.why}` };
  const hinted = hint === undefined ? undefined : checkFilenameHint(hint).problem;
  if (hinted !== undefined) yield { gate: 'name', why: `its filename hint is not allowed: ${hinted.why}` };
}

function* payloadProblems({ manifest, rehashed }: PromotionFacts): Generator<PromotionProblem> {
  if (rehashed === undefined) yield { gate: 'payload', why: 'its payload cannot be read' };
  else if (rehashed !== manifest.content_hash) {
    yield { gate: 'payload', why: `its payload hashes to ${rehashed}, not to its content hash` };
  }
}

function* sourceProblems({ manifest, graph }: PromotionFacts): Generator<PromotionProblem> {
  const direct = manifest.source_artifact_refs ?? [];
  for (const { artifact_id: id, content_hash: stated } of direct) {
    const found = graph(id);
    if (found === undefined) yield { gate: 'sources', why: `its source '${id}' does not exist` };
    else if (found.contentHash !== stated) {
      yield { gate: 'sources', why: `its source '${id}' has a different content hash than stated` };
    }
  }
  if (
    reaches(
      manifest.artifact_id,
      direct.map((s) => s.artifact_id),
      graph,
    )
  ) {
    yield { gate: 'sources', why: 'it is among its own sources' };
  }
}

function reaches(goal: ArtifactId, from: readonly ArtifactId[], graph: PromotionFacts['graph']): boolean {
  const seen = new Set<ArtifactId>();
  const waiting = [...from];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (id === goal) return true;
    if (seen.has(id)) continue;
    seen.add(id);
    waiting.push(...(graph(id)?.sources ?? []));
  }
  return false;
}

function* typeProblems({ manifest, content }: PromotionFacts): Generator<PromotionProblem> {
  if (content === undefined) return;
  if (content.type !== manifest.payload_type) {
    yield { gate: 'content_type', why: `its payload is a ${content.type}, not a ${manifest.payload_type}` };
    return;
  }
  if (content.size !== manifest.size_bytes) {
    yield { gate: 'payload', why: `its payload has ${content.size} bytes, not ${manifest.size_bytes}` };
  }
  const { mime } = manifest;
  const why =
    content.type === 'file' ? contradictsType(mime, content.head, content.size) : notDirectory(mime);
  if (why !== undefined) yield { gate: 'content_type', why };
}

function notDirectory(mime: string): string | undefined {
  return mime === DIRECTORY_TYPE ? undefined : `it is a directory, not ${mime}`;
}

function* frozenProblems({ manifest, attestation }: PromotionFacts): Generator<PromotionProblem> {
  if (manifest.retention_ttl_days !== undefined) {
    yield {
      gate: 'ttl',
      why: `it has a TTL of ${manifest.retention_ttl_days} days, but frozen artifacts have none`,
    };
  }
  if (attestation === undefined) yield { gate: 'attestation', why: 'it has no attestation' };
  else if (attestation.content_hash !== manifest.content_hash) {
    yield { gate: 'attestation', why: 'its attestation is for another content hash' };
  }
}
