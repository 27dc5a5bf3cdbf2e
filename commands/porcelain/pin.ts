import { command } from '../../src/cli/command.js';
import { filterOptions, INSTEAD_OF_IDS } from '../../src/cli/filter-options.js';
import { text, time } from '../../src/cli/options.js';
import { many } from '../../src/cli/positionals.js';
import { counted, utcTime } from '../../src/core/text/human.js';

/** `hs pin`: protects artifacts under a name (D1). */
export const pin = command({
  name: 'pin',
  class: 'porcelain',
  opens: 'write',
  summary: 'protect artifacts from collection',
  description: `No command removes a pinned artifact until the pin is removed or expires. An artifact may have several pins, each with its own name; setting a pin again under the same name replaces it. The artifacts that it was made from are kept with it, unless the policy says otherwise.

${INSTEAD_OF_IDS}

Without --name, the pin is named after the actor who sets it.`,
  positionals: { ids: many('ID', { complete: 'artifact' }) },
  options: {
    name: text('NAME', 'name of the pin', { complete: 'pin' }),
    reason: text('TEXT', 'why it is pinned'),
    ...filterOptions,
    until: time('TIME', 'let the pin expire at TIME'),
  },
  resultSchema: 'hs.pin/1',
  list: 'results',
  examples: [
    { command: 'hs pin report --name release-1.2', explains: 'Pin the newest artifact of that name.' },
    {
      command: 'hs pin --filter label.commit=4f2a --name release-1.2',
      explains: 'Pin all that was made for a commit.',
    },
    { command: 'hs pin report --until +30d --reason "under review"', explains: 'Pin it for thirty days.' },
  ],
  seeAlso: ['hs-unpin(1)', 'hs-pins(1)', 'hs-update-pin(1)', 'hs-gc(1)'],
  async run({ args, options, session }) {
    const { changePins } = await import('../../src/ops/govern/pins.js');
    const { defaultPinName, toPinName } = await import('../../src/ops/naming/pin-name.js');
    const { selectArtifacts } = await import('../../src/ops/inspect/select-artifacts.js');
    const s = await session();
    const name = options.name === undefined ? defaultPinName(s) : toPinName(options.name);
    const ids = await selectArtifacts(s, args.ids, options.filter);
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
