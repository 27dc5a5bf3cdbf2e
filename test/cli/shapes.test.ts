import { describe, expect, it } from 'vitest';
import { registry } from '../../commands/registry.js';
import { optionsOf } from '../../src/cli/parse/parse.js';
import { rowSchema } from '../../src/cli/present-result.js';
import { documentSchema, schemaNames, toJsonSchema } from '../../src/cli/schemas/document.js';
import { SCHEMAS } from '../../src/cli/schemas.js';
import { inside } from '../helpers/inside.js';
import { tmp } from '../helpers/tmp.js';

// biome-ignore lint/suspicious/noExplicitAny: a JSON Schema is walked, of whatever shape
type Json = any;

const schemaOf = async (name: string): Promise<Json> => toJsonSchema((await documentSchema(name))!);
const documents = await Promise.all(schemaNames().map(async (name) => [name, await schemaOf(name)] as const));

function* within(value: Json): Generator<Json> {
  if (typeof value !== 'object' || value === null) return;
  yield value;
  for (const part of Object.values(value)) yield* within(part);
}

/** Lists that stand beside the one of what a command is about, with what each is of. */
const SIDE_LISTS: Readonly<Record<string, string>> = {
  errors: 'the items that failed',
  warnings: 'problems that did not stop the command',
  left_out: 'what was left out, and why',
  unportable: 'paths that are not portable',
  subjects: 'the subjects of one event or attestation',
  ops: 'the operations of one ledger entry',
  findings: 'what is wrong with the documents of a debug bundle',
  inputs: 'the inputs of a tool',
  stray_writes: 'writes of a tool elsewhere',
  refused: 'output of a tool that was refused',
  repairs: 'what a repair did, or would do',
  spared_since: 'items of a plan that are kept now',
  emptied: 'artifacts that were purged with the trash',
  pins: 'the pins of one artifact',
  entities: 'the entities of one artifact',
  made_from: 'the sources of one artifact',
  made_into: 'what was made from one artifact',
  held_back_by: 'what keeps one artifact from being exported',
  settings: 'what a policy changes',
  grants: 'who gains and loses what by a policy',
  faults: 'what is wrong with one artifact that comes from elsewhere',
  strays: 'what lay beside such artifacts and is none',
  verdicts: 'what a policy would keep or prune',
};

describe.each(documents)('the schema %s', (name, schema) => {
  it('calls its list results', () => {
    if (SCHEMAS[name]?.form === 'record') return;
    const lists = Object.entries<Json>(schema.properties ?? {}).filter(
      ([, { type, items }]) => type === 'array' && items.type !== 'string',
    );
    const unknown = lists.map(([key]) => key).filter((key) => key !== 'results' && !(key in SIDE_LISTS));
    expect(unknown).toEqual([]);
  });

  it('calls a hash of content content_hash, and a size size_bytes', () => {
    const fields = [...within(schema)].flatMap((part) => Object.keys(part.properties ?? {}));
    expect(fields.filter((field) => /^(size|bytes|sha256)$/.test(field))).toEqual([]);
    // `hash` is that of a ledger entry, which stands beside its number.
    const hashes = [...within(schema)].filter((part) => part.properties?.hash !== undefined);
    for (const { properties } of hashes) expect(Object.keys(properties)).toContain('seq');
  });

  it('has patterns that every validator can read', () => {
    for (const { pattern } of within(schema)) {
      if (typeof pattern !== 'string') continue;
      expect(() => new RegExp(pattern, 'u')).not.toThrow();
      // Python knows no \p, RE2 no \u, neither Rust's nor RE2's engine any (?=, (?! or (?<.
      expect(pattern).not.toMatch(/\\[pPukc]|\(\?/);
    }
  });
});

describe.each(Object.keys(registry))('hs %s', (command) => {
  it('accepts --jsonl exactly if its document has a list, whose rows have a schema', async () => {
    const loaded = await registry[command]!.load();
    const { resultSchema } = loaded.spec;
    const properties = resultSchema === undefined ? {} : (await schemaOf(resultSchema)).properties;
    const hasList = properties.results !== undefined;
    expect(optionsOf(loaded).jsonl !== undefined).toBe(hasList);
    if (hasList) expect(schemaNames()).toContain(rowSchema(resultSchema!));
  });
});

it('hs schema is a document itself, of all names or of one', async () => {
  const hs = inside(await tmp());
  const all = JSON.parse((await hs(['schema', '--json'])).stdout);
  expect(all).toMatchObject({ schema: 'hs.schema/1' });
  expect(all.results.map((r: { name: string }) => r.name)).toEqual(schemaNames());
  const { results } = JSON.parse((await hs(['schema', 'hs.put/1', '--json'])).stdout);
  const plain = JSON.parse((await hs(['schema', 'hs.put/1'])).stdout);
  expect(results).toEqual([{ name: 'hs.put/1', json_schema: plain }]);
  expect((await hs(['schema', '--jsonl'])).stdout.split('\n')).toHaveLength(schemaNames().length + 1);
});
