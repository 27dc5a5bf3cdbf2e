import { command } from '../../src/cli/command.js';
import { flag } from '../../src/cli/options.js';
import { HsError } from '../../src/errors/hs-error.js';

/** `hs update-pin --stdin`: many pin changes in one commit (D1). */
export const updatePin = command({
  name: 'update-pin',
  class: 'plumbing',
  opens: 'write',
  summary: 'apply many pin changes in one commit',
  description: `Reads changes from standard input, one per line, or with -z each ended by NUL, and applies either all of them in one commit or none:

    pin TAB ID TAB NAME [TAB UNTIL [TAB REASON]]

    unpin TAB ID TAB NAME

UNTIL is a time as for hs-pin(1), or - for no end. In a record without a tab, single spaces separate the fields, and the rest is the reason.`,
  nul: true,
  options: { stdin: flag(undefined, 'read the changes from standard input') },
  resultSchema: 'hs.update-pin/1',
  examples: [
    {
      command:
        "hs for-each-artifact --filter kind=report --format 'pin %(id) release' | hs update-pin --stdin",
      explains: 'Pin all reports at once.',
    },
  ],
  exits: { 4: 'an artifact or a pin does not exist; nothing was changed' },
  seeAlso: ['hs-pin(1)', 'hs-unpin(1)', 'hs-for-each-artifact(1)'],
  async run({ options, stdin, session, now }) {
    if (!options.stdin) throw new HsError('USAGE', "changes are read from standard input: give '--stdin'");
    const { changePins } = await import('../../src/ops/govern/pins.js');
    const { toPinName } = await import('../../src/ops/naming/pin-name.js');
    const { resolveArtifact } = await import('../../src/ops/naming/resolve-artifact.js');
    const { parseTime, parsed } = await import('../../src/core/text/values.js');
    const s = await session();
    const catalog = await s.catalog();
    const changes: import('../../src/ops/govern/pins.js').PinChange[] = [];
    for await (const record of stdin.records()) {
      const line = changes.length + 1;
      const [word, typed, name, end, ...rest] = record.includes('\t')
        ? record.split('\t')
        : record.split(' ');
      const bad = (what: string) => new HsError('USAGE', `record ${line} of the input: ${what}`);
      if (word !== 'pin' && word !== 'unpin') throw bad(`'${word}' is neither pin nor unpin`);
      if (!typed || !name) throw bad('the artifact or the name of the pin is missing');
      const id = (await resolveArtifact(catalog, typed)).artifact_id;
      if (word === 'unpin') {
        if (end !== undefined) throw bad('unpin takes an artifact and a name');
        changes.push({ change: 'unpin', id, name: toPinName(name) });
        continue;
      }
      const until =
        end === undefined || end === '' || end === '-'
          ? undefined
          : parsed(`record ${line}`, end, () => parseTime(end, now()));
      const reason = rest.join(' ') || undefined;
      changes.push({ change: 'pin', id, name: toPinName(name), until, reason });
    }
    await changePins(s, changes);
    const pinned = changes.filter((c) => c.change === 'pin').length;
    return { pinned, unpinned: changes.length - pinned };
  },
  render: () => undefined,
});
