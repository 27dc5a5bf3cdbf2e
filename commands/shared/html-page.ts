import type { Context } from '../../src/cli/command-context.js';
import { text, type Values } from '../../src/cli/options.js';
import type { View } from '../../src/cli/text/view.js';
import { HsError } from '../../src/errors/hs-error.js';
import type { Exported } from '../../src/ops/export/export.js';
import type { PageRequest } from '../../src/ops/page/publish-page.js';
import { FORCE, PURPOSE, purposeOf } from './export.js';

const { force } = FORCE;
const { target, displayProjection } = PURPOSE;

/** Options of commands that can write their result as a page. */
export const PAGE = {
  html: text('FILE', "write an HTML page instead, subject to the export guard; '-' is standard output", {
    complete: 'file',
  }),
  force,
  target,
  displayProjection,
};

export const PAGE_EXITS = {
  6: 'reading it, or exporting the page, is refused',
  8: 'FILE exists already',
};

type PageOptions = Values<typeof PAGE>;
type PageContext = Pick<Context, 'path' | 'out' | 'log' | 'globals'>;

/** The requested page; undefined without `--html`. */
export function pageRequest(
  { path, out, globals }: PageContext,
  options: PageOptions,
): PageRequest | undefined {
  const { html, force: replace } = options;
  if (html === undefined) {
    if (replace || options.target !== undefined || options.displayProjection !== undefined)
      throw new HsError('USAGE', "'--force', '--target' and '--display-projection' go with '--html'");
    return undefined;
  }
  if (html === '-' && (globals.json || globals.jsonl))
    throw new HsError('USAGE', "'--json' cannot be given together with '--html -': the page is the output");
  return {
    place:
      html === '-'
        ? { kind: 'stdout', write: (bytes) => out.bytes(bytes).then(() => !out.isClosed) }
        : { kind: 'path', path: path(html) },
    force: replace,
    ...purposeOf(options),
  };
}

/** A written page as a `--json` row. */
export type PageRow = ReturnType<typeof pageRow>;

/** The path of the page; empty if it went to standard output. */
export function pageText({ target }: PageRow, view: View): string {
  return target === '-' ? '' : view.text(target);
}

export function pageRow({ log }: PageContext, done: Exported) {
  for (const warning of done.warnings) log.warn(warning);
  return {
    export_id: done.exportId,
    artifact_id: done.artifactId,
    content_hash: done.contentHash,
    target: done.target,
    size_bytes: done.bytes,
    replaced: done.replaced,
  };
}
