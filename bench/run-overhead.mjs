/** What `hs run` adds: `hs run -- true` against the bare start-up of hs, at most 60 ms more. */
import { alternate, environment, HS, output, scratch, time } from './lib.mjs';

const MOST_MS = 60;
const RUNS = 31;

export function run() {
  const dir = scratch();
  try {
    const options = { cwd: dir.path, env: environment(dir.path) };
    const hs = (...args) => time(process.execPath, [HS, ...args], options);
    output(process.execPath, [HS, 'init'], options);
    const how = JSON.parse(output(process.execPath, [HS, 'run', '--json', '--', 'true'], options));
    let met = true;
    for (const [what, bare, counts] of [
      ['hs version, which opens nothing', ['version'], true],
      ['hs ls, which opens the store', ['ls'], false],
    ]) {
      const { ours, peer } = alternate(
        RUNS,
        () => hs('run', '--', 'true'),
        () => hs(...bare),
      );
      const more = ours - peer;
      const verdict = !counts ? '' : more <= MOST_MS ? 'ok' : 'MISSED';
      if (verdict === 'MISSED') met = false;
      console.log(
        `${verdict.padEnd(6)} +${more.toFixed(1)} ms${counts ? ` (at most ${MOST_MS})` : ''}  ` +
          `hs run -- true (${how.sandbox.backend}): ${ours.toFixed(1)} ms against ${peer.toFixed(1)} ms of ${what}`,
      );
    }
    return met;
  } finally {
    dir.remove();
  }
}
