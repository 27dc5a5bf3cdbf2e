import { listing } from '../../src/cli/command.js';
import { filterOptions } from '../../src/cli/filter-options.js';
import { limitOptions, limitsOf } from '../../src/cli/limit-options.js';
import { text } from '../../src/cli/options.js';
import { guardBytes, guardField } from '../../src/cli/text/escape-for-terminal.js';
import type { ArtifactRecord } from '../../src/core/catalog/artifact-record.js';
import { FIELD_NAMES } from '../../src/core/query/fields.js';
import { compileFormat, PLACEHOLDER_NAMES, showsManifestFacts } from '../../src/ops/inspect/format-record.js';

const DEFAULT_FORMAT = '%(id) %(kind) %(size)%09%(name)';

/** `hs for-each-artifact`: every live artifact, in a stable order and the caller's format. */
export const forEachArtifact = listing({
  name: 'for-each-artifact',
  class: 'plumbing',
  opens: 'read',
  summary: 'list artifacts in a format for scripts',
  description: `FORMAT contains \`%(field)\`, \`%%\` for a percent sign, and \`%xx\` for a byte in hex, such as \`%09\` for a tab or \`%00\` for NUL. On a terminal, control characters are escaped. The fields are ${PLACEHOLDER_NAMES.join(', ')}. The default is \`${DEFAULT_FORMAT}\`.

Without \`--sort\`, the newest comes first, by ledger position; \`-KEY\` sorts in descending order.

An artifact is listed if it matches every FILTER: \`KEY=VALUE\`, or \`!=\`, \`<\`, \`<=\`, \`>\` or \`>=\` in place of the equals sign; \`KEY\` alone if it has one, \`!KEY\` if not. KEY, also of \`--sort\`, is one of ${FIELD_NAMES.join(', ')} and \`label.\` with the key of a label. For name, job, actor, entity, pin and labels, VALUE is a glob; an entity is KIND:ID, an actor TYPE:ID or ID; source is an artifact that it was made from, however named. Sizes are numbers of bytes or such as 10MiB, ttl is in days, and created, stored and expires are compared with times as described in hs(1). age is the time since it was stored: \`age>30d\` is older than thirty days, \`age<7d\` younger than seven; \`expires<3d\` is within three days from now. expired and pinned are given alone.

A filter by id, name, job, label, source, pin or expiry reads only the artifacts that it leads to. All others, such as actor, entity, created, stored and age, read every artifact, some seconds in a store of 50,000, unless one of the former is given too. In stores made before labels and jobs were in the ledger, those filters read the manifest of each artifact.`,
  nul: true,
  options: {
    format: text('FORMAT', 'what to print for each artifact'),
    sort: text('KEY', 'sort by KEY', { complete: 'sort' }),
    ...limitOptions,
    ...filterOptions,
  },
  resultSchema: 'hs.for-each-artifact/1',
  examples: [
    {
      command: "hs for-each-artifact --filter kind=report --format '%(hash)  %(name)'",
      explains: 'Print the content hashes of all reports in the form of sha256sum.',
    },
    {
      command: "hs for-each-artifact --filter label.commit --format '%(label:commit) %(job) %(id)'",
      explains: 'Print commit and job of everything that has a label of that key.',
    },
    {
      command: "hs for-each-artifact --filter 'size>=10MiB' --filter 'age>30d' --filter '!pinned'",
      explains: 'List what is large, older than thirty days, and not pinned.',
    },
  ],
  async *run({ options, session, now, globals }) {
    const { listArtifacts } = await import('../../src/ops/inspect/list-artifacts.js');
    const { completerOf } = await import('../../src/ops/naming/complete-facts.js');
    const { toTimestamp } = await import('../../src/core/objects/ids.js');
    const format = compileFormat(options.format ?? DEFAULT_FORMAT);
    const s = await session();
    const catalog = await s.catalog();
    const query = {
      signal: s.signal,
      ...(await limitsOf(options, catalog)),
      filters: options.filter,
      now: toTimestamp(now()),
      facts: showsManifestFacts(options.format ?? DEFAULT_FORMAT),
      ...(options.sort === undefined ? {} : { sort: options.sort }),
    };
    const rows = listArtifacts(catalog, query, completerOf(s));
    const field = globals.nul ? (value: string) => value : guardField;
    const document = globals.json || globals.jsonl;
    for await (const record of rows) {
      const text = format(record, field);
      yield toRow(record, document && typeof text !== 'string' ? guardBytes(text) : text);
    }
  },
  line: (row) => ({ formatted: row.text }),
});

function toRow({ artifact_id, kind, size_bytes, content_hash }: ArtifactRecord, text: string | Buffer) {
  return { artifact_id, kind, size_bytes, content_hash, text };
}
