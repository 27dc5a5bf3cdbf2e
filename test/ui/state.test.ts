import { describe, expect, it } from 'vitest';
import { count } from '../../src/ui/cell-text.js';
import { type PreviewState, placesUnderCursor } from '../../src/ui/preview-state.js';
import { sparedIds } from '../../src/ui/removal-totals.js';
import { screenLines } from '../../src/ui/views/screen.js';
import { SampleModel } from './harness/model.js';
import { at, largePlan, sampleId, smallPlan } from './harness/sample.js';
import { opened, press, rowNames, textOf, told } from './support.js';

const names = ['train-run/checkpoint.bin', 'cache/wheels', 'nightly/report.html', 'prompt', 'scratch.json'];

describe('the list', () => {
  it('shows what would be removed, largest first', () => {
    expect(rowNames(opened())).toEqual(names);
  });

  it('shows what is kept in another view, and returns', () => {
    const kept = press(opened(), 'tab').state;
    expect(rowNames(kept)).toContain('model.onnx');
    expect(rowNames(press(kept, 'v').state)).toEqual(names);
  });

  it.each([
    ['1', ['cache/wheels', 'nightly/report.html', 'prompt', 'scratch.json', 'train-run/checkpoint.bin']],
    ['3', ['nightly/report.html', 'train-run/checkpoint.bin', 'prompt', 'cache/wheels', 'scratch.json']],
    ['5', ['train-run/checkpoint.bin', 'cache/wheels', 'nightly/report.html', 'prompt', 'scratch.json']],
    ['6', ['train-run/checkpoint.bin', 'cache/wheels', 'scratch.json', 'prompt', 'nightly/report.html']],
  ])('sorts by column %s', (key, expected) => {
    expect(rowNames(press(opened(), key).state)).toEqual(expected);
  });

  it('says how many are listed of what is kept, where that is not all', () => {
    const plan = smallPlan();
    const { header } = plan;
    const much = { ...plan, header: { ...header, scanned: header.scanned + 1_000_000 } };
    const kept = press(opened(much), 'tab').state;
    const listed = plan.items.filter((i) => i.verdict === 'keep').length;
    const screen = (state: PreviewState) => screenLines(state, true).map(textOf).join('\n');
    expect(screen(kept)).toContain(`1/${listed} of the ${listed} largest that are kept`);
    expect(screen(kept)).toContain(`[Keep ${count(1_000_000 + listed)}]`);
    expect(screen(press(opened(), 'tab').state)).not.toContain('largest');
    expect(screen(opened(much))).not.toContain('largest');
    const none = press(kept, '/', 'type:nowhere').state;
    expect(screen(none)).toContain(`None of the ${listed} largest matches the filter.`);
  });

  it('sorts a large plan as a comparator would', () => {
    const state = press(opened(largePlan(3000)), '1').state;
    const expected = [...rowNames(state)].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    expect(rowNames(state)).toEqual(expected);
    expect(rowNames(press(state, 'S').state)).toEqual(expected.reverse());
  });

  it('filters as one types, by every word, and gives all back on Escape', () => {
    const filtered = press(opened(), '/', 'type:report log').state;
    expect(rowNames(filtered)).toEqual(['nightly/report.html']);
    expect(rowNames(press(filtered, 'backspace', 'backspace', 'backspace', 'backspace').state)).toHaveLength(
      1,
    );
    expect(rowNames(press(filtered, 'escape').state)).toEqual(names);
    expect(rowNames(press(filtered, 'enter', 'escape').state)).toEqual(names);
  });

  it('finds a name in either normal form by a filter in either', () => {
    const plan = smallPlan();
    const items = plan.items.map((item) =>
      item.name === 'cache/wheels' ? { ...item, name: 'caf\u00e9' } : item,
    );
    for (const keys of [['type:caf\u00e9'], ['type:cafe', 'type:\u0301']]) {
      expect(rowNames(press(opened({ ...plan, items }), '/', ...keys).state)).toEqual(['caf\u00e9']);
    }
  });

  it('finds the same however the filter was typed', () => {
    const plan = largePlan(2000);
    const typed = press(opened(plan), '/', 'type:project-1 report').state;
    const corrected = press(opened(plan), '/', 'type:project-1x', 'backspace', 'type: report').state;
    expect(rowNames(typed).length).toBeGreaterThan(5);
    expect(rowNames(corrected)).toEqual(rowNames(typed));
  });

  it('keeps the cursor on its item when the order changes', () => {
    const state = press(opened(), 'j', 'j').state;
    const id = placesUnderCursor(state);
    expect(placesUnderCursor(press(state, '/', 'type:report', 'enter').state)).toEqual(id);
  });

  it('moves with vim and arrow keys and stays inside', () => {
    const at = (...keys: string[]) => press(opened(largePlan(500)), ...keys).state.cursor;
    expect(at('j', 'down', 'k')).toBe(1);
    expect(at('up')).toBe(0);
    expect(at('pagedown', 'ctrl-f')).toBe(36);
    expect(at('pagedown', 'ctrl-u')).toBe(9);
    const last = at('G');
    expect(at('end', 'j')).toBe(last);
    expect(at('G', 'g')).toBe(0);
  });

  it('keeps the cursor on the screen when the terminal shrinks', () => {
    const state = press(opened(largePlan(500)), ...Array<string>(17).fill('j')).state;
    const small = told(state, { type: 'resize', columns: 40, rows: 12 });
    expect(small.cursor).toBe(17);
    expect(small.top).toBe(12);
  });
});

describe('groups', () => {
  it('have totals and open in place', () => {
    const closed = press(opened(), 'b').state;
    expect(rowNames(closed)).toEqual([
      '[window over 2]',
      '[over quota 1]',
      '[sensitive TTL 1]',
      '[L4 hours over 1]',
    ]);
    const open = press(closed, 'enter').state;
    expect(rowNames(open).slice(0, 3)).toEqual(['[window over 2]', names[0], names[2]]);
    expect(rowNames(press(open, 'j', 'h').state)).toEqual(rowNames(closed));
  });

  it('go by rule, class and name, and away', () => {
    expect(rowNames(press(opened(), 'b', 'b').state)).toContain('[checkpoint 1]');
    expect(rowNames(press(opened(), 'b', 'b', 'b').state)).toContain('[prompt 1]');
    expect(rowNames(press(opened(), 'b', 'b', 'b', 'b').state)).toEqual(names);
  });
});

describe('sparing', () => {
  it('spares an item from this run, and undoes that', () => {
    const spared = press(opened(), ' ').state;
    expect([...sparedIds(spared.selection.table, spared.spared)]).toEqual([sampleId(2)]);
    expect(spared.totals.all.items).toBe(4);
    expect(press(spared, 'x').state.totals.all).toEqual(opened().totals.all);
  });

  it('spares a whole group, and everything a filter shows', () => {
    expect(press(opened(), 'b', ' ').state.totals.all.items).toBe(3);
    expect(press(opened(), '/', 'type:report', 'enter', 'X').state.totals.all.items).toBe(4);
  });

  it('is not offered for kept items', () => {
    const state = press(opened(), 'tab', ' ').state;
    expect(state.spared).not.toContain(1);
    expect(state.message?.tone).toBe('danger');
  });

  it('is dropped for items that a new plan keeps', async () => {
    const model = new SampleModel();
    const state = press(opened(), ' ').state;
    const plan = await model.pin([sampleId(2)], 'keep');
    expect(told(state, { type: 'planned', plan, after: 'pinned' }).spared).not.toContain(1);
  });
});

describe('pins', () => {
  it('are asked for by name and reason, and cover a group', () => {
    const { state, effect } = press(opened(), 'b', 'p', 'type:v1', 'enter', 'type:shipped', 'enter');
    expect(effect).toEqual({
      type: 'pin',
      ids: [sampleId(1), sampleId(2)].reverse(),
      name: 'v1',
      reason: 'shipped',
    });
    expect(state.busy).toBe('pinning 2 artifacts');
  });

  it('propose a name that Enter accepts, typing replaces and Backspace deletes', () => {
    const name = (...keys: string[]) => {
      const { mode } = press(opened(), 'p', ...keys).state;
      return mode.at === 'prompt' && (mode.name ?? mode.text);
    };
    expect(name('enter')).toBe('keep');
    expect(name('type:v', 'backspace', 'type:v2')).toBe('v2');
    expect(name('backspace')).toBe('');
  });

  it('change the plan before the eyes', async () => {
    const plan = await new SampleModel().pin([sampleId(2)], 'keep');
    const state = told(opened(), { type: 'planned', plan, after: 'pinned 1 artifact' });
    expect(rowNames(state)).toEqual(names.slice(1));
    expect(state.message?.text).toBe('pinned 1 artifact: 1 artifact fewer would be removed');
  });

  it('are chosen by name when they are taken away', () => {
    const { effect } = press(opened(), 'tab', '/', 'type:onnx', 'enter', 'u', 'enter');
    expect(effect).toEqual({ type: 'unpin', ids: [sampleId(6)], name: 'release-1.4' });
  });

  it('that are refused leave all as it was, with the reason', () => {
    const failure = { message: "'human:eve' lacks 'pin.set'", hint: 'hs policy show' };
    const state = told(opened(), { type: 'refused', failure });
    expect(rowNames(state)).toEqual(names);
    expect(state.message).toEqual({ text: "'human:eve' lacks 'pin.set' (hs policy show)", tone: 'danger' });
  });

  it('wait for the plan that is being made', () => {
    const busy = press(opened(), 'p', 'enter', 'enter').state;
    expect(press(busy, 'p').state.mode.at).toBe('list');
    expect(press(busy, 'a').state.mode.at).toBe('list');
  });
});

describe('applying', () => {
  it('needs a second step: typing yes', () => {
    const asked = press(opened(), 'a');
    expect(asked.effect).toBeUndefined();
    for (const answer of ['enter', 'type:y', 'type:ye', 'type:yesyes', 'type:YES']) {
      expect(press(asked.state, answer, 'enter').effect).toBeUndefined();
    }
    expect(press(asked.state, 'type:yes', 'enter').effect).toEqual({ type: 'apply' });
  });

  it('is left by Escape with nothing done', () => {
    const { state, effect } = press(opened(), 'a', 'type:yes', 'escape', 'enter');
    expect(effect?.type).toBe('detail');
    expect(state.mode.at).toBe('detail');
  });

  it('is not offered when nothing would go', () => {
    expect(press(opened(), 'X', 'a').state.mode.at).toBe('list');
  });

  it('turns Ctrl-C into a request to stop', () => {
    const running = press(opened(), 'a', 'type:yes', 'enter').state;
    const { state, effect } = press(running, 'ctrl-c');
    expect(effect).toEqual({ type: 'stop' });
    expect(state.mode).toMatchObject({ at: 'applying', stopping: true });
    expect(press(running, 'q').effect).toBeUndefined();
  });

  it('is not possible on a terminal too small to be read', () => {
    const state = told(opened(), { type: 'resize', columns: 20, rows: 24 });
    expect(press(state, 'a', 'type:yes', 'enter').effect).toBeUndefined();
    expect(press(state, 'q').effect).toEqual({ type: 'quit' });
    expect(press(state, 'ctrl-c').effect).toEqual({ type: 'interrupt' });
  });
});

it('reads the store again with r, and nothing else meanwhile', () => {
  const { state, effect } = press(opened(), 'r');
  expect(effect).toEqual({ type: 'reload' });
  expect(press(state, 'a').state.mode.at).toBe('list');
  const next = told(state, { type: 'planned', plan: smallPlan(), after: 'reloaded' });
  expect(next.busy).toBeUndefined();
});

describe('an artifact that a new plan does not list any more', () => {
  const { items, ...plan } = smallPlan();
  const without = (id: unknown) => ({ ...plan, items: items.filter((item) => item.artifact_id !== id) });
  const replanned = (state: PreviewState, id: unknown) =>
    told(state, { type: 'planned', plan: without(id), after: 'pinned' });

  it('is not taken for another one by the keys of its page', () => {
    const { state } = press(opened(), 'tab', 'enter');
    const id = state.mode.at === 'detail' ? state.mode.id : undefined;
    const gone = replanned(state, id);
    expect(screenLines(gone, true).map(textOf).join('\n')).toContain('It is no longer in the plan.');
    for (const key of ['x', ' ', 'p', 'u']) {
      const { state: after, effect } = press(gone, key);
      expect([key, effect, after.mode.at, sparedIds(after.selection.table, after.spared).size]).toEqual([
        key,
        undefined,
        'detail',
        0,
      ]);
    }
    expect(press(gone, '?').state.mode.at).toBe('help');
  });

  it('is left out of what is unpinned', () => {
    const pinned = items.find(({ pins = [] }) => pins.length > 0)!;
    const row = rowNames(press(opened(), 'tab').state).indexOf(pinned.name!);
    const { state } = press(opened(), 'tab', ...Array.from({ length: row }, () => 'down'), 'u');
    expect(state.mode.at).toBe('prompt');
    expect(press(state, 'enter').effect).toMatchObject({ type: 'unpin', ids: [pinned.artifact_id] });
    expect(press(replanned(state, pinned.artifact_id), 'enter').effect).toBeUndefined();
  });
});

it('counts irreversible removals, without spared ones', () => {
  const state = opened();
  expect(state.totals.irreversible).toMatchObject({ items: 1, bytes: 9216 });
  expect(press(state, '/', 'type:prompt', 'enter', ' ').state.totals.irreversible.items).toBe(0);
});

describe('a trash that is to be emptied', () => {
  const inTrash = {
    artifact_id: sampleId(50),
    name: 'earlier',
    kind: 'file',
    retention_class: 'result',
    size_bytes: 70,
    created_at: at(20),
    removed_at: at(2),
  } as const;
  const { items, header } = smallPlan();
  const kept = items.filter((i) => i.verdict === 'keep');
  const nothing = { header: { ...header, pruned: 0, freed_bytes: 0, scanned: kept.length }, items: kept };
  const state = opened(nothing, 80, 24, { artifacts: [inTrash], objects: 2, bytes: 570 });

  it('lists its contents, which cannot be removed, spared or pinned', () => {
    expect(rowNames(state)).toEqual(['earlier']);
    expect(state.totals.all.items).toBe(0);
    for (const key of [' ', 'p', 'u']) expect(press(state, key).state.message?.tone).toBe('danger');
    expect(rowNames(press(state, 'tab', 'tab').state)).toHaveLength(kept.length);
  });

  it('is emptied even if nothing else is removed, after a question that says what becomes irreversible', () => {
    const asked = press(state, 'a').state;
    const text = screenLines(asked, true).map(textOf).join('\n');
    expect(text).toContain('Empty the trash?');
    expect(text).toMatch(/1 artifact removed before, in the trash, CANNOT be brought back/);
    expect(press(asked, 'type:yes', 'enter').effect).toEqual({ type: 'apply' });
  });
});

it('starts with kept items if nothing would be removed', () => {
  const { items, header } = smallPlan();
  const kept = items.filter((i) => i.verdict === 'keep');
  const state = opened({ header: { ...header, pruned: 0, scanned: kept.length }, items: kept });
  expect(state.selection.choice.view).toBe('keep');
});
