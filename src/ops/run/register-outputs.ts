import type { Catalog } from '../../core/catalog/catalog.js';
import { compact } from '../../core/json/omit-undefined.js';
import type { LedgerOp } from '../../core/ledger/operation.js';
import { encodeManifest, type Manifest } from '../../core/manifest/manifest.js';
import { executableLabel, REFUSED_LABEL } from '../../core/manifest/own-labels.js';
import { isSensitive, sensitivityOf } from '../../core/manifest/sensitivity.js';

import { checkFilenameHint } from '../../core/paths/safe-path.js';
import { readSourceFile } from '../payload/read-source.js';
import { entryName, newManifest } from '../put/new-manifest.js';
import { factsOf } from '../put/register-artifact.js';
import type { Session } from '../session/session.js';
import type { Transaction } from '../session/transaction.js';
import type { Captured, CapturedPayload } from './collect-capture.js';
import { judgeOutputs } from './judge-outputs.js';
import { inputFacts, type RunInput } from './run-inputs.js';
import { provenanceOf, type RunFacts, runRecord } from './run-record.js';
import type { RunRequest } from './run-request.js';
import type { Transcript } from './transcript.js';

/**
 * The properties of the artifacts known before the tool runs: as sensitive as the sources together (C1), unless the
 * request specifies otherwise.
 */
export function description(request: RunRequest, inputs: readonly RunInput[]) {
  const sources = sensitivityOf(inputs.map((i) => i.record));
  const { kind = 'tool_output', classification = sources.classification } = request;
  const needed = isSensitive({ kind, classification }) ? sources.retention_ttl_days : undefined;
  return compact({
    retention_ttl_days: request.ttl ?? needed,
    classification,
    exportable: sources.exportable ? undefined : false,
    determinism_level: 'best_effort',
  });
}

function labelsOf(
  { refused }: Captured,
  { executable }: CapturedPayload,
): Record<string, string> | undefined {
  const lacking: Record<string, string> =
    refused.length === 0 ? {} : { [REFUSED_LABEL]: String(refused.length) };
  const labels = { ...lacking, ...executableLabel(executable === true) };
  return Object.keys(labels).length === 0 ? undefined : labels;
}

function isStricterThan(a: Manifest, b: Manifest): boolean {
  return a.classification !== b.classification || a.exportable !== b.exportable;
}

/** Turns the output of a run into artifacts. */
export class Register {
  readonly #session: Session;
  readonly #tx: Transaction;
  readonly #request: RunRequest;
  readonly #inputs: readonly RunInput[];

  constructor(session: Session, tx: Transaction, request: RunRequest, inputs: readonly RunInput[]) {
    this.#session = session;
    this.#tx = tx;
    this.#request = request;
    this.#inputs = inputs;
  }

  /** Manifests of the collected payloads. */
  outputs(taken: Captured, facts: RunFacts): Manifest[] {
    const { name, kind = 'tool_output', retentionClass } = this.#request;
    return taken.payloads.map((payload) =>
      this.#manifest(facts, {
        kind,
        retention_class: retentionClass,
        name: payload.entry === undefined ? name : entryName(name, payload.entry),
        filename_hint:
          payload.entry !== undefined && checkFilenameHint(payload.entry).problem === undefined
            ? payload.entry
            : undefined,
        payload_type: payload.payloadType,
        content_hash: payload.contentHash,
        size_bytes: payload.sizeBytes,
        labels: labelsOf(taken, payload),
      }),
    );
  }

  /** Stores transcripts of the captured streams in the batch. */
  async printed(transcripts: readonly Transcript[], facts: RunFacts): Promise<Manifest[]> {
    const manifests: Manifest[] = [];
    const { name } = this.#request;
    for (const { path, stream } of transcripts) {
      const { id, size } = await readSourceFile(
        this.#session.store.local.runs.disk,
        path,
        stream,
        this.#tx.batch,
        () => undefined,
      );
      manifests.push(
        this.#manifest(facts, {
          kind: 'transcript',
          name: name === undefined ? undefined : `${name}.${stream}`,
          filename_hint: `${stream}.txt`,
          payload_type: 'file',
          content_hash: id,
          size_bytes: size,
        }),
      );
    }
    return manifests;
  }

  #manifest(facts: RunFacts, known: Readonly<Record<string, unknown>>): Manifest {
    return newManifest(
      this.#session,
      compact({
        ...known,
        ...description(this.#request, this.#inputs),
        source_artifact_refs: inputFacts(this.#inputs).source_artifact_refs,
        provenance: provenanceOf(this.#request, facts),
      }),
    );
  }

  /** Commits the record of the run and its artifacts in one entry. */
  async commit(manifests: readonly Manifest[], facts: RunFacts, errors: readonly string[]): Promise<void> {
    const payload = runRecord(this.#request, facts, manifests.length, errors);
    let isStricter = false;
    const build = async (catalog: Catalog) => {
      const policy = await this.#session.policy(catalog);
      const judged = await judgeOutputs(manifests, this.#inputs, catalog, policy);
      isStricter = judged.some((m, i) => isStricterThan(m, manifests[i]!));
      const ops: LedgerOp[] = [];
      for (const manifest of judged) {
        const stored = await this.#tx.batch.addBytes(encodeManifest(manifest));
        ops.push({ op: 'add', ...factsOf(manifest, stored) });
      }
      return { type: 'tool_run' as const, payload, ops };
    };
    // A signal ends the tool, but not the record of the run.
    await this.#tx.commit(build, { records: true });
    if (isStricter) this.#session.warn('a source became stricter while the tool ran, so its output did too');
  }
}
