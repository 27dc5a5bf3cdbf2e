import { execFile, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ensureDir } from 'fs-extra/esm';
import { beforeAll, describe, expect, it } from 'vitest';
import { registry } from '../../commands/registry.js';
import { HS_PROGRAM, hsEnvironment } from '../helpers/hs.js';
import { makeTempDirectory } from '../helpers/tmp.js';
import { FakeS3 } from '../s3/fake-s3.js';
import { serve } from '../s3/fake-server.js';

/**
 * The examples of every page are run as they are printed, each in its own copy of one workspace that
 * has what they speak of. Ids in them stand for real ones.
 */
const FILES: Readonly<Record<string, string>> = {
  'report.html': '<p>all good</p>\n',
  'notes.txt': 'notes\n',
  'files.txt': 'notes.txt\nreport.html\n',
  'dist/app.js': 'console.log(1)\n',
  'src/main.c': 'int main(void) { return 0; }\n',
  'dataset/rows.csv': 'a,b\n1,2\n',
  'bin/make': '#!/bin/sh\necho built\n',
  'bin/dot': '#!/bin/sh\nexec grep digraph\n',
  'evaluate.py': '#!/bin/sh\necho 0.97 > "$HS_OUT/score"\n',
};

const SETUP = `set -e
hs init
hs put report.html --kind report --name nightly
hs put report.html --kind report --name report
echo more >> report.html
hs put report.html --kind report --name report
hs put dist --name dist
echo more >> dist/app.js
hs put dist --name dist
hs put dataset --name data
hs put dataset --name dataset
hs put notes.txt --name env-dump
hs pin report --name release-1.2
HS_NOW=2020-01-01 hs put notes.txt --name old --ttl 1 > old-id
hs gc --yes
HS_NOW=2020-01-01 hs put src --name older --ttl 1
hs plan-prune > plan.jsonl
hs policy show > policy.json
hs export "$(hs bundle create report data --name delivery)" delivery.tar --format tar
cp "$KEYS"/key.pem "$KEYS"/key.pub .
hs ledger sign --key key.pem > checkpoint
hs ledger prove 0 --checkpoint checkpoint > proof.json
hs run --sandbox none --name built -- sh -c 'echo 1 > "$HS_OUT/score"'
hs export built built --attest --key key.pem
hs export dist layout --format oci
hs init ../shared
hs --store ../shared/.hsstore put notes.txt --name nightly
mkdir -p ~/project/.handshake/artifacts
mkdir build ~/.zfunc ~/.config ~/.config/fish ~/.config/fish/completions`;

/** What must be different for one example: steps before it, or a status that is its answer. */
const SPECIAL: Readonly<Record<string, { readonly before?: string; readonly status?: number }>> = {
  'hs init': { before: 'rm -r .hsstore' },
  'hs export dist layout --format oci': { before: 'rm -r layout' },
  'hs export nightly report.html': { before: 'rm report.html' },
  'hs diff dist@{1} dist': { status: 1 },
  'hs gc --dry-run --exit-code --quota 10GiB': { status: 1 },
  'hs trash empty dist --reason "leaked secret" --yes': { before: 'hs rm dist --yes' },
  'hs ledger accept-rollback --reason "restored from the copy of Monday"': {
    before: 'cp -a .hsstore copy && hs ledger append-note later && rm -r .hsstore && mv copy .hsstore',
  },
};

const needsSandbox = /^hs run /;
const hasSandbox = spawnSync('bwrap', ['--version']).error === undefined;

let base = '';
let shared: Record<string, string> = {};
let ids: (readonly [pattern: RegExp, id: string])[] = [];

function environmentIn(workspace: string): Record<string, string> {
  return {
    ...shared,
    HOME: `${workspace}/home`,
    XDG_STATE_HOME: `${workspace}/home/state`,
    PATH: `${workspace}/bin:${process.env.PATH}`,
  };
}

async function bash(workspace: string, script: string) {
  const options = { cwd: workspace, env: environmentIn(workspace) };
  const running = promisify(execFile)('bash', ['-o', 'pipefail', '-c', script], options);
  running.child.stdin?.end();
  try {
    return { status: 0, ...(await running) };
  } catch (e) {
    const { code, stdout, stderr } = e as { code: number | null; stdout: string; stderr: string };
    return { status: code, stdout, stderr };
  }
}

beforeAll(async () => {
  const { path, remove } = await makeTempDirectory();
  base = path;
  shared = await hsEnvironment();
  const workspace = join(base, 'base');
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const service = await serve(new FakeS3());
  shared = {
    ...shared,
    KEYS: base,
    EDITOR: 'true',
    AWS_ENDPOINT_URL_S3: service.endpoint,
    AWS_REGION: 'here',
    AWS_ACCESS_KEY_ID: 'id',
    AWS_SECRET_ACCESS_KEY: 'secret',
  };
  await writeFile(join(base, 'key.pem'), privateKey.export({ format: 'pem', type: 'pkcs8' }));
  await writeFile(join(base, 'key.pub'), publicKey.export({ format: 'pem', type: 'spki' }));
  for (const [name, text] of Object.entries(FILES)) {
    await ensureDir(join(workspace, name, '..'));
    await writeFile(join(workspace, name), text);
  }
  for (const program of ['bin/make', 'bin/dot', 'evaluate.py']) await chmod(join(workspace, program), 0o755);
  await symlink(HS_PROGRAM, join(workspace, 'bin', 'hs'));
  await mkdir(join(workspace, 'home'));
  const made = await bash(workspace, SETUP);
  expect({ status: made.status, stderr: made.stderr }).toMatchObject({ status: 0 });
  const id = async (script: string) => (await bash(workspace, script)).stdout.trim();
  ids = [
    [/\ba1b2c3(d4)?\b/g, await id('hs resolve report')],
    [/\/srv\/hs\b/g, '../shared'],
    [/\bd4e5f6\b/g, await id('hs resolve data')],
    [/\b1f2e3d4c\b/g, await id('cat old-id')],
    [
      /\b9a8b7c6d\b/g,
      await id(`hs report --json | grep -oE '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}' | head -n 1`),
    ],
  ];
  return async () => {
    await service.close();
    await remove();
  };
}, 60_000);

const examples = await Promise.all(
  Object.values(registry)
    .filter((entry) => !entry.hidden)
    .map(async (entry) => {
      const { spec } = await entry.load();
      return (spec.examples ?? []).map((e) => e.command);
    }),
);
const WRITES = new RegExp(
  `hs (${(await Promise.all(Object.values(registry).map((entry) => entry.load())))
    .filter(({ spec }) => spec.opens === 'write')
    .map(({ spec }) => spec.name)
    .join('|')})\\b`,
);

describe('the example', () => {
  it.for(examples.flat().map((command, i) => [command, i] as const))(
    '%s',
    async ([command, number], { skip }) => {
      skip(needsSandbox.test(command) && !hasSandbox, 'bwrap is not installed');
      const { before, status = 0 } = SPECIAL[command] ?? {};
      const own = WRITES.test(command) || before !== undefined;
      if (own) spawnSync('cp', ['-a', join(base, 'base'), join(base, `example-${number}`)]);
      const workspace = join(base, own ? `example-${number}` : 'base');
      if (before !== undefined) expect(await bash(workspace, before)).toMatchObject({ status: 0 });
      const concrete = ids.reduce((text, [pattern, id]) => text.replace(pattern, id), command);
      const result = await bash(workspace, concrete);
      expect(result).toMatchObject({ status });
      expect(result.stderr).not.toContain('hs: error');
    },
  );
});
