import { describedTarget, type ExportTarget, LOCAL_FILE } from '../../core/guard/target-kinds.js';
import { HsError } from '../../errors/hs-error.js';
import { hasFeature } from '../../store/port/format.js';
import type { Session } from '../session/session.js';
import type { ExportRequest } from './export-request.js';

/**
 * The caller's statement about an export for the record; neither field exists in a store without the feature
 * `records-2`.
 */
export interface Purpose {
  readonly target?: ExportTarget | undefined;
  readonly displayProjectionRef?: string | undefined;
}

/** The same fields as named in decisions and records. */
export function purposeFields({ target, displayProjectionRef: ref }: Purpose) {
  return {
    ...(target === undefined ? {} : describedTarget(target)),
    ...(ref === undefined ? {} : { display_projection_ref: ref }),
  };
}

/** Target and view for the record. USAGE in a store whose records cannot contain them. */
export function purposeOf(
  { store }: Session,
  { target, displayProjectionRef }: Pick<ExportRequest, 'target' | 'displayProjectionRef'>,
): Purpose {
  if (hasFeature(store.format, 'records-2')) return { target: target ?? LOCAL_FILE, displayProjectionRef };
  if (target === undefined && displayProjectionRef === undefined) return {};
  throw new HsError('USAGE', 'export records of this store cannot contain a target or a projection', {
    hint: 'the store was created by an older hs; stores created by this version can (hs init)',
  });
}
