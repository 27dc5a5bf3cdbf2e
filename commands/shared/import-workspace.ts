import type { Context } from '../../src/cli/command-context.js';
import { compact } from '../../src/core/json/omit-undefined.js';
import type { WorkspaceArtifact } from '../../src/ops/handshake/import-workspace.js';
import { importedRow, tellImported } from './imported.js';

export interface WorkspaceRequest {
  /** Absolute. */
  readonly path: string;
  readonly dryRun: boolean;
  readonly ttl: number | undefined;
}

/** `hs import --format handshake`: imported artifacts are results, others errors, and lesser faults warnings. */
export async function bringInWorkspace(
  { session, attempt, log }: Pick<Context, 'session' | 'attempt' | 'log'>,
  { path, dryRun, ttl }: WorkspaceRequest,
) {
  const { importWorkspace, planWorkspaceImport } = await import(
    '../../src/ops/handshake/import-workspace.js'
  );
  const s = await session(dryRun ? { writes: false } : {});
  const bring = dryRun ? planWorkspaceImport : importWorkspace;
  const { artifacts, refused, strays, report } = await bring(s, path, compact({ ttl }));
  for (const { message } of strays) log.warn(message);
  for (const artifact of artifacts) {
    tell(artifact, log);
    await attempt(() => Promise.resolve(artifact));
  }
  for (const { faults, layer, name, error } of refused) {
    const lesser = faults.filter((f) => !error.message.includes(f.message));
    for (const { message } of lesser) log.warn(`'${layer}/${name.slice(0, 8)}': ${message}`);
    await attempt(() => Promise.reject(error));
  }
  return compact({
    format: 'handshake' as const,
    dry_run: dryRun,
    report,
    strays: strays.map((f) => ({ ...f })),
    artifacts: artifacts.map((a) => ({
      ...importedRow(a),
      stated_hash: a.statedHash,
      hash_form: a.hashForm,
      layer: a.layer,
      pinned: a.pinned,
      faults: a.faults.map((f) => ({ ...f })),
    })),
  });
}

function tell(a: WorkspaceArtifact, log: Context['log']): void {
  const id = a.artifactId.slice(0, 8);
  for (const { message } of a.faults) log.warn(`'${id}': ${message}`);
  if (a.hashForm === 'bundle_index_v1') log.note(`'${id}' has the hash of its old index`);
  tellImported(a, 'workspace', log);
}
