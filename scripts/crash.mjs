/**
 * `npm run crash -- [--cuts N] [--points N] [--seed S] [--filesystem NAME] [--without-fsync] [--only power|calls]`, as
 * root: cuts the power of filesystems on loop devices under working commands, and kills commands, or fails them, at
 * their system calls. `--without-fsync`: the control, which must lose data. Says by name what it skips. Everything is
 * mounted in a namespace that ends with it.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { removeSync } from 'fs-extra/esm';
import { bundleTypeScript } from './load-typescript.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = parseArgs({
  options: {
    cuts: { type: 'string', default: '100' },
    points: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    filesystem: { type: 'string', multiple: true, default: ['ext4', 'xfs', 'btrfs'] },
    'without-fsync': { type: 'boolean', default: false },
    only: { type: 'string' },
  },
});
const works = (program, ...args) => spawnSync(program, args, { stdio: 'ignore' }).status === 0;
const isThere = (program) => works('sh', '-c', `command -v ${program}`);

const INSIDE = 'HS_CRASH_INSIDE';
if (process.env[INSIDE] === undefined) {
  if (process.getuid?.() !== 0 || !works('unshare', '--mount', 'true')) {
    console.log('crash: skipped: it needs root, and mounts of its own');
    process.exit(0);
  }
  const inside = ['--mount', '--propagation', 'private', process.execPath, ...process.argv.slice(1)];
  const { status } = spawnSync('unshare', inside, {
    stdio: 'inherit',
    env: { ...process.env, [INSIDE]: '1' },
  });
  process.exit(status ?? 1);
}

const bundle = await bundleTypeScript(
  root,
  `export { called } from './test/crash/calls.ts';
   export { callSweep } from './test/crash/sweep.ts';
   export { powerCuts } from './test/crash/power.ts';`,
);
const code = `import(${JSON.stringify(pathToFileURL(bundle).href)}).then((m) => m.called(...process.argv.slice(1)))`;
const call = (name, argument) => [process.execPath, '-e', code, name, JSON.stringify(argument)];
const over = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => over.abort());
// Not on tmpfs: its images would be held in memory.
const at = (name) => mkdtempSync(join(process.env.HS_CRASH_DIR ?? '/var/tmp', `hs-${name}-`));

let bad = 0;
const report = (what, broken, isControl = false) => {
  console.log(what);
  for (const line of broken.slice(0, isControl ? 3 : 50)) console.log(`  ${line}`);
  if (broken.length > 0 !== isControl) bad++;
};

async function power(filesystem) {
  const lacks = [`mkfs.${filesystem}`, 'mkfs.xfs', 'losetup'].filter((program) => !isThere(program));
  if (lacks.length > 0 || !works('losetup', '--find')) {
    console.log(`${filesystem}: skipped: there is no ${lacks[0] ?? 'free loop device'}`);
    return;
  }
  const dir = at('power');
  try {
    const cuts = Number(values.cuts);
    const forgets = values['without-fsync'];
    const seed = Number(values.seed);
    const done = await module.powerCuts({ filesystem, cuts, seed, forgets, dir, call, signal: over.signal });
    report(
      `${filesystem}${forgets ? ' without fsync' : ''}: ${done.cuts} power cuts under ${done.commands} commands, ${done.acknowledged} acknowledged artifacts, ${done.misplaced} objects to move: ${done.broken.length} broken promises`,
      done.broken,
      forgets,
    );
  } finally {
    removeSync(dir);
  }
}

const module = await import(pathToFileURL(bundle).href);
try {
  if (values.only !== 'calls') for (const filesystem of values.filesystem) await power(filesystem);
  if (values.only !== 'power' && !values['without-fsync']) {
    if (!isThere('strace')) console.log('system calls: skipped: there is no strace');
    else {
      const dir = at('calls');
      try {
        const points = Number(values.points);
        const done = await module.callSweep({
          root,
          dir,
          points,
          seed: Number(values.seed),
          signal: over.signal,
        });
        report(
          `${done.commands} commands, ${done.calls} system calls that write: ${done.kills} killed, ${done.failures} failed, ${done.missed} missed: ${done.broken.length} broken promises`,
          done.broken,
        );
      } finally {
        removeSync(dir);
      }
    }
  }
  process.exitCode = bad === 0 ? 0 : 1;
} catch (e) {
  if (!over.signal.aborted) throw e;
  process.exitCode = 130;
} finally {
  removeSync(bundle);
}
