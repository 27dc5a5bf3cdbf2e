import { listing } from '../../src/cli/command.js';
import { flag } from '../../src/cli/options.js';
import { table } from '../../src/cli/text/table.js';

/** `hs doctor`: checks this machine and store, and suggests fixes. */
export const doctorCommand = listing({
  name: 'doctor',
  class: 'meta',
  opens: 'optional',
  verdict: true,
  summary: 'check this machine and store, and suggest fixes',
  description: `Checks the version of Node.js, the platform, descriptor paths below /proc, and each backend of \`hs run\` with real forbidden writes. If there is a store, also checks its filesystem (hard links, kernel locks, exchange and syncfs, all tried in the store), the clock against the newest ledger entry, the anchor, leases and leftover files, and the catalog index. It also works outside a store.

A store that this user neither created nor accepted, such as one from a clone, an archive or a restored cache, is checked when it is first used, and is not trusted. Its catalog index and journals are discarded. Its output root is ignored if it is outside the workspace or has a name that begins with a dot. No grant of its policy lets a job or a tool write outside the workspace. --accept trusts the store at this place, and the output root that its policy has now. That is recorded in the user's state directory, by the store's id, device and inode, so a copy must be accepted again.

Each line is \`ok\`, a \`warning\` (it works, but less well) or a \`problem\`, and says how to fix it. hs-fsck(1) checks the contents of the store.`,
  options: {
    accept: flag(undefined, 'trust this store, which came from elsewhere, and the output root of its policy'),
  },
  resultSchema: 'hs.doctor/1',
  examples: [
    { command: 'hs doctor', explains: 'Check this machine and store.' },
    { command: 'hs doctor --accept', explains: 'Trust a store that was cloned or restored from a cache.' },
  ],
  files: { '$XDG_STATE_HOME/hs/anchors/STORE-ID.places': 'where this user created or accepted the store' },
  exits: { 1: 'a problem was found' },
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
      ...(c.mend === undefined ? [] : [{ ...c, state: undefined, check: '', text: `fix: ${c.mend}` }]),
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
