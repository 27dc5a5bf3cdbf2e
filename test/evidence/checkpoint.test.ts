import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readJsonSync } from 'fs-extra/esm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseNote } from '../../src/core/evidence/signed-note.js';
import { hs } from '../helpers/hs.js';
import { makeTempDirectory, type TempDirectory } from '../helpers/tmp.js';

const has = (tool: string) => spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0;
const hasOpenssl = has('openssl');
const hasSshKeygen = has('ssh-keygen');
const hasAgent = hasSshKeygen && has('ssh-agent') && has('ssh-add');

let dir: TempDirectory;
const at = (name: string) => join(dir.path, name);
const run = (args: readonly string[], env: Record<string, string> = {}) => hs(args, { cwd: dir.path, env });
async function ok(args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const { status, stdout, stderr } = await run(args, env);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

beforeAll(async () => {
  dir = await makeTempDirectory();
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  writeFileSync(at('key.pem'), privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
  writeFileSync(at('key.pub'), publicKey.export({ format: 'pem', type: 'spki' }));
  const other = generateKeyPairSync('ed25519').publicKey;
  writeFileSync(at('other.pub'), other.export({ format: 'pem', type: 'spki' }));
  writeFileSync(at('a.txt'), 'a\n');
  await ok(['init']);
  await ok(['put', 'a.txt', '--name', 'a']);
  writeFileSync(at('older'), await ok(['ledger', 'sign', '--key', 'key.pem']));
  for (const pin of ['one', 'two', 'three']) await ok(['pin', 'a', '--name', pin, '--quiet']);
  writeFileSync(at('newer'), await ok(['ledger', 'sign', '--key', 'key.pem']));
});
afterAll(() => dir.remove());

describe('a checkpoint', () => {
  it('states store, size, root and head', async () => {
    const { text } = parseNote(readFileSync(at('newer'), 'utf8'));
    const [seq, hash] = (await ok(['ledger', 'head'])).trim().split(' ');
    const { store_id } = readJsonSync(at('.hsstore/format.json'));
    const lines = text.split('\n');
    expect(lines[0]).toBe(`hsstore/${store_id}`);
    expect(lines[1]).toBe(`${Number(seq) + 1}`);
    expect(lines[3]).toBe(`head ${hash}`);
  });

  it.skipIf(!hasOpenssl)('is verified by openssl (needs openssl)', () => {
    const { text, signatures } = parseNote(readFileSync(at('newer'), 'utf8'));
    writeFileSync(at('text'), text);
    writeFileSync(at('signature'), signatures[0]!.bytes);
    const verify = ['pkeyutl', '-verify', '-pubin', '-inkey', 'key.pub', '-rawin', '-in', 'text'];
    const args = [...verify, '-sigfile', 'signature'];
    expect(spawnSync('openssl', args, { cwd: dir.path }).status).toBe(0);
    writeFileSync(at('text'), text.replace('head', 'tail'));
    expect(spawnSync('openssl', args, { cwd: dir.path }).status).not.toBe(0);
  });

  it('matches the beginning of the ledger, or the ledger was rewritten', async () => {
    const check = ['ledger', 'verify', '--checkpoint', 'older', '--pubkey'];
    expect(await ok([...check, 'key.pub'])).toContain('it begins with the 2 entries of the checkpoint');
    expect((await run([...check, 'other.pub'])).status).toBe(5);
    writeFileSync(at('changed'), readFileSync(at('older'), 'utf8').replace('\n2\n', '\n3\n'));
    const changed = await run(['ledger', 'verify', '--checkpoint', 'changed', '--pubkey', 'key.pub']);
    expect(changed.status).toBe(5);
    expect(changed.stderr).toContain('not signed by this key');
  });

  it('finds a ledger that was cut and grown again, anchor and all', async () => {
    const copy = await makeTempDirectory();
    execFileSync('cp', ['-a', at('.hsstore'), copy.path]);
    for (const seq of [2, 3, 4]) rmSync(join(copy.path, `.hsstore/ledger/000000/000000000${seq}.json`));
    const env = { XDG_STATE_HOME: copy.path };
    const inCopy = (args: readonly string[]) => hs(args, { cwd: copy.path, env });
    for (let i = 0; i < 3; i++) await inCopy(['pin', 'a', '--name', `forged-${i}`]);
    expect((await inCopy(['ledger', 'verify'])).status).toBe(0);
    const compared = await inCopy([
      'ledger',
      'verify',
      '--checkpoint',
      at('newer'),
      '--pubkey',
      at('key.pub'),
    ]);
    expect(compared.status).toBe(5);
    expect(compared.stderr).toContain('are not those of the checkpoint');
    await copy.remove();
  });
});

describe('a proof', () => {
  const verify = (file: string, key = 'key.pub') => run(['proof', 'verify', file, '--pubkey', key]);

  it('of one entry stands without the store', async () => {
    writeFileSync(at('proof.json'), await ok(['ledger', 'prove', '1', '--checkpoint', 'newer']));
    const alone = await makeTempDirectory();
    for (const name of ['proof.json', 'key.pub']) execFileSync('cp', [at(name), alone.path]);
    const { status, stdout } = await hs(['proof', 'verify', 'proof.json', '--pubkey', 'key.pub'], {
      cwd: alone.path,
    });
    expect(status).toBe(0);
    expect(stdout).toMatch(/^proven: entry 1 \(artifact_created, .*human:tester\) is in the ledger/);
    await alone.remove();
  });

  it('fails when one character of the entry, the path or the note was changed, or by another key', async () => {
    const text = readFileSync(at('proof.json'), 'utf8');
    expect((await verify('proof.json', 'other.pub')).status).toBe(5);
    const changes = [
      text.replace('human', 'robot'),
      text.replace('artifact_created', 'note'),
      text.replace(/"path":\["(.)/, (_, c) => `"path":["${c === 'A' ? 'B' : 'A'}`),
      text.replace('\\nhead ', '\\nhead 0'),
      text.replace('"path":[', '"path":[ '),
      text.slice(0, -20),
    ];
    for (const changed of changes) {
      expect(changed).not.toBe(text);
      writeFileSync(at('changed.json'), changed);
      expect((await verify('changed.json')).status).toBe(5);
    }
  });

  it('proves that a newer checkpoint extends an older one', async () => {
    writeFileSync(
      at('grown.json'),
      await ok(['ledger', 'prove', '--from', 'older', '--checkpoint', 'newer']),
    );
    const { status, stdout } = await verify('grown.json');
    expect(status).toBe(0);
    expect(stdout).toContain('continues that with 2');
    const swapped = await run(['ledger', 'prove', '--from', 'newer', '--checkpoint', 'older']);
    expect(swapped.status).toBe(2);
  });

  it('of an entry that is newer than the checkpoint cannot be had', async () => {
    expect((await run(['ledger', 'prove', '3', '--checkpoint', 'older'])).status).toBe(4);
    expect((await run(['ledger', 'prove', '--checkpoint', 'older'])).status).toBe(2);
  });
});

describe('keys of OpenSSH', () => {
  it.skipIf(!hasSshKeygen)('sign and verify from their files (needs ssh-keygen)', async () => {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', at('id'), '-C', 'ada@example.org']);
    writeFileSync(at('ssh-note'), await ok(['ledger', 'sign', '--key', 'id']));
    await ok(['ledger', 'verify', '--checkpoint', 'ssh-note', '--pubkey', 'id.pub']);
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'secret', '-f', at('locked')]);
    const locked = await run(['ledger', 'sign', '--key', 'locked']);
    expect(locked.status).toBe(2);
    expect(locked.stderr).toContain('passphrase');
  });

  it.skipIf(!hasAgent)('sign by the agent (needs ssh-agent)', async () => {
    const socket = at('agent');
    const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
    try {
      for (
        let tries = 0;
        spawnSync('ssh-add', ['-l'], { env: { ...process.env, SSH_AUTH_SOCK: socket } }).status === 2;
        tries++
      ) {
        if (tries > 100) throw new Error('the agent does not start');
        await new Promise((done) => setTimeout(done, 50));
      }
      const none = await run(['ledger', 'sign'], { SSH_AUTH_SOCK: socket });
      expect(none.stderr).toContain('has no Ed25519 key');
      chmodSync(at('id'), 0o600);
      execFileSync('ssh-add', ['-q', at('id')], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
      writeFileSync(at('agent-note'), await ok(['ledger', 'sign'], { SSH_AUTH_SOCK: socket }));
      await ok(['ledger', 'verify', '--checkpoint', 'agent-note', '--pubkey', 'id.pub']);
    } finally {
      agent.kill();
    }
  });

  it('without an agent is a usage error that says so', async () => {
    const { status, stderr } = await run(['ledger', 'sign']);
    expect(status).toBe(2);
    expect(stderr).toContain('no SSH agent: SSH_AUTH_SOCK');
  });
});
