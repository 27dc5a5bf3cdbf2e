import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { unpackTree } from '../helpers/format-fixture.js';
import { hs } from '../helpers/hs.js';
import { makeTempDirectory, type TempDirectory } from '../helpers/tmp.js';
import { secrets } from './corpus.js';

const token = secrets('policy')['github-token']!;
let dir: TempDirectory;
const at = (name: string) => join(dir.path, name);
const runAs = (env: Record<string, string>, args: readonly string[]) => hs(args, { cwd: dir.path, env });
const run = (...args: string[]) => runAs({}, args);
async function ok(...args: string[]) {
  const result = await run(...args);
  expect({ args, ...result }).toMatchObject({ status: 0 });
  return result;
}
async function setPolicy(change: Record<string, unknown>) {
  const policy = JSON.parse((await ok('policy', 'show')).stdout);
  writeFileSync(at('policy.json'), JSON.stringify({ ...policy, ...change }));
  return run('policy', 'set', 'policy.json');
}

beforeEach(async () => {
  dir = await makeTempDirectory();
  writeFileSync(at('a'), 'a\n');
  writeFileSync(at('secret'), `x\nTOKEN=${token}\n`);
  await ok('init');
  await ok('put', 'a', '--name', 'a');
  await ok('put', 'secret', '--name', 'secret');
  mkdirSync(at('tree'));
  for (const name of [token, 'b']) writeFileSync(at(`tree/${name}`), `${name === 'b'}\n`);
  await ok('put', 'tree', '--name', 'tree');
  await ok('init', `other-${token}`);
  const policy = JSON.parse((await ok('policy', 'show')).stdout);
  const grant = { actor: 'ai_job', actor_id: token, capabilities: ['artifact.read'] };
  writeFileSync(at('grant.json'), JSON.stringify({ ...policy, grants: [...policy.grants, grant] }));
});
afterEach(() => dir.remove());

/** Each way in which a person's words are kept for ever. */
type Way = readonly [what: string, args: readonly string[], env?: Record<string, string>];
const WAYS = (
  [
    ['the name of what is put', ['put', 'a', '--name', token]],
    ['a label of what is put', ['put', 'a', '--label', `key=${token}`]],
    ['a file name', ['put', token]],
    ['recorded arguments', ['run', '--sandbox', 'none', '--record-args', '--', 'true', token]],
    ['a note', ['ledger', 'append-note', `see ${token}`]],
    ['the reason of a pin', ['pin', 'a', '--reason', token]],
    ['the reason of a reclassification', ['reclassify', 'a', '--no-exportable', '--reason', token]],
    ['a label', ['label', 'a', `key=${token}`]],
    ['a new name', ['rename', 'a', token]],
    ['the name of a bundle', ['bundle', 'create', 'a', '--name', token]],
    ['the job of an entry', ['label', 'a', 'k=v'], { HS_JOB_ID: token }],
    ['the actor of an entry', ['label', 'a', 'k=v'], { HS_ACTOR: `human:${token}` }],
    ['the job of an export', ['export', 'a'], { HS_JOB_ID: token }],
    ['the job of a run', ['run', '--sandbox', 'none', '--', 'touch', 'ran'], { HS_JOB_ID: token }],
    ['the job of a removal', ['rm', 'a', '--purge', '--yes'], { HS_JOB_ID: token }],
    ['the actor who empties the trash', ['trash', 'empty', '--yes'], { HS_ACTOR: `human:${token}` }],
    ['the view of an export', ['export', 'a', '--display-projection', token]],
    ['the platform of an export', ['export', 'a', '--target', `platform:${token}`]],
    ['the destination of an export', ['export', 'a', `out-${token}`]],
    ['the destination of a push', ['push', 'a', `other-${token}`]],
    ['a file that an export writes', ['export', 'tree']],
    ['the reason of a removal', ['rm', 'a', '--yes', '--reason', token]],
    ['the reason of a purge', ['rm', 'a', '--purge', '--yes', '--reason', token]],
    ['a grant of a policy', ['policy', 'set', 'grant.json']],
    [
      'a word behind a line break',
      ['run', '--sandbox', 'none', '--record-args', '--', 'true', `a\n${token}`],
    ],
  ] as readonly Way[]
).map(([what, args, env = {}]) => [what, args, env] as const);

function everything(): string {
  return readdirSync(at('.hsstore/ledger'), { recursive: true, withFileTypes: true })
    .filter((e) => e.isFile())
    .map((e) => readFileSync(join(e.parentPath, e.name), 'utf8'))
    .join('\n');
}

/** What is beside the store, and in the other one. */
function everywhere(): string[] {
  const names = readdirSync(dir.path, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => !name.startsWith('.hsstore') && !/\/(?:leases|cache)\//.test(name)).sort();
}

describe('by the default policy', () => {
  it.each(WAYS)('a secret in %s is warned of, and kept', async (_, args, env) => {
    writeFileSync(at(token), 'by name\n');
    const { status, stderr } = await runAs(env, args);
    expect({ status, stderr }).toMatchObject({ status: 0 });
    expect(stderr).toContain('looks like a secret (github-token)');
    expect(stderr.replaceAll(token, '')).not.toContain(token.slice(0, 12));
  });

  it('a promotion warns of secrets in the payload, and succeeds', async () => {
    const { stderr } = await ok('promote', 'secret');
    expect(stderr).toContain('looks like a secret at 2:7 (github-token)');
    expect(stderr).not.toContain(token);
    expect((await ok('promote', 'a')).stderr).not.toContain('secret');
  });
});

describe('by a policy that refuses secrets', () => {
  beforeEach(async () => {
    expect((await setPolicy({ secrets: { on_detect: 'refuse' } })).status).toBe(0);
  });

  it.each(WAYS)('one in %s is refused, and the record of that does not hold it', async (_, args, env) => {
    writeFileSync(at(token), 'by name\n');
    const before = everywhere();
    const { status, stderr } = await runAs(env, args);
    // hs run keeps 125 for its own failures.
    expect({ status, stderr }).toMatchObject({ status: args[0] === 'run' ? 125 : 6 });
    expect(stderr).toContain('looks like a secret (github-token)');
    const ledger = everything();
    expect(ledger).toContain('looks like a secret');
    expect(ledger).not.toContain(token.slice(0, 12));
    // Nothing was written outside, or started, or removed.
    expect(everywhere()).toEqual(before);
    for (const name of ['a', 'tree']) expect((await ok('ls', '--name', name)).stdout).toContain(name);
    expect(readdirSync(at('.hsstore/trash'))).toEqual([]);
  });

  it('what has happened is recorded with a warning', async () => {
    const link = 'ln -s nowhere "$HS_OUT/$0"';
    const { stderr } = await run('run', '--sandbox', 'none', '--', 'sh', '-c', link, token);
    expect(stderr).toContain('text in the ledger looks like a secret (github-token)');
    expect(everything()).toContain('"type":"tool_run"');
  });

  it('text without secrets is accepted', async () => {
    await ok('put', 'a', '--name', 'b', '--label', 'stage=test');
    await ok('pin', 'b', '--reason', 'release 1.2');
  });

  it('a promotion of a payload with a secret fails that gate', async () => {
    const { status, stderr } = await run('promote', 'secret');
    expect(status).toBe(6);
    expect(stderr).toContain('looks like a secret at 2:7 (github-token)');
    await ok('promote', 'a');
  });
});

it('a store of before the feature does not take such a policy: older programs could not read it', async () => {
  mkdirSync(at('old'));
  await unpackTree(
    readFileSync(join(import.meta.dirname, '../../fixtures/format-1/store.tar.gz')),
    at('old'),
  );
  const old = (...args: string[]) => hs(args, { cwd: at('old') });
  const { stdout } = await old('policy', 'show');
  const policy = JSON.parse(stdout);
  writeFileSync(at('policy.json'), JSON.stringify({ ...policy, secrets: { on_detect: 'warn' } }));
  const { status, stderr } = await old('policy', 'set', at('policy.json'));
  expect({ status, stderr }).toMatchObject({ status: 2 });
  expect(stderr).toContain("settings that this store's format cannot hold");
});
