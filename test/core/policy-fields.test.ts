import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { registry } from '../../commands/registry.js';
import { helpText } from '../../src/cli/help/help.js';
import { ACTOR_TYPES, RETENTION_CLASSES } from '../../src/core/manifest/vocabulary.js';
import { CAPABILITIES } from '../../src/core/policy/capabilities.js';
import { policySchema } from '../../src/core/policy/policy.js';
import { policyCapabilities, policyFields } from '../../src/core/policy/policy-fields.js';

interface Def {
  readonly type: string;
  readonly shape?: Readonly<Record<string, { readonly def: Def }>>;
  readonly innerType?: { readonly def: Def };
  readonly element?: { readonly def: Def };
}

/** The paths of the fields that a schema has, lists of objects as `N`. */
function fieldsOf(def: Def, path: readonly string[] = []): string[] {
  if (def.innerType !== undefined) return fieldsOf(def.innerType.def, path);
  if (def.element?.def.shape !== undefined) return fieldsOf(def.element.def, [...path, 'N']);
  if (def.shape === undefined) return [path.join('.')];
  return Object.entries(def.shape).flatMap(([key, inner]) => fieldsOf(inner.def, [...path, key]));
}

describe('hs help policy', () => {
  it('explains every field of a policy, and no other', () => {
    const fields = fieldsOf(policySchema.def as unknown as Def).map((field) =>
      field
        .replace(new RegExp(`^(retention\\.classes\\.)(${RETENTION_CLASSES.join('|')})\\b`), '$1CLASS')
        .replace(new RegExp(`^(export\\.budgets\\.)(${ACTOR_TYPES.join('|')})\\b`), '$1ACTOR'),
    );
    expect(policyFields().map((f) => f.term)).toEqual([...new Set(fields)]);
  });

  it('states the defaults of a new store', () => {
    const said = new Map(policyFields().map((f) => [f.term, f.meaning]));
    expect(said.get('retention.classes.CLASS.window_days')).toContain('result 30, evidence 30, cache 7');
    expect(said.get('retention.trash_days')).toContain('(default: 7)');
    expect(said.get('export.budgets.ACTOR.files')).toContain('human unset, ai_job 10000');
    const pins = policyCapabilities().find((c) => c.term === 'pin.set:own')!;
    expect(pins.meaning).toBe(`${CAPABILITIES['pin.set:own']} (default: human, ai_job)`);
  });

  it('and hs-policy(1) list all capabilities', async () => {
    const style = { heading: String, strong: String, id: String } as never;
    const help = await helpText(registry, ['policy'], { style, width: 200 });
    const page = readFileSync(new URL('../../man/hs-policy.1', import.meta.url), 'utf8');
    for (const [id, text] of Object.entries(CAPABILITIES)) {
      expect(help).toContain(`${id.padEnd(30)}  ${text}`);
      expect(page).toContain(`.It Cm ${id}\n`);
    }
  });
});

describe('restrictions on a program', () => {
  const view = { style: { heading: String, strong: String, id: String } as never, width: 500 };
  it.each([[[]], [['policy']], [['run']]])('is said by hs help %j', async (words) => {
    const says = words[0] === 'run' ? 'What is not confined: ' : 'nly hs run confines a program';
    expect((await helpText(registry, words, view)).replaceAll(/\s+/g, ' ')).toContain(says);
  });
});
