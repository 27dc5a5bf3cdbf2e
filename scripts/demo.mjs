/**
 * `npm run demo`: the main job once through, on real input, in a directory of its own. Prints each command
 * as a person would type it, runs just that through a shell, prints what it said, and fails loudly when a
 * status or an answer is not the one that was promised. `--keep` leaves everything in ./demo-run.
 */

import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureDirSync, removeSync } from 'fs-extra/esm';

const project = dirname(dirname(fileURLToPath(import.meta.url)));
const keep = process.argv.includes('--keep');
const SHOWN_LINES = 14;
const DAY = 86_400_000;

const dir = keep ? join(project, 'demo-run') : mkdtempSync(join(tmpdir(), 'hs-demo-'));
if (keep) removeSync(dir);
const work = join(dir, 'work');
const bin = join(dir, 'bin');
for (const path of [work, bin]) ensureDirSync(path);
writeFileSync(join(bin, 'hs'), `#!/bin/sh\nexec '${process.execPath}' '${project}/bin/hs.js' "$@"\n`);
chmodSync(join(bin, 'hs'), 0o755);

const { HS_STORE: _s, HS_NOW: _n, HS_ACTOR: _a, HS_JOB_ID: _j, ...inherited } = process.env;
const env = {
  ...inherited,
  PATH: `${bin}:${process.env.PATH}`,
  PROJECT: project,
  HOME: dir,
  XDG_STATE_HOME: join(dir, 'state'),
  LC_ALL: 'C.UTF-8',
};

const problems = [];
let commands = 0;

function say(text) {
  console.log(`\n# ${text}`);
}

/** Types a command; `expected` is its status and what standard output must hold. */
function type(command, expected = {}) {
  commands += 1;
  console.log(`$ ${command}`);
  const { status, stdout, stderr } = spawnSync('bash', ['-c', command], {
    cwd: work,
    env,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines = `${stdout}${stderr}`.split('\n').filter((line, i, all) => line !== '' || i < all.length - 1);
  console.log(lines.slice(0, SHOWN_LINES).join('\n') || '(nothing said)');
  if (lines.length > SHOWN_LINES) console.log(`... and ${lines.length - SHOWN_LINES} lines more`);
  const wrong = (what) => {
    problems.push(`${command}: ${what}`);
    console.log(`!! ${what}`);
  };
  if (status !== (expected.status ?? 0)) wrong(`status ${status}, not ${expected.status ?? 0}`);
  for (const pattern of [expected.says ?? []].flat()) {
    if (!pattern.test(`${stdout}${stderr}`)) wrong(`it does not say ${pattern}`);
  }
  for (const pattern of [expected.saysNot ?? []].flat()) {
    if (pattern.test(stdout)) wrong(`it says ${pattern}`);
  }
  return stdout.trim();
}

const daysAgo = (days) => new Date(Date.now() - days * DAY).toISOString();

function run() {
  say('A store, and real input: a package of thousands of files, the sources of hs, and reports about them');
  type('hs init', { says: /created an empty store/ });
  const toolkit = type('hs put $PROJECT/node_modules/es-toolkit --name toolkit --class evidence', {
    says: /^[0-9a-f-]{36}$/m,
  });
  type('cp -r $PROJECT/src src');
  type('hs put src --name sources --source toolkit --label stage=demo');
  type('mkdir reports && find src -name "*.ts" | sort | xargs sha256sum > reports/checksums.txt');
  type('hs put reports/checksums.txt --name checksums --kind report');
  const nights = [1, 2, 3, 4].map((night) =>
    type(
      `find src -name "*.ts" | sort | tail -n +${night} | xargs wc -l > reports/lines-${night}.txt && ` +
        `hs --now ${daysAgo(60 - night)} put reports/lines-${night}.txt --name nightly --kind report --ttl 14`,
      { says: /^[0-9a-f-]{36}$/m },
    ),
  );

  say('Look: names first, and why each thing is still here');
  type('hs ls', { says: [/toolkit/, /sources/, /checksums/, /nightly/] });
  type('hs show nightly', { says: /will be collected: its TTL expired/ });

  say('Pin what must stay, whatever its age');
  type("hs pin 'nightly@{2}' --name incident-42 --reason 'until it is understood'", { says: /incident-42/ });
  const pinned = type("hs resolve 'nightly@{2}'");
  type('hs pins', { says: /incident-42/ });

  say('Out through the one door, compared with the original by tools that know nothing of hs');
  type('hs export toolkit toolkit-copy');
  type('diff -r $PROJECT/node_modules/es-toolkit toolkit-copy && echo no difference', {
    says: /^no difference$/m,
  });
  type(
    'for d in $PROJECT/node_modules/es-toolkit toolkit-copy; do ' +
      '(cd $d && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum); done | uniq -c',
    { says: /^\s+2 [0-9a-f]{64}/m },
  );
  type('hs export checksums checksums.txt && sha256sum --check --quiet checksums.txt && echo all match', {
    says: /^all match$/m,
  });
  type('hs export checksums checksums.txt', { status: 8, says: /hint:/ });

  say('Collect: first what it would take, then for good');
  type('hs gc --dry-run', { says: [/3 artifacts of 7/, /ttl expired/] });
  type('hs gc --yes', { says: /removed 3 artifacts of 7/ });
  type('hs report retention-report', { says: [/3 removed/, /1 pinned/] });
  type('hs ls', { says: [/incident-42/, /toolkit/] });
  type(`hs cat-artifact ${pinned} | cmp - reports/lines-2.txt && echo the pinned one stands`, {
    says: /the pinned one stands/,
  });

  say('Nothing that went is gone yet, and all of it is on record');
  type('hs ls --name nightly', {
    says: new RegExp(nights[1].slice(0, 8)),
    saysNot: new RegExp(nights[0].slice(0, 8)),
  });
  type(`hs restore ${nights[0].slice(0, 8)}`, { says: /restored 1 artifact/ });
  type('hs ls --name nightly', { says: nights.slice(0, 2).map((id) => new RegExp(id.slice(0, 8))) });
  type('hs log', { says: [/created the store/, /restored/i, /collected .*report/] });
  type('hs ledger verify', { says: /one unbroken chain/ });
  type(`hs show ${toolkit}`, { says: /kept: within/ });
}

const start = Date.now();
try {
  run();
} finally {
  if (!keep) removeSync(dir);
}
const seconds = ((Date.now() - start) / 1000).toFixed(0);
if (problems.length > 0) {
  console.error(`\ndemo FAILED, ${problems.length} of ${commands} commands not as promised:`);
  for (const problem of problems) console.error(`  ${problem}`);
  process.exit(1);
}
console.log(
  `\n${commands} commands, each as promised, in ${seconds} s${keep ? `; everything is in ${dir}` : ''}`,
);
