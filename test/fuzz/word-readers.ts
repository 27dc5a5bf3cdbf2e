import { readWords } from '../../src/cli/parse/words.js';
import { toExportTarget } from '../../src/core/guard/target-kinds.js';
import { labelLine, manifestLine, putLine, retainLine } from '../../src/core/manifest/batch-schemas.js';
import { checkName, checkPath, toName } from '../../src/core/paths/safe-path.js';
import { toActor } from '../../src/core/policy/authorize.js';
import { toCapabilityId } from '../../src/core/policy/capabilities.js';
import { DEFAULT_POLICY } from '../../src/core/policy/policy.js';
import { parseSetting, patchPolicy } from '../../src/core/policy/policy-patch.js';
import { conditionText, toCondition } from '../../src/core/query/condition.js';
import { findSecrets } from '../../src/core/secrets/find-secrets.js';
import { compileGlob } from '../../src/core/text/compile-glob.js';
import { escapeText } from '../../src/core/text/escape-control.js';
import { BadValue, parseBytes, parseDuration, parseInteger, parseTime } from '../../src/core/text/values.js';
import { HsError } from '../../src/errors/hs-error.js';
import { compileFormat } from '../../src/ops/inspect/format-record.js';
import { toPinName } from '../../src/ops/naming/pin-name.js';
import { readBatch } from '../../src/ops/payload/batch-lines.js';
import { Excluder } from '../../src/ops/payload/excluder.js';
import { parseIndexRecord } from '../../src/ops/put/write-index.js';
import { parseS3Url } from '../../src/store/s3/client/endpoint.js';
import type { Reader } from './fuzz.js';
import { demand } from './record-readers.js';

const NOW = '2026-01-31T12:00:00.000Z' as never;

/** A command line has neither NUL nor broken UTF-8; what has is another program's to refuse. */
const words = (data: Buffer) => data.toString().split('\n');

/** The parser of an option throws BadValue, which its caller gives a name. */
function value(parse: (raw: string) => unknown): (data: Buffer) => void {
  return (data) => {
    try {
      parse(data.toString());
    } catch (e) {
      if (!(e instanceof BadValue)) throw e;
      throw new HsError('USAGE', e.message);
    }
  };
}

async function* one(data: Buffer): AsyncGenerator<Uint8Array> {
  yield data;
}

const batch =
  (schema: Parameters<typeof readBatch>[1]) =>
  (data: Buffer): Promise<unknown> =>
    readBatch(one(data), schema, 'USAGE');

const TABLE = {
  name: { form: 'value', summary: 's', placeholder: 'NAME', parse: (raw: string) => raw },
  quiet: { form: 'flag', short: 'q', summary: 's' },
  pager: { form: 'switch', summary: 's' },
  label: { form: 'list', summary: 's', placeholder: 'L', parse: (raw: string) => raw },
} as unknown as Parameters<typeof readWords>[1];

/** Words, patterns and lines that people and programs write. */
export const WORD_READERS: readonly Reader[] = [
  {
    name: 'glob',
    limit: ['MAX_GLOB_LENGTH', 4096],
    seeds: ['a*b/**/[!c-f]?', '{a,b}*', '**/*.[ch]', '\\*\\[', '*a*a*a*a*a*b'],
    read: (data) => {
      const matches = compileGlob(data.toString());
      for (const text of ['', 'a', 'a'.repeat(200), 'a/b/'.repeat(30), 'é/.hidden']) matches(text);
    },
  },
  {
    name: 'exclusion',
    limit: ['MAX_GLOB_LENGTH', 4096],
    seeds: ['/a/b/\n*.o\n./x', '**/node_modules/'],
    read: (data) => new Excluder(words(data)).excludes('a/b/c.o'),
  },
  {
    name: 'filter',
    seeds: [
      'kind=file',
      'created>-7d',
      'age>=30d',
      '!pinned',
      'label.stage=te*',
      'size>=1.5GiB',
      'name!=*.txt',
      'expires<2026-01-01',
    ],
    read: (data) => {
      const condition = toCondition(data.toString(), NOW);
      const again = toCondition(conditionText(condition), NOW);
      demand(
        JSON.stringify(again) === JSON.stringify(condition),
        'a filter that is not read again as itself',
      );
    },
  },
  {
    name: 'format of a list',
    seeds: ['%(id) %(name)%0a', '%%%(label:stage)%00', '%ff%(pins)'],
    read: (data) => compileFormat(data.toString()),
  },
  { name: 'size', seeds: ['1.5GiB', '2GB', '0', '512K'], read: value(parseBytes) },
  { name: 'duration', seeds: ['7d', '1.5h', '2w', '30m'], read: value(parseDuration) },
  {
    name: 'time',
    seeds: ['2026-01-31', '2026-01-31T12:00:00Z', '7d', 'now'],
    read: value((raw) => parseTime(raw, 0)),
  },
  { name: 'number', seeds: ['5', '-5', '0'], read: value(parseInteger) },
  {
    name: 'path',
    limit: ['MAX_PATH_BYTES', 4096],
    seeds: ['a/b/c', 'é/x.txt', 'a'.repeat(255)],
    read: (data) => {
      const { path, problem } = checkPath(data.toString());
      if (path === undefined) return problem.rule;
      demand(!/(^|\/)\.{0,2}(\/|$)/.test(path) && !/\p{Cc}/u.test(path), 'a path that leads elsewhere');
    },
  },
  {
    name: 'name',
    seeds: ['report', 'a b', 'café'],
    read: (data) => {
      checkName(data.toString());
      toName(data.toString());
    },
  },
  { name: 'pin', seeds: ['release', 'a-b_c.1'], read: (data) => toPinName(data.toString()) },
  {
    name: 'actor',
    seeds: ['human:anna', 'ai_job:7', 'plugin_tool:x'],
    read: (data) => toActor(data.toString()),
  },
  {
    name: 'capability',
    seeds: ['artifact.create', 'export.public'],
    read: (data) => toCapabilityId(data.toString()),
  },
  {
    name: 'export target',
    seeds: ['local_file', 'platform:x', 'public'],
    read: (data) => toExportTarget(data.toString()),
  },
  {
    name: 'policy setting',
    seeds: ['retention.classes.log.window_days=3', 'retention.quota_bytes=', 'output_root="x"'],
    read: (data) => {
      const setting = parseSetting(data.toString());
      if (setting !== undefined) patchPolicy(DEFAULT_POLICY, [setting]);
    },
  },
  {
    name: 'place of a store',
    seeds: ['s3://bucket/a/b', 's3://b.c/'],
    read: (data) => parseS3Url(data.toString()),
  },
  {
    name: 'index record',
    seeds: [`644\t${'1'.repeat(64)}\t5\ta/b`, `755\t${'a'.repeat(64)}\t0\tx`],
    read: (data) => {
      const { path } = parseIndexRecord(data.toString());
      demand(checkPath(path).problem === undefined, 'a path that breaks the rules');
    },
  },
  {
    name: 'command line',
    seeds: [
      '--name\nx\n-q\na\n--\nb',
      '--name=x\n--no-pager\n-',
      '--label\na=b\n--label=c=d\n-5',
      '-qq\n--\n--',
    ],
    read: (data) => {
      const typed = words(data);
      const known = new Set(typed);
      for (const word of readWords(typed, TABLE).positionals)
        demand(known.has(word), 'a word that was not typed');
    },
  },
  {
    name: 'lines of put',
    limit: ['MAX_BATCH_BYTES', 128 * 1024 * 1024],
    seeds: [
      '{"path":"a","name":"n","labels":{"k":"v"},"sources":["ref:x"],"entities":[{"entity_kind":"a","entity_id":"b"}]}\n\n{"path":"b","pin":"p","ttl":3}\n',
    ],
    read: batch(putLine),
  },
  {
    name: 'lines of write-manifest',
    seeds: ['{"ref":"a","sources":["x"],"kind":"file"}\n'],
    read: batch(manifestLine),
  },
  {
    name: 'lines of retain',
    seeds: ['{"id":"a","ttl":null}\n{"id":"b","class":"log"}'],
    read: batch(retainLine),
  },
  { name: 'lines of label', seeds: ['{"id":"a","labels":{"k":"v","l":null}}\n'], read: batch(labelLine) },
  {
    name: 'text with secrets',
    seeds: [
      'AKIAIOSFODNN7EXAMPLE password=hunter2hunter2 user@example.org 10.0.0.1',
      '-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nhttps://u:p@h/ ghp_0123456789abcdefghijABCDEFGHIJ456789',
    ],
    read: (data) => {
      const found = findSecrets(data.toString(), ['credential', 'personal']);
      return [...new Set(found.map(({ detector }) => detector))].sort().join();
    },
  },
  {
    name: 'text on a terminal',
    seeds: ['a\u001b[31mb\u202ec\\', '\u009b1m'],
    read: (data) => {
      const shown = escapeText(data.toString());
      demand(!/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(shown), 'a control character');
      return `${shown === data.toString()}`;
    },
  },
];
