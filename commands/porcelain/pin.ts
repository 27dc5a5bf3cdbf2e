import { command } from '../../src/cli/command.js';
import { text, time } from '../../src/cli/options.js';
import { some } from '../../src/cli/positionals.js';
import { counted, utcTime } from '../../src/cli/text/human.js';

/** `hs pin`: a named hold (D1). */
export const pin = command({
  name: 'pin',
  class: 'porcelain',
  opens: 'write',
  summary: 'hold artifacts so that they are never collected',
  description: `A pinned artifact is never removed, by whatever command, until the pin is taken away or its end has come. Several pins may hold one artifact; each is known by its name, and a pin of the same name replaces the one before. The artifacts that it was made from are held with it, unless the policy says otherwise.

Without --name, the pin has the name of whoever sets it.`,
  positionals: { ids: some('ID', { complete: 'artifact' }) },
  options: {
    name: text('NAME', 'name of the pin', { complete: 'pin' }),
    reason: text('TEXT', 'why it is held'),
    until: time('TIME', 'end the pin at TIME'),
  },
  resultSchema: 'hs.pin/1',
  list: 'results',
  examples: [
    { command: 'hs pin report --name release-1.2', explains: 'Hold the newest artifact of that name.' },
    { command: 'hs pin report --until +30d --reason "under review"', explains: 'Hold it for thirty days.' },
  ],
  seeAlso: ['hs-unpin(1)', 'hs-pins(1)', 'hs-update-pin(1)', 'hs-gc(1)'],
  async run({ args, options, session }) {
    const { changePins } = await import('../../src/ops/govern/pins.js');
    const { defaultPinName, toPinName } = await import('../../src/ops/naming/pin-name.js');
    const { resolveArtifact } = await import('../../src/ops/naming/resolve-artifact.js');
    const s = await session();
    const catalog = await s.catalog();
    const name = options.name === undefined ? defaultPinName(s) : toPinName(options.name);
    const ids = [...new Set(args.ids.map((id) => resolveArtifact(catalog, id).artifact_id))];
    const { reason, until } = options;
    await changePins(
      s,
      ids.map((id) => ({ change: 'pin', id, name, reason, until })),
    );
    const results = ids.map((artifact_id) => ({ artifact_id }));
    return { name, results, ...(until === undefined ? {} : { until }) };
  },
  render: ({ name, results, until }, view) =>
    view.quiet
      ? undefined
      : `pinned ${counted(results.length, 'artifact')} as '${view.text(name)}'${until === undefined ? '' : ` until ${utcTime(until)}`}`,
});
