import * as z from 'zod/mini';
import { check, text, token } from '../json/schema.js';

/** What exported bytes are for (`--target`). hs itself only writes local files and standard output. */
export const TARGET_KINDS = ['local_file', 'platform', 'public'] as const;
export type TargetKind = (typeof TARGET_KINDS)[number];

/** `platform`: the name of a system that other people use. */
export type ExportTarget =
  | { readonly kind: 'local_file' | 'public' }
  | { readonly kind: 'platform'; readonly platform: string };

export const LOCAL_FILE: ExportTarget = { kind: 'local_file' };

export const exportTargetSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.enum(['local_file', 'public']) }),
  z.strictObject({ kind: z.literal('platform'), platform: token }),
]);

/** Reference to the view shown to whoever decided about the export. */
export const projectionRef = text(256);

/** `local_file`, `public` or `platform:NAME`; USAGE for anything else. */
export function toExportTarget(typed: string): ExportTarget {
  const platform = /^platform:(.*)$/s.exec(typed)?.[1];
  const value = platform === undefined ? { kind: typed } : { kind: 'platform', platform };
  return check(exportTargetSchema, value, 'USAGE', `target '${typed}'`);
}

/** The fields of ledger entries that record it; absent in stores without the feature `records-2`. */
export const targetFields = {
  export_target_kind: z.optional(z.enum(TARGET_KINDS)),
  export_platform: z.optional(token),
};

export function describedTarget(target: ExportTarget) {
  return {
    export_target_kind: target.kind,
    ...(target.kind === 'platform' ? { export_platform: target.platform } : {}),
  };
}
