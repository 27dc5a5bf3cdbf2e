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
const run = (...args: string[]) => hs(args, { cwd: dir.path });
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
});
afterEach(() => dir.remove());

/** Each way in which a person's words are kept for ever. */
const WAYS: readonly (readonly [string, readonly string[]])[] = [
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
];

function everything(): string {
  return readdirSync(at('.hsstore/ledger'), { recursive: true, withFileTypes: true })
    .filter((e) => e.isFile())
    .map((e) => readFileSync(join(e.parentPath, e.name), 'utf8'))
    .join('\n');
}

describe('by the default policy', () => {
  it.each(WAYS)('a secret in %s is warned of, and kept', async (_, args) => {
    writeFileSync(at(token), 'by name\n');
    const { stderr } = await ok(...args);
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

  it.each(WAYS)('one in %s is refused, and the record of that does not hold it', async (_, args) => {
    writeFileSync(at(token), 'by name\n');
    const { status, stderr } = await run(...args);
    // hs run keeps 125 for its own failures.
    expect({ status, stderr }).toMatchObject({ status: args[0] === 'run' ? 125 : 6 });
    expect(stderr).toContain('looks like a secret (github-token)');
    const ledger = everything();
    expect(ledger).toContain('looks like a secret');
    expect(ledger).not.toContain(token.slice(0, 12));
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
