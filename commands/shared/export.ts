import type * as z from 'zod/mini';
import { flag, list, text, type Values } from '../../src/cli/options.js';
import type { exportRow } from '../../src/cli/schemas/outside.js';
import { projectionRef, toExportTarget } from '../../src/core/guard/target-kinds.js';
import { check } from '../../src/core/json/schema.js';
import { toObjectId } from '../../src/core/objects/ids.js';
import type { Exported } from '../../src/ops/export/export.js';
import type { ExportPlan } from '../../src/ops/export/plan-export.js';

/** Options of every command that writes outside the store. */
export const FORCE = {
  force: flag(undefined, 'replace what is at the destination, in one step'),
  discardExisting: flag(
    undefined,
    'with --force, also replace files that no export is known to have written',
  ),
  consent: list('HASH', 'allow this exact content to leave although it is classified high or was removed', {
    parse: toObjectId,
    complete: 'object',
  }),
};

/** The purpose of an export, for the record. */
export const PURPOSE = {
  target: text('TARGET', 'what the file is for: local_file (the default), platform:NAME or public', {
    parse: toExportTarget,
    complete: 'target',
  }),
  displayProjection: text('REF', 'record REF as the view in which the content was reviewed', {
    parse: (raw) => check(projectionRef, raw, 'USAGE', 'the reference'),
  }),
};

/** The fields of a request given by {@link PURPOSE}. */
export function purposeOf({ target, displayProjection: ref }: Values<typeof PURPOSE>) {
  return {
    ...(target === undefined ? {} : { target }),
    ...(ref === undefined ? {} : { displayProjectionRef: ref }),
  };
}

export const EXITS = {
  6: 'refused for lack of a capability, or by the guard or a budget; the ledger records the refusal',
  7: 'the destination is a store, the home or current directory, a mount point, or reached through a link',
  8: 'the destination exists, or holds files that no export is known to have written',
};

/** The `--json` row of an export or, with `path`, of one file in a dry run. */
export type Row = z.output<typeof exportRow>;

export function done(e: Exported): Row {
  return {
    export_id: e.exportId,
    artifact_id: e.artifactId,
    content_hash: e.contentHash,
    format: e.format,
    target: e.target,
    files: e.files,
    size_bytes: e.bytes,
    replaced: e.replaced,
    warnings: [...e.warnings],
  };
}

export function planned(plan: ExportPlan): Row[] {
  return plan.files.map((file) => ({
    artifact_id: plan.artifactId,
    format: plan.format,
    target: plan.target,
    path: pathOf(plan, file.path),
    size_bytes: file.bytes,
  }));
}

function pathOf({ format, target }: ExportPlan, path: string): string {
  if (format === 'file') return target;
  return format === 'dir' || format === 'oci' ? `${target}/${path}` : path;
}
