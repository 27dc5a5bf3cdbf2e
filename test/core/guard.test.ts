import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  blockHint,
  clearsRemoved,
  culpritsOf,
  describeCulprit,
  type GuardSubject,
  guardExport,
} from '../../src/core/guard/guard.js';
import { sha256 } from '../../src/core/objects/hash.js';

const hash = (text: string) => sha256(Buffer.from(text));

function subject(label: string, more: Partial<GuardSubject> = {}): GuardSubject {
  return { label, contentHash: hash(label), classification: 'low', exportable: true, members: [], ...more };
}

const inside = (member: GuardSubject, depth: number): GuardSubject =>
  depth === 0 ? member : subject(`level ${depth}`, { members: [subject('fine'), inside(member, depth - 1)] });

describe('the export guard', () => {
  it('allows content below high, exportable, with members that are too', () => {
    expect(guardExport(inside(subject('fine', { classification: 'medium' }), 5), new Set())).toEqual([]);
  });

  it.each([
    ['not exportable', { exportable: false }, 'not-exportable'],
    ['of unknown exportability', { exportable: undefined }, 'not-exportable'],
    ['of unknown classification', { classification: undefined }, 'unclassified'],
    ['of a classification that there is not', { classification: 'secret' as never }, 'unclassified'],
    ['high', { classification: 'high' as const }, 'high'],
    ['not to be looked into', { members: undefined }, 'unreadable-members'],
  ])('blocks what is %s, however deep it lies', (_what, facts, rule) => {
    for (const depth of [0, 1, 7]) {
      const blocks = guardExport(inside(subject('bad', facts), depth), new Set());
      expect(blocks.map((b) => b.rule)).toEqual([rule]);
      expect(blocks[0]!.where.at(-1)).toBe('bad');
      expect(blocks[0]!.where).toHaveLength(depth + 1);
    }
  });

  it('accepts consent for exactly the content that it names', () => {
    const high = subject('high', { classification: 'high' });
    const whole = subject('whole', { classification: 'high', members: [high] });
    expect(guardExport(high, new Set([hash('high')]))).toEqual([]);
    expect(guardExport(whole, new Set([hash('whole')]))).toHaveLength(1);
    expect(guardExport(whole, new Set([hash('high')]))).toHaveLength(1);
    expect(guardExport(whole, new Set([hash('whole'), hash('high')]))).toEqual([]);
  });

  it('accepts no consent for content that is not exportable or unknown', () => {
    const consents = new Set([hash('bad')]);
    expect(guardExport(subject('bad', { exportable: false }), consents)).toHaveLength(1);
    expect(guardExport(subject('bad', { classification: undefined }), consents)).toHaveLength(1);
  });

  it('allows nothing high to a public target, with or without consent, at any depth', () => {
    const high = subject('bad', { classification: 'high' });
    for (const depth of [0, 3]) {
      const whole = inside(high, depth);
      expect(guardExport(whole, new Set([hash('bad')]), 'platform')).toEqual([]);
      const blocks = guardExport(whole, new Set([hash('bad')]), 'public');
      expect(blocks.map((b) => b.rule)).toEqual(['high-to-public']);
      expect(blockHint(culpritsOf(blocks), 'fedcba98', new Set())).toContain('cannot go to a public target');
    }
    // To make it exportable alone would not help.
    const both = guardExport(
      subject('bad', { classification: 'high', exportable: false }),
      new Set(),
      'public',
    );
    expect(both.map((b) => b.rule)).toEqual(['high-to-public', 'not-exportable']);
    expect(blockHint(culpritsOf(both), 'fedcba98', new Set())).toContain('cannot go to a public target');
    expect(guardExport(subject('fine', { classification: 'medium' }), new Set(), 'public')).toEqual([]);
  });

  it('blocks bundles that are deeper than can be checked', () => {
    expect(guardExport(inside(subject('fine'), 40), new Set()).map((b) => b.rule)).toContain('too-deep');
  });

  it('blocks every tree with a blocked member', () => {
    const tree = fc.letrec<{ node: GuardSubject }>((tie) => ({
      node: fc.record({
        label: fc.string(),
        contentHash: fc.string().map(hash),
        classification: fc.constantFrom('low', 'medium', 'high', undefined),
        exportable: fc.constantFrom(true, true, false, undefined),
        members: fc.oneof(
          { maxDepth: 4 },
          fc.constant([]),
          fc.constant(undefined),
          fc.array(tie('node'), { maxLength: 3 }),
        ),
      }),
    })).node;
    const bad = (s: GuardSubject): boolean =>
      s.classification === undefined ||
      s.classification === 'high' ||
      s.exportable !== true ||
      s.members === undefined ||
      s.members.some(bad);
    fc.assert(fc.property(tree, (s) => guardExport(s, new Set()).length > 0 === bad(s)));
  });

  it('names what to reclassify: the blocking member, not its container', () => {
    const member = subject('m', {
      exportable: false,
      artifactId: 'abcdef01-0000-4000-8000-000000000001' as never,
    });
    const hint = (s: GuardSubject) => blockHint(culpritsOf(guardExport(s, new Set())), 'fedcba98', new Set());
    expect(hint(subject('tree', { members: [member] }))).toContain('hs reclassify abcdef01 --exportable');
    expect(hint(subject('tree', { exportable: false, members: [member] }))).toContain('fedcba98, abcdef01');
    expect(hint(subject('x', { exportable: false }))).toBe(
      'hs reclassify fedcba98 --exportable --reason R changes that',
    );
  });

  it('suggests restoring a removed artifact if that helps, else consent', () => {
    const id = 'abcdef01-0000-4000-8000-000000000001' as never;
    const gone = { artifactId: id, removed: true, exportable: false } as const;
    const hint = (more: Partial<GuardSubject>, restorable: boolean) =>
      blockHint(
        culpritsOf(
          guardExport(subject('copy', { members: [subject('m', { ...gone, ...more })] }), new Set()),
        ),
        'fedcba98',
        new Set(restorable ? [id] : []),
      );
    expect(hint({ link: 'bytes' }, true)).toContain('hs restore abcdef01 brings it back');
    const consent = `--consent ${hash('m')} allows`;
    expect(hint({ link: 'bytes' }, false)).toContain(consent);
    // What a bundle holds of it stays as it was.
    expect(hint({ link: 'bundled' }, true)).toContain(consent);
    expect(hint({ link: 'bytes', exportable: true, classification: 'high' }, true)).toContain(consent);
  });

  it('accepts consent for anything removed, and for nothing that exists', () => {
    const facts = { classification: 'high', exportable: false, members: undefined } as const;
    const whole = (removed: boolean) =>
      subject('copy', { members: [subject('gone', { ...facts, removed })] });
    const consents = new Set([hash('gone')]);
    expect(guardExport(whole(true), new Set())).toHaveLength(3);
    expect(guardExport(whole(true), new Set([hash('copy')]))).toHaveLength(3);
    expect(guardExport(whole(true), consents)).toEqual([]);
    expect(guardExport(whole(false), consents)).toHaveLength(2);
    expect([clearsRemoved(whole(true), consents), clearsRemoved(whole(false), consents)]).toEqual([
      true,
      false,
    ]);
  });

  it('reports each culprit once, with all its problems', () => {
    const app = {
      artifactId: '9d58dfad-0000-4000-8000-000000000001' as never,
      classification: 'high',
      exportable: false,
    } as const;
    const tell = (...members: GuardSubject[]) =>
      culpritsOf(guardExport(subject('bun', { members }), new Set())).map(describeCulprit);
    const inDirectory = subject('app', { ...app, link: 'directory', path: 'a.js' });
    expect(tell(inDirectory, subject('app', { ...app, link: 'bundled' }))).toEqual([
      "'a.js' is also in 'app' (9d58dfad), which is high and not exportable",
    ]);
    expect(tell(subject('old', { ...app, link: 'bytes', removed: true }))).toEqual([
      "it has the same bytes as 'old' (9d58dfad, removed), which is high and not exportable",
    ]);
    const far = subject('data', { exportable: false, link: 'source' });
    expect(tell(subject('slice', { link: 'source', members: [far] }))).toEqual([
      "'slice' was taken from 'data', which is not exportable",
    ]);
  });
});
