import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { groups } from '../../commands/groups.js';
import { registry } from '../../commands/registry.js';
import { summaries } from '../../commands/summaries.js';
import { loadSummaries } from '../../src/cli/command-table.js';
import { optionLabel, optionName } from '../../src/cli/options.js';
import { optionsOf } from '../../src/cli/parse/parse.js';
import { documentSchema, schemaNames, toJsonSchema } from '../../src/cli/schemas/document.js';
import { SCHEMAS } from '../../src/cli/schemas.js';

const pages = new Set(readdirSync(new URL('../../man', import.meta.url)));
const names = Object.keys(registry);
const visible = names.filter((name) => !registry[name]!.hidden);

it('commands/summaries.ts matches the commands (npm run man)', async () => {
  const stated = await loadSummaries(groups);
  expect(summaries).toEqual(stated);
  expect(Object.keys(summaries)).toEqual(Object.keys(stated));
});

describe.each(names)('hs %s', (name) => {
  it('has the name that its file states', async () => {
    const { spec } = await registry[name]!.load();
    expect(spec.name).toBe(name);
    expect(spec.summary).toMatch(/^[^A-Z].*[^.]$/);
  });

  it('has no two options of one name or letter', async () => {
    const command = await registry[name]!.load();
    const own = Object.entries(optionsOf(command));
    const labels = own.map(([key, option]) => optionLabel(key, option));
    const letters = own.map(([, option]) => option.short).filter((s) => s !== undefined);
    expect(new Set(labels).size).toBe(labels.length);
    expect(new Set(letters).size).toBe(letters.length);
    for (const [key, option] of own) expect(optionName(key, option)).toMatch(/^[A-Za-z][a-z0-9-]*$/);
  });

  it('prints documents that hs schema knows', async () => {
    const { form, spec } = await registry[name]!.load();
    if (spec.resultSchema === undefined) return;
    const entry = SCHEMAS[spec.resultSchema];
    expect(entry, `src/cli/schemas.ts lacks '${spec.resultSchema}'`).toBeDefined();
    if (entry!.form !== 'record') expect(entry!.form).toBe(form === 'listing' ? 'listing' : 'result');
  });
});

describe.each(visible)('hs %s, for its reader', (name) => {
  it('has examples of itself', async () => {
    const { spec } = await registry[name]!.load();
    expect(spec.examples?.length ?? 0).toBeGreaterThan(0);
    expect(spec.examples!.some((e) => e.command.includes(`hs ${name}`))).toBe(true);
    for (const { explains } of spec.examples!) expect(explains).toMatch(/^[A-Z].*[.?]$/);
  });

  it('refers to pages that are there', async () => {
    const { spec } = await registry[name]!.load();
    for (const reference of spec.seeAlso ?? []) {
      const [, page, section] = /^([a-z0-9-]+)\((\d)\)$/.exec(reference) ?? [];
      const own = page?.startsWith('hs');
      if (own) expect(pages, `${reference} in hs-${name}(1)`).toContain(`${page}.${section}`);
      else expect(section, reference).toBeDefined();
    }
  });
});

describe('every document', () => {
  it.each(schemaNames())('%s has a JSON Schema that is closed', async (name) => {
    const schema = await documentSchema(name);
    const json = toJsonSchema(schema!);
    expect(json.$schema).toContain('2020-12');
    if (schema instanceof z.ZodMiniObject) expect(json.additionalProperties).toBe(false);
  });

  it('of a name that is not there has none', async () => {
    for (const name of ['hs.nothing/1', 'hs.version.row/1', 'constructor', '__proto__', 'hs.error.row/1']) {
      expect(await documentSchema(name)).toBeUndefined();
    }
  });
});
