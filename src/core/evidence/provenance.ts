import { verify } from 'node:crypto';
import * as z from 'zod/mini';
import { HsError } from '../../errors/hs-error.js';
import { decodeUtf8 } from '../json/canonical.js';
import { check } from '../json/schema.js';
import { labelOf } from '../manifest/label-of.js';
import type { Manifest } from '../manifest/manifest.js';
import type { IndexEntry } from '../objects/bundle-index.js';
import type { ObjectId } from '../objects/ids.js';
import { decodeEnvelope, openEnvelope } from './dsse.js';
import type { PublicKey } from './keys.js';

export const PAYLOAD_TYPE = 'application/vnd.in-toto+json';
const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';
const PREDICATE_TYPE = 'https://slsa.dev/provenance/v1';
/** Defines the parameters below; documented in hs-export(1). */
const BUILD_TYPE = 'urn:hs:run:1';
/** A statement lists each file of a directory; this many stay below the size limit of an envelope. */
const MAX_SUBJECTS = 100_000;

const digest = z.record(z.string(), z.string());
const descriptor = z.object({
  name: z.optional(z.string()),
  uri: z.optional(z.string()),
  digest: z.optional(digest),
});

/** The fields read from an in-toto Statement v1 with SLSA provenance v1; others are ignored. */
const statementSchema = z.object({
  _type: z.literal(STATEMENT_TYPE),
  subject: z.array(z.object({ name: z.optional(z.string()), digest })).check(z.minLength(1)),
  predicateType: z.literal(PREDICATE_TYPE),
  predicate: z.object({
    buildDefinition: z.object({
      buildType: z.string(),
      externalParameters: z.record(z.string(), z.unknown()),
      resolvedDependencies: z.optional(z.array(descriptor)),
    }),
    runDetails: z.object({
      builder: z.object({ id: z.string() }),
      metadata: z.optional(
        z.object({
          invocationId: z.optional(z.string()),
          startedOn: z.optional(z.string()),
          finishedOn: z.optional(z.string()),
        }),
      ),
      byproducts: z.optional(z.array(descriptor)),
    }),
  }),
});
export type ProvenanceStatement = z.output<typeof statementSchema>;

/** The output of one run, with facts that its manifest lacks. */
export interface RunOutput {
  readonly manifest: Manifest;
  /** The hash of the canonical manifest. */
  readonly manifestId: ObjectId;
  /** Files of a directory payload. */
  readonly files: readonly IndexEntry[] | undefined;
  readonly storeId: string;
  readonly runId: string;
}

const sha256 = (hash: ObjectId) => ({ sha256: hash });

/**
 * How `hs run` made an artifact, from the fields of its manifest: an in-toto Statement v1 with SLSA provenance v1
 * (I4). Deterministic for a given manifest. USAGE for a directory of too many files.
 */
export function provenanceStatement(output: RunOutput): Buffer {
  const { manifest, storeId, runId } = output;
  const { provenance = {} } = manifest;
  const statement = {
    _type: STATEMENT_TYPE,
    subject: subjectsOf(output),
    predicateType: PREDICATE_TYPE,
    predicate: {
      buildDefinition: {
        buildType: BUILD_TYPE,
        externalParameters: {
          program: provenance.program,
          arguments: provenance.arguments,
          argumentsHash: provenance.arguments_hash,
        },
        internalParameters: { sandbox: provenance.sandbox },
        resolvedDependencies: dependenciesOf(manifest),
      },
      runDetails: {
        builder: {
          id: `urn:hs:store:${storeId}`,
          version: { [provenance.engine_id ?? 'hs']: provenance.engine_version },
        },
        metadata: {
          invocationId: `urn:uuid:${runId}`,
          startedOn: provenance.started_at,
          finishedOn: provenance.ended_at,
          hs_exitStatus: provenance.exit_status,
          hs_jobId: manifest.created_by_job_id,
        },
        byproducts: byproductsOf(output),
      },
    },
  };
  // Not canonical JSON, which refuses names that are not in NFC; members are in the order above.
  return Buffer.from(JSON.stringify(statement));
}

function subjectsOf({ manifest, files }: RunOutput) {
  if (files === undefined) return [{ name: labelOf(manifest), digest: sha256(manifest.content_hash) }];
  if (files.length > MAX_SUBJECTS) {
    throw new HsError('USAGE', `an attestation lists at most ${MAX_SUBJECTS} files, not ${files.length}`);
  }
  if (files.length === 0) {
    throw new HsError('USAGE', 'an empty directory has no files to attest');
  }
  return files.map(({ path, content_hash }) => ({ name: path, digest: sha256(content_hash) }));
}

/** Each source by id and hash, other inputs by hash only. */
function dependenciesOf({ source_artifact_refs: sources = [], provenance }: Manifest) {
  const named = new Set(sources.map((s) => s.content_hash));
  const others = (provenance?.input_hashes ?? []).filter((hash) => !named.has(hash));
  return [
    ...sources.map((s) => ({ uri: s.uri, digest: sha256(s.content_hash) })),
    ...others.map((hash) => ({ digest: sha256(hash) })),
  ];
}

/** The manifest and, for a directory, the index, whose hash is the content hash (A3). */
function byproductsOf({ manifest, manifestId, files }: RunOutput) {
  const uri = `urn:uuid:${manifest.artifact_id}`;
  const index = { name: 'bundle_index', uri, digest: sha256(manifest.content_hash) };
  return [
    { name: 'artifact.json', uri, digest: sha256(manifestId) },
    ...(files === undefined ? [] : [index]),
  ];
}

/**
 * Verifies an attestation with only the key: INVALID_RECORD when it is not one, INTEGRITY when this key did not sign
 * it. The statement itself is then the claim of the key's owner.
 */
export function verifyProvenance(bytes: Uint8Array, { publicKey }: PublicKey): ProvenanceStatement {
  const envelope = decodeEnvelope(bytes);
  const payload = openEnvelope(envelope, (signed, sig) => verify(null, signed, publicKey, sig));
  if (envelope.payloadType !== PAYLOAD_TYPE) {
    throw new HsError('INVALID_RECORD', `the attestation contains '${envelope.payloadType}'`, {
      hint: `expected ${PAYLOAD_TYPE}`,
    });
  }
  return check(statementSchema, parseStatement(payload), 'INVALID_RECORD', 'the statement');
}

function parseStatement(payload: Uint8Array): unknown {
  try {
    return JSON.parse(decodeUtf8(payload));
  } catch (cause) {
    throw new HsError('INVALID_RECORD', 'the statement is not JSON', { cause });
  }
}
