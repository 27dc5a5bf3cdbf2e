import { command } from '../../src/cli/command.js';
import { text } from '../../src/cli/options.js';
import { some } from '../../src/cli/positionals.js';
import type { ArtifactId } from '../../src/core/objects/ids.js';
import { counted } from '../../src/core/text/human.js';
import { HsError } from '../../src/errors/hs-error.js';

/** `hs unpin`: removes the pin of that name and no other (D1). */
export const unpin = command({
  name: 'unpin',
  class: 'porcelain',
  opens: 'write',
  summary: 'remove a pin',
  description: `Removes the pin NAME from each artifact; its other pins stay. Without --name, removes the pin that is named after the actor.`,
  positionals: { ids: some('ID', { complete: 'artifact' }) },
  options: { name: text('NAME', 'name of the pin', { complete: 'pin' }) },
  resultSchema: 'hs.unpin/1',
  list: 'results',
  examples: [{ command: 'hs unpin report --name release-1.2', explains: 'Remove that pin.' }],
  exits: { 4: 'no such artifact, or no such pin on it' },
  seeAlso: ['hs-pin(1)', 'hs-pins(1)'],
  async run({ args, options, session }) {
    const { changePins } = await import('../../src/ops/govern/pins.js');
    const { defaultPinName, toPinName } = await import('../../src/ops/naming/pin-name.js');
    const { resolveArtifact } = await import('../../src/ops/naming/resolve-artifact.js');
    const s = await session();
    const catalog = await s.catalog();
    const name = options.name === undefined ? defaultPinName(s) : toPinName(options.name);
    const ids = new Set<ArtifactId>();
    for (const typed of args.ids) {
      const { artifact_id: id, pins } = await resolveArtifact(catalog, typed);
      ids.add(id);
      if (pins.some((pin) => pin.name === name)) continue;
      throw new HsError('NOT_FOUND', `'${typed}' has no pin '${name}'`, {
        hint:
          pins.length === 0 ? 'it is not pinned' : `its pins: ${pins.map((p) => `'${p.name}'`).join(', ')}`,
      });
    }
    await changePins(
      s,
      [...ids].map((id) => ({ change: 'unpin', id, name })),
    );
    return { name, results: [...ids].map((artifact_id) => ({ artifact_id })) };
  },
  render: ({ name, results }, view) =>
    view.quiet ? undefined : `unpinned ${counted(results.length, 'artifact')} from '${view.text(name)}'`,
});
