import { listing } from '../../src/cli/command.js';
import { list, text } from '../../src/cli/options.js';
import { pageOf, pageOptions } from '../../src/cli/page-options.js';
import { keyAndValue } from '../../src/cli/parse/pairs.js';
import { guardBytes, guardField } from '../../src/cli/text/escape-for-terminal.js';
import type { ArtifactRecord } from '../../src/core/catalog/artifact-record.js';
import { compileFormat, PLACEHOLDER_NAMES } from '../../src/ops/inspect/format-record.js';

const DEFAULT_FORMAT = '%(id) %(kind) %(size)%09%(name)';

/** `hs for-each-artifact`: every live artifact, in a stable order and the caller's format. */
export const forEachArtifact = listing({
  name: 'for-each-artifact',
  class: 'plumbing',
  opens: 'read',
  summary: 'list artifacts in a format for scripts',
  description: `FORMAT contains \`%(field)\`, \`%%\` for a percent sign, and \`%xx\` for a byte in hex, such as \`%09\` for a tab or \`%00\` for NUL. On a terminal, control characters are escaped. The fields are ${PLACEHOLDER_NAMES.join(', ')}. The default is \`${DEFAULT_FORMAT}\`.

Without \`--sort\`, the newest comes first, by ledger position. KEY, also in \`--filter\`, is one of id, name, kind, class, layer, classification, size, type, created, hash, revision and exportable; \`-KEY\` sorts in descending order. An artifact is listed if it matches every filter.`,
  nul: true,
  options: {
    format: text('FORMAT', 'what to print for each artifact'),
    sort: text('KEY', 'sort by KEY', { complete: 'sort' }),
    ...pageOptions,
    filter: list('KEY=VALUE', 'only artifacts whose KEY is VALUE; for name, VALUE is a glob', {
      parse: keyAndValue,
    }),
  },
  resultSchema: 'hs.for-each-artifact/1',
  examples: [
    {
      command: "hs for-each-artifact --filter kind=report --format '%(hash)  %(name)'",
      explains: 'Print the content hashes of all reports in the form of sha256sum.',
    },
  ],
  async *run({ options, session, now, globals }) {
    const { listArtifacts } = await import('../../src/ops/inspect/list-artifacts.js');
    const { toTimestamp } = await import('../../src/core/objects/ids.js');
    const format = compileFormat(options.format ?? DEFAULT_FORMAT);
    const s = await session();
    const catalog = await s.catalog();
    const rows = listArtifacts(catalog, {
      ...(await pageOf(options, catalog)),
      filters: options.filter,
      now: toTimestamp(now()),
      ...(options.sort === undefined ? {} : { sort: options.sort }),
    });
    const field = globals.nul ? (value: string) => value : guardField;
    const document = globals.json || globals.jsonl;
    for await (const record of rows) {
      const text = format(record, field);
      yield { ...toRow(record), text: document && typeof text !== 'string' ? guardBytes(text) : text };
    }
  },
  line: (row) => ({ formatted: row.text }),
});

function toRow(r: ArtifactRecord) {
  return { artifact_id: r.artifact_id, kind: r.kind, size_bytes: r.size_bytes, content_hash: r.content_hash };
}
