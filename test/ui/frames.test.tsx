import { render } from 'ink-testing-library';
import { describe, expect, it } from 'vitest';
import { COLUMN } from '../../src/ui/column-text.js';
import { Slots } from '../../src/ui/line-placeholders.js';
import { App } from '../../src/ui/preview-app.js';
import type { PreviewState } from '../../src/ui/preview-state.js';
import { screenLines } from '../../src/ui/views/screen.js';
import { SampleModel } from './harness/model.js';
import { hostilePlan, largePlan, sampleId } from './harness/sample.js';
import { fits, opened, press, textOf, told } from './support.js';

function frame(state: PreviewState, unicode = true): string {
  const slots = new Slots();
  const app = <App state={state} unicode={unicode} slots={slots} onKeys={() => {}} />;
  const { lastFrame, unmount } = render(app);
  const lines = slots.linesOf(lastFrame()!).map((l) => l.replaceAll(COLUMN, ' ').trimEnd());
  unmount();
  return `\n${lines.join('\n')}\n`;
}

describe.each([
  ['80 columns', 80, 16],
  ['40 columns', 40, 16],
])('frames at %s', (_, columns, rows) => {
  const state = () => opened(undefined, columns, rows);

  it('of the list', () => {
    expect(frame(state())).toMatchSnapshot();
  });
  it('of what is kept', () => {
    expect(frame(press(state(), 'tab').state)).toMatchSnapshot();
  });
  it('of groups', () => {
    expect(frame(press(state(), 'b', 'enter', 'j', ' ').state)).toMatchSnapshot();
  });
  it('of a filter being typed', () => {
    expect(frame(press(state(), '/', 'type:nightly').state)).toMatchSnapshot();
  });
  it('of the question for a pin', () => {
    expect(frame(press(state(), 'p').state)).toMatchSnapshot();
  });
  it('of the details', async () => {
    const open = press(state(), 'enter').state;
    const detail = await new SampleModel().detail(sampleId(2));
    expect(frame(told(open, { type: 'detailed', detail }))).toMatchSnapshot();
  });
  it('of the question before the removal', () => {
    expect(frame(press(state(), ' ', 'a', 'type:ye').state)).toMatchSnapshot();
  });
  it('of that question while a filter hides some of it', () => {
    const note = /hidden\s+items\s+are\s+removed\s+too/;
    expect(frame(press(state(), '/', 'type:nightly', 'enter', 'a').state)).toMatch(note);
    expect(frame(press(state(), 'a').state)).not.toMatch(note);
  });
  it('of the progress', () => {
    const running = press(state(), 'a', 'type:yes', 'enter').state;
    const progress = { phase: 'sweeping', done: 40, total: 120, unit: 'objects' };
    expect(frame(told(running, { type: 'progress', progress }))).toMatchSnapshot();
  });
  it('of the report at the end', () => {
    const outcome = {
      reportId: sampleId(9),
      runId: sampleId(9),
      removed: 4,
      irreversible: 1,
      freed: { freed_bytes: 996_196_000, freed_at_once_bytes: 9216 },
      trashUntil: '2026-06-08T12:00:00.000Z' as never,
      emptied: 0,
      purgedBytes: 9216,
      spared: 1,
      purgePending: 2,
      restorableUntil: '2026-06-08T12:00:00.000Z' as never,
      warnings: [],
    };
    expect(frame(told(state(), { type: 'applied', outcome }))).toMatchSnapshot();
  });
  it('of a failure', () => {
    const failure = { message: 'the policy changed since it was made', hint: 'hs gc shows the new plan' };
    expect(frame(told(state(), { type: 'failed', failure }))).toMatchSnapshot();
  });
  it('without Unicode', () => {
    const ascii = frame(state(), false);
    expect(ascii).toMatch(/^[\x20-\x7e\n]*$/);
    expect(ascii).toMatchSnapshot();
  });
});

it('says what to do if the terminal is too small', () => {
  expect(frame(opened(undefined, 20, 24))).toMatchSnapshot();
});

it('never needs more than the screen', () => {
  const plans = [largePlan(300), hostilePlan()];
  const visits = [
    ['j'],
    ['tab'],
    ['b', 'enter'],
    ['b', 'b', 'b'],
    ['/', 'type:zzz'],
    ['p'],
    ['enter'],
    [' ', 'a'],
    ['?', 'j'],
  ];
  for (const [columns, rows] of [
    [40, 10],
    [41, 11],
    [59, 24],
    [80, 24],
    [132, 50],
    [12, 5],
  ] as const) {
    for (const keys of plans.flatMap((plan) => visits.map((v) => [plan, v] as const))) {
      const { state } = press(opened(keys[0], columns, rows), ...keys[1]);
      for (const unicode of [true, false]) {
        const lines = screenLines(state, unicode);
        expect(
          fits(lines, state),
          `${columns}x${rows} ${keys[1].join(' ')}\n${lines.map(textOf).join('\n')}`,
        ).toBe(true);
      }
    }
  }
});

it('lets no name steer the terminal', () => {
  const text = frame(opened(hostilePlan(), 80, 24)).replaceAll('\n', '');
  expect(text).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]/u);
});
