import { listing } from '../../src/cli/command.js';
import { flag } from '../../src/cli/options.js';
import { table } from '../../src/cli/text/table.js';

/** `hs doctor`: what hs stands on here, and how to mend what is wrong. */
export const doctorCommand = listing({
  name: 'doctor',
  class: 'meta',
  opens: 'optional',
  verdict: true,
  summary: 'check what hs stands on here, and say how to mend it',
  description: `Checks the version of Node.js, the platform, descriptor paths below /proc, and each backend of \`hs run\` with real forbidden writes. Where there is a store, also its filesystem (hard links, kernel locks, exchange and syncfs, all tried in the store), the clock against the newest ledger entry, the anchor, leases and leftover files, and the catalog index. It works outside of a store too.

A store that this user has neither made nor accepted, such as one that came with a clone, an archive or a restored cache, is looked over when it is first met, and used with care: the catalog index and the journals in it are discarded, an output root outside of its workspace or with a name that begins with a dot does not count, and no grant of its policy lets a job or a tool write outside of the workspace. --accept ends that for the store at this place, and accepts the output root that its policy has now. That is kept in the user's state directory, by the store's id, device and inode: a copy is to be accepted again.

Each line is \`ok\`, a \`warning\` (it works, with less) or a \`problem\`, with how to mend it. The contents of the store are checked by hs-fsck(1).`,
  options: {
    accept: flag(
      undefined,
      'accept this store, which came from elsewhere, and the output root of its policy',
    ),
  },
  resultSchema: 'hs.doctor/1',
  examples: [
    { command: 'hs doctor', explains: 'See whether everything is well here.' },
    { command: 'hs doctor --accept', explains: 'Trust a store that was restored from a cache, or cloned.' },
  ],
  files: { '$XDG_STATE_HOME/hs/anchors/STORE-ID.places': 'where this user made or accepted the store' },
  exits: { 1: 'there is a problem' },
  seeAlso: ['hs-fsck(1)', 'hs-run(1)', 'hs-init(1)'],
  async run({ disk, environment, options, random, session, exit, globals }) {
    const { doctor } = await import('../../src/ops/doctor/doctor.js');
    const machine = { disk: await disk(), environment, random, nodeVersion: process.versions.node };
    const checks = await doctor(machine, () => session({ unchecked: true }), options);
    if (checks.some((c) => c.state === 'problem')) exit(1);
    return globals.quiet ? checks.filter((c) => c.state !== 'ok') : checks;
  },
  line: ({ check, state, found, mend }, { text }) =>
    `${state}\t${text(check)}\t${text(found)}${mend === undefined ? '' : `\t${text(mend)}`}`,
  table: (checks, view) => {
    const paint = { ok: view.style.good, warning: view.style.warning, problem: view.style.bad };
    const rows = checks.flatMap((c) => [
      { ...c, text: c.found },
      ...(c.mend === undefined ? [] : [{ ...c, state: undefined, check: '', text: `mend: ${c.mend}` }]),
    ]);
    return table(
      [
        {
          head: 'STATE',
          value: (r) => r.state ?? '',
          paint: (cell, r) => (r.state === undefined ? cell : paint[r.state](cell)),
        },
        { head: 'CHECK', value: (r) => r.check },
        { head: 'FOUND', value: (r) => r.text, shrinks: true },
      ],
      rows,
      view,
    );
  },
});
