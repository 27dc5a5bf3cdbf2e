import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import type { Catalog } from '../../core/catalog/catalog.js';
import { compact } from '../../core/json/omit-undefined.js';
import { handleOf } from '../../core/manifest/handle-of.js';
import type { Handle } from '../../core/manifest/manifest.js';
import { checkFilenameHint, checkName, type SafePath, TreeNames } from '../../core/paths/safe-path.js';
import { HsError, isErrno } from '../../errors/hs-error.js';
import { SafeDir } from '../../fsx/safe-dir.js';
import { demandRead } from '../guard/read-gate.js';
import { stageEntry, throwIfAborted } from '../materialize/stage-file.js';
import { resolveArtifacts } from '../naming/resolve-artifact.js';
import { readContent } from '../payload/read-content.js';
import type { Session } from '../session/session.js';

/** An artifact that the tool may read. */
export interface RunInput {
  readonly record: ArtifactRecord;
  readonly handle: Handle;
  /** Its path below `$HS_IN`. */
  readonly path: SafePath;
}

/** The declared inputs, each once, after the gate for reading payloads (B5). */
export async function resolveInputs(
  session: Session,
  catalog: Catalog,
  typed: readonly string[],
): Promise<RunInput[]> {
  const names = new TreeNames();
  const inputs = new Map<string, RunInput>();
  for (const record of await resolveArtifacts(catalog, typed)) {
    if (inputs.has(record.artifact_id)) continue;
    await demandRead(session, catalog, record, 'all');
    inputs.set(record.artifact_id, { record, handle: handleOf(record), path: placeOf(record, names) });
  }
  return [...inputs.values()];
}

/** Its name, else its filename hint, else its id; also the id if another input has that path. */
function placeOf(record: ArtifactRecord, names: TreeNames): SafePath {
  const { name, filename_hint: hint, artifact_id: id } = record;
  const wanted = name === undefined ? undefined : checkName(name).path;
  const second = hint === undefined ? undefined : checkFilenameHint(hint).path;
  for (const path of [wanted, name === undefined ? second : undefined, id as string as SafePath]) {
    if (path !== undefined && names.add(path) === undefined) return path;
  }
  throw new HsError('BUG', `input '${id}' has no place`);
}

/**
 * Writes the payloads below `dir`, verified, as copies: never a hard link out of the store. Only this process writes
 * there yet, and nothing is synced, since it lasts only as long as the run.
 */
export async function writeInputs(session: Session, dir: string, inputs: readonly RunInput[]): Promise<void> {
  const made: string[] = [];
  for (const { record, path } of inputs) {
    const { entries } = await readContent(session.store.objects, record);
    if (entries === undefined) {
      throw new HsError('INTEGRITY', `the payload of '${record.artifact_id}' cannot be read`, {
        hint: 'hs fsck lists all damage',
      });
    }
    if (record.payload_type === 'directory') await makeDirs(session, dir, `${path}/x`, made);
    for (const entry of entries) {
      throwIfAborted(session.signal);
      const file = record.payload_type === 'file' ? path : `${path}/${entry.path}`;
      const parent = await makeDirs(session, dir, file, made);
      const to = await SafeDir.open(session.store.local.runs.disk, parent);
      try {
        const mode = entry.executable ? 0o555 : 0o444;
        await stageEntry(to, file.slice(file.lastIndexOf('/') + 1), mode, entry, { sync: false });
      } finally {
        await to.close();
      }
    }
  }
  for (const path of [...made.reverse(), dir]) await session.store.local.runs.disk.chmod(path, 0o555);
}

/** Creates the directories above `file` and returns the innermost. */
async function makeDirs(session: Session, dir: string, file: string, made: string[]): Promise<string> {
  const { disk } = session.store.local.runs;
  for (let end = file.indexOf('/'); end > 0; end = file.indexOf('/', end + 1)) {
    const path = `${dir}/${file.slice(0, end)}`;
    if (path === made.at(-1)) continue;
    try {
      await disk.mkdir(path, 0o700);
      made.push(path);
    } catch (e) {
      if (!isErrno(e, 'EEXIST')) throw e;
    }
  }
  const slash = file.lastIndexOf('/');
  return slash < 0 ? dir : `${dir}/${file.slice(0, slash)}`;
}

/** The inputs as listed in manifests. */
export function inputFacts(inputs: readonly RunInput[]) {
  return compact({
    source_artifact_refs: inputs.length === 0 ? undefined : inputs.map((i) => i.handle),
    input_hashes: inputs.length === 0 ? undefined : inputs.map((i) => i.record.content_hash),
  });
}
