import type * as z from 'zod/mini';
import { listing } from '../../src/cli/command.js';
import { filterOptions } from '../../src/cli/filter-options.js';
import { limitOptions, limitsOf } from '../../src/cli/limit-options.js';
import { choice, flag, list, pastTime, text } from '../../src/cli/options.js';
import type { lsRow } from '../../src/cli/schemas/artifacts.js';
import { humanAge } from '../../src/cli/text/human-age.js';
import { type Column, table } from '../../src/cli/text/table.js';
import type { View } from '../../src/cli/text/view.js';
import { compact } from '../../src/core/json/omit-undefined.js';
import { nameOrHint } from '../../src/core/manifest/label-of.js';
import { KINDS, RETENTION_CLASSES } from '../../src/core/manifest/vocabulary.js';
import { humanSize } from '../../src/core/text/human.js';
import { parseDuration } from '../../src/core/text/values.js';

type Row = z.output<typeof lsRow>;

function columns(view: View, long: boolean): Column<Row>[] {
  const age = (at: string) => humanAge(Date.parse(at), view.now);
  const short: Column<Row>[] = [
    { head: 'NAME', value: (r) => nameOrHint(r), shrinks: true },
    { head: 'ID', value: (r) => r.artifact_id.slice(0, 8), paint: view.style.id },
    { head: 'KIND', value: (r) => r.kind },
    { head: 'CLASS', value: (r) => r.retention_class },
    { head: 'SIZE', align: 'right', value: (r) => humanSize(r.size_bytes) },
    { head: 'CREATED', value: (r) => age(r.created_at) },
  ];
  const more: Column<Row>[] = [
    { head: 'LAYER', value: (r) => r.layer },
    { head: 'LEVEL', value: (r) => r.classification + (r.exportable ? '' : ', not exportable') },
    { head: 'TTL', value: (r) => (r.ttl_ends_at === undefined ? '-' : age(r.ttl_ends_at)) },
    { head: 'CONTENT', value: (r) => r.content_hash.slice(0, 12) },
  ];
  const pins: Column<Row> = {
    head: 'PINS',
    value: (r) => r.pins.join(' '),
    paint: view.style.good,
    shrinks: true,
  };
  return [...short, ...(long ? more : []), pins];
}

/** `hs ls`: lists the artifacts of the store. */
export const ls = listing({
  name: 'ls',
  class: 'porcelain',
  opens: 'read',
  summary: 'list artifacts',
  description: `Lists live artifacts, the newest first by ledger position. An artifact without a name is shown by the name of the file it came from, in parentheses: no command finds it by that, but by its id, or by a name that hs-rename(1) gives it. A trailing slash marks a directory. Scripts should use hs-for-each-artifact(1), which describes FILTER and the keys to sort by. All conditions must match.`,
  nul: true,
  options: {
    kind: choice(KINDS, 'KIND', 'only artifacts of this kind', { complete: 'kind' }),
    class: choice(RETENTION_CLASSES, 'CLASS', 'only artifacts of this retention class'),
    name: text('GLOB', 'only artifacts whose name matches GLOB', { complete: 'name' }),
    pinned: flag(undefined, 'only pinned artifacts'),
    expired: flag(undefined, 'only artifacts whose TTL has expired'),
    expiring: text('DURATION', 'only artifacts whose TTL ends within DURATION, such as 3d', {
      parse: (raw) => {
        parseDuration(raw);
        return raw;
      },
    }),
    label: list('KEY[=VALUE]', 'only artifacts with this label; VALUE may be a glob', { complete: 'label' }),
    job: text('JOB', 'only artifacts of this job', { complete: 'job' }),
    since: pastTime('TIME', 'only artifacts stored since TIME, such as 7d'),
    ...filterOptions,
    sort: text('KEY', 'sort by KEY: name, size, created, kind, …; -KEY in descending order', {
      complete: 'sort',
    }),
    ...limitOptions,
    long: flag('l', 'also show layer, classification, TTL and content hash'),
  },
  pages: true,
  resultSchema: 'hs.ls/1',
  examples: [
    { command: 'hs ls --kind report', explains: 'List all reports, the newest first.' },
    {
      command: 'hs ls --limit 50',
      explains: 'List the 50 newest; with --after, those that follow one of them.',
    },
    {
      command: 'hs ls --label commit=4f2a --since 7d',
      explains: 'List what was stored this week for a commit.',
    },
    { command: 'hs ls --filter source=report', explains: 'List what was made from an artifact.' },
    { command: 'hs ls --expiring 3d', explains: 'List what will expire within three days.' },
    { command: 'hs ls --sort -size --long', explains: 'List the largest first, with every column.' },
  ],
  seeAlso: ['hs-show(1)', 'hs-for-each-artifact(1)', 'hs-du(1)'],
  async *run({ options, session, now, globals }): AsyncGenerator<Row, void> {
    const { listArtifacts } = await import('../../src/ops/inspect/list-artifacts.js');
    const { ttlEndMs, untilOf } = await import('../../src/core/retention/rule.js');
    const { activePins } = await import('../../src/core/catalog/active-pins.js');
    const { toTimestamp } = await import('../../src/core/objects/ids.js');
    const s = await session();
    const at = toTimestamp(now());
    const { completerOf } = await import('../../src/ops/naming/complete-facts.js');
    const pairs = (['kind', 'class', 'name', 'job'] as const).flatMap((key) =>
      options[key] === undefined ? [] : [[key, options[key]] as const],
    );
    const { expiring, since } = options;
    const filters = [
      ...pairs,
      ...options.label.map((label) => `label.${label}`),
      ...(expiring === undefined ? [] : ['!expired', `expires<=${expiring}`]),
      ...(since === undefined ? [] : [`stored>=${since}`]),
      ...options.filter,
    ];
    const catalog = await s.catalog();
    const query = {
      signal: s.signal,
      ...(await limitsOf(options, catalog)),
      filters,
      pinned: options.pinned,
      expired: options.expired,
      now: at,
      facts: globals.json || globals.jsonl,
      ...(options.sort === undefined ? {} : { sort: options.sort }),
    };
    const rows = listArtifacts(catalog, query, completerOf(s));
    for await (const r of rows) {
      const end = ttlEndMs(r);
      const until = end === undefined ? undefined : untilOf(end);
      yield {
        artifact_id: r.artifact_id,
        ...(r.name === undefined ? {} : { name: r.name }),
        ...(r.filename_hint === undefined ? {} : { filename_hint: r.filename_hint }),
        kind: r.kind,
        retention_class: r.retention_class,
        layer: r.layer,
        classification: r.classification,
        exportable: r.exportable,
        payload_type: r.payload_type,
        size_bytes: r.size_bytes,
        content_hash: r.content_hash,
        created_at: r.created_at,
        ...(r.retention_ttl_days === undefined ? {} : { retention_ttl_days: r.retention_ttl_days }),
        ...(until === undefined ? {} : { ttl_ends_at: until }),
        pins: activePins(r, at).map((p) => p.name),
        revision: r.revision,
        manifest: r.manifest,
        registered: { seq: r.registered.seq, at: r.registered.at, actor: r.registered.actor },
        ...compact({ job_id: r.job_id, labels: r.labels, sources: r.sources, entities: r.entities }),
      };
    }
  },
  line: (row) => row.artifact_id,
  table: (rows, view, { long }) => table(columns(view, long), rows, view),
});
