import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureDirSync } from 'fs-extra/esm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeEnvelope, openEnvelope, preAuthEncoding } from '../../src/core/evidence/dsse.js';
import { openStore, verifyAttestation, verifyProof } from '../../src/index.js';
import { hs } from '../helpers/hs.js';
import { makeTempDirectory, type TempDirectory } from '../helpers/tmp.js';

const has = (tool: string) => spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0;
const hasOpenssl = has('openssl');
const hasJq = has('jq');
const hasSshKeygen = has('ssh-keygen');

let dir: TempDirectory;
const at = (name: string) => join(dir.path, name);
const read = (name: string) => readFileSync(at(name), 'utf8');
const run = (...args: string[]) => hs(args, { cwd: dir.path });
async function ok(...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await run(...args);
  expect({ args, status, stderr }).toMatchObject({ status: 0 });
  return stdout;
}
const made = (...rest: string[]) => ['run', '--sandbox', 'none', '--source', 'input', ...rest];
const attested = ['--attest', '--key', 'key.pem'];

beforeAll(async () => {
  dir = await makeTempDirectory();
  process.env.XDG_STATE_HOME = at('state');
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  writeFileSync(at('key.pem'), privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
  writeFileSync(at('key.pub'), publicKey.export({ format: 'pem', type: 'spki' }));
  const other = generateKeyPairSync('ed25519').publicKey;
  writeFileSync(at('other.pub'), other.export({ format: 'pem', type: 'spki' }));
  writeFileSync(at('input.txt'), 'input\n');
  await ok('init');
  await ok('put', 'input.txt', '--name', 'input');
  await ok(...made('--name', 'one', '--each', '--record-args'), '--', 'sh', '-c', 'echo 1 > "$HS_OUT/a.txt"');
  await ok(
    ...made('--name', 'tree'),
    '--',
    'sh',
    '-c',
    'mkdir "$HS_OUT/d"; echo 1 > "$HS_OUT/d/a"; echo 2 > "$HS_OUT/b"',
  );
  await ok('export', 'one/a.txt', 'out.txt', ...attested);
  await ok('export', 'tree', 'out', ...attested);
});
afterAll(() => dir.remove());

/** The example of the DSSE protocol, with its ECDSA key. */
const PROTOCOL = {
  payloadType: 'http://example.com/HelloWorld',
  payload: 'aGVsbG8gd29ybGQ=',
  signatures: [
    { sig: 'A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA==' },
  ],
};
const X = 46950820868899156662930047687818585632848591499744589407958293238635476079160n;
const Y = 5640078356564379163099075877009565129882514886557779369047442380624545832820n;

describe('the vectors of the DSSE protocol', () => {
  const coordinate = (n: bigint) =>
    Buffer.from(n.toString(16).padStart(64, '0'), 'hex').toString('base64url');
  const key = createPublicKey({
    format: 'jwk',
    key: { kty: 'EC', crv: 'P-256', x: coordinate(X), y: coordinate(Y) },
  });
  const open = (envelope: typeof PROTOCOL) =>
    openEnvelope(decodeEnvelope(Buffer.from(JSON.stringify(envelope))), (signed, sig) =>
      verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, sig),
    ).toString();

  it('signs type and payload with their lengths', () => {
    expect(preAuthEncoding(PROTOCOL.payloadType, Buffer.from('hello world')).toString()).toBe(
      'DSSEv1 29 http://example.com/HelloWorld 11 hello world',
    );
    expect(preAuthEncoding('é', Buffer.from('ü')).toString()).toBe('DSSEv1 2 é 2 ü');
  });

  it('its envelope opens, and no changed one does', () => {
    expect(open(PROTOCOL)).toBe('hello world');
    expect(() => open({ ...PROTOCOL, payloadType: 'http://example.com/HelloWorlds' })).toThrow(/not signed/);
    expect(() => open({ ...PROTOCOL, payload: 'aGVsbG8gd29ybGRz' })).toThrow(/not signed/);
  });
});

describe('an attestation', () => {
  it('matches in-toto and SLSA, with the fields of the manifest', async () => {
    const { payload, payloadType } = decodeEnvelope(readFileSync(at('out.txt.intoto.json')));
    const text = await ok('cat-artifact', '--manifest', 'one/a.txt');
    const manifest = JSON.parse(text);
    const { provenance } = manifest;
    const [source] = manifest.source_artifact_refs;
    const event = JSON.parse(await ok('log', 'one/a.txt', '--type', 'tool_run', '--json')).results[0];
    const entry = JSON.parse(
      await ok('ledger', 'cat', '--from', String(event.seq), '--to', String(event.seq)),
    );
    const { store_id } = JSON.parse(read('.hsstore/format.json'));
    expect(payloadType).toBe('application/vnd.in-toto+json');
    expect(JSON.parse(payload.toString())).toEqual({
      _type: 'https://in-toto.io/Statement/v1',
      subject: [{ name: 'one/a.txt', digest: { sha256: manifest.content_hash } }],
      predicateType: 'https://slsa.dev/provenance/v1',
      predicate: {
        buildDefinition: {
          buildType: 'urn:hs:run:1',
          externalParameters: {
            program: 'sh',
            arguments: provenance.arguments,
            argumentsHash: provenance.arguments_hash,
          },
          internalParameters: { sandbox: provenance.sandbox },
          resolvedDependencies: [{ uri: source.uri, digest: { sha256: source.content_hash } }],
        },
        runDetails: {
          builder: { id: `urn:hs:store:${store_id}`, version: { hs: provenance.engine_version } },
          metadata: {
            invocationId: `urn:uuid:${entry.payload.run_id}`,
            startedOn: provenance.started_at,
            finishedOn: provenance.ended_at,
            hs_exitStatus: 0,
          },
          byproducts: [
            {
              name: 'artifact.json',
              uri: `urn:uuid:${manifest.artifact_id}`,
              digest: { sha256: createHash('sha256').update(text.trimEnd()).digest('hex') },
            },
          ],
        },
      },
    });
  });

  it('of a directory is about each of its files', () => {
    const { payload } = decodeEnvelope(readFileSync(at('out.intoto.json')));
    const { subject, predicate } = JSON.parse(payload.toString());
    expect(subject.map((s: { name: string }) => s.name)).toEqual(['b', 'd/a']);
    expect(predicate.buildDefinition.externalParameters).not.toHaveProperty('arguments');
    expect(predicate.runDetails.byproducts.map((b: { name: string }) => b.name)).toEqual([
      'artifact.json',
      'bundle_index',
    ]);
  });

  it.skipIf(!hasOpenssl)('is verified by openssl (needs openssl)', () => {
    const { payload, payloadType, signatures } = decodeEnvelope(readFileSync(at('out.txt.intoto.json')));
    writeFileSync(at('signature'), signatures[0]!.sig);
    const status = (body: Buffer) => {
      writeFileSync(at('signed'), `DSSEv1 ${payloadType.length} ${payloadType} ${body.length} ${body}`);
      const args = ['pkeyutl', '-verify', '-pubin', '-inkey', 'key.pub', '-rawin', '-in', 'signed'];
      return spawnSync('openssl', [...args, '-sigfile', 'signature'], { cwd: dir.path }).status;
    };
    expect(status(payload)).toBe(0);
    expect(status(Buffer.from(payload.toString().replace('"sh"', '"ls"')))).not.toBe(0);
  });

  it.skipIf(!hasJq)('is read by jq (needs jq)', () => {
    const filter =
      '.payload | @base64d | fromjson | .predicateType, .subject[0].digest.sha256, .predicate.buildDefinition.externalParameters.program';
    const lines = execFileSync('jq', ['-r', filter, at('out.txt.intoto.json')])
      .toString()
      .split('\n');
    const sum = execFileSync('sha256sum', [at('out.txt')])
      .toString()
      .slice(0, 64);
    expect(lines.slice(0, 3)).toEqual(['https://slsa.dev/provenance/v1', sum, 'sh']);
  });

  it.skipIf(!hasSshKeygen)(
    'names the key as ssh-keygen does, and is signed by one of OpenSSH (needs ssh-keygen)',
    async () => {
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', at('id'), '-C', 'ada@example.org']);
      await ok('export', 'tree', 'ssh', '--attest', '--key', 'id');
      const [signature] = decodeEnvelope(readFileSync(at('ssh.intoto.json'))).signatures;
      expect(execFileSync('ssh-keygen', ['-lf', at('id.pub')]).toString()).toContain(` ${signature!.keyid} `);
      await ok('proof', 'verify', 'ssh.intoto.json', '--pubkey', 'id.pub', '--subject', 'ssh');
    },
  );

  it('is the same bytes for the same artifact and key, and one artifact', async () => {
    await ok('export', 'one/a.txt', 'again.txt', ...attested);
    expect(read('again.txt.intoto.json')).toBe(read('out.txt.intoto.json'));
    const id = JSON.parse(await ok('cat-artifact', '--manifest', 'one/a.txt')).artifact_id;
    const named = await ok('for-each-artifact', '--filter', `name=provenance/${id}.intoto.json`);
    expect(named.trim().split('\n')).toHaveLength(1);
  });

  it('is decided and recorded as an export of its own', async () => {
    const { results } = JSON.parse(await ok('export', 'one/a.txt', 'r.txt', ...attested, '--json'));
    expect(results.map((r: { target: string }) => r.target)).toEqual([at('r.txt'), at('r.txt.intoto.json')]);
    const records = JSON.parse(await ok('log', '--type', 'export_record', '--json')).results;
    expect(records.length).toBeGreaterThan(1);
    const both = await run('export', 'one/a.txt', 'r.txt', ...attested);
    expect(both.status).toBe(8);
    await ok('export', 'one/a.txt', 'r.txt', ...attested, '--force');
  });
});

describe('proof verify', () => {
  const check = (file: string, ...rest: string[]) =>
    run('proof', 'verify', file, '--pubkey', 'key.pub', ...rest);

  it('states which run made what, and verifies a file or directory against it', async () => {
    const file = await check('out.txt.intoto.json', '--subject', 'out.txt');
    expect(file.stdout).toMatch(/^signed: 1 file made by sh, urn:hs:store:.*, run urn:uuid:/);
    expect(file.stdout).toContain('matched: 1 file');
    const tree = await check('out.intoto.json', '--subject', 'out', '--json');
    expect(JSON.parse(tree.stdout)).toMatchObject({ proven: 'provenance', matched: 2 });
    await ok('export', 'tree', 'with', '--with-manifest');
    expect((await check('out.intoto.json', '--subject', 'with')).status).toBe(0);
  });

  it('is not fooled by a changed, missing or added file, nor by another key or a changed envelope', async () => {
    ensureDirSync(at('bad/d'));
    const tree = async (a: string, b?: string, c?: string) => {
      execFileSync('rm', ['-rf', at('bad/b'), at('bad/c')]);
      writeFileSync(at('bad/d/a'), a);
      if (b !== undefined) writeFileSync(at('bad/b'), b);
      if (c !== undefined) writeFileSync(at('bad/c'), c);
      return (await check('out.intoto.json', '--subject', 'bad')).status;
    };
    expect(await tree('1\n', '2\n')).toBe(0);
    expect(await tree('9\n', '2\n')).toBe(5);
    expect(await tree('1\n')).toBe(5);
    expect(await tree('1\n', '2\n', '3\n')).toBe(5);
    expect((await check('out.txt.intoto.json', '--subject', 'input.txt')).status).toBe(5);
    const other = await run('proof', 'verify', 'out.txt.intoto.json', '--pubkey', 'other.pub');
    expect(other.status).toBe(5);
    const envelope = JSON.parse(read('out.txt.intoto.json'));
    const payload = Buffer.from(envelope.payload, 'base64').toString().replace('"sh"', '"ls"');
    const forged = { ...envelope, payload: Buffer.from(payload).toString('base64') };
    writeFileSync(at('forged.json'), JSON.stringify(forged));
    expect((await check('forged.json')).status).toBe(5);
    writeFileSync(at('none.json'), '{"payloadType":1}');
    expect((await check('none.json')).status).toBe(5);
  });
});

describe('artifacts that are not attested', () => {
  it('include any that no run of this store made, whatever its manifest says', async () => {
    expect((await run('export', 'input', 'x', ...attested)).status).toBe(4);
    const { artifact_id, revision, supersedes, ...rest } = JSON.parse(
      await ok('cat-artifact', '--manifest', 'one/a.txt'),
    );
    writeFileSync(at('m.json'), JSON.stringify({ ...rest, name: 'forged' }));
    await ok('write-manifest', 'm.json');
    const forged = await run('export', 'forged', 'x', ...attested);
    expect({ status: forged.status, stderr: forged.stderr }).toMatchObject({ status: 4 });
    expect(forged.stderr).toContain('no run of this store made');
  });

  it('cannot be written beside standard output', async () => {
    expect((await run('export', 'one/a.txt', '-', ...attested)).status).toBe(2);
    expect((await run('export', 'one/a.txt', 'x', '--key', 'key.pem')).status).toBe(2);
    expect((await run('export', 'one/a.txt', 'x', '--attest', '--key', 'nokey')).status).toBe(4);
  });

  it('leaves only with consent to its subject, if that is high', async () => {
    const high = ['--classification', 'high', '--ttl', '9', '--name', 'high', '--each'];
    await ok('run', '--sandbox', 'none', ...high, '--', 'sh', '-c', 'echo s > "$HS_OUT/s"');
    expect((await run('export', 'high/s', 'h', ...attested)).status).toBe(6);
    await ok('reclassify', 'high/s', '--exportable', '--reason', 'r');
    const { content_hash } = JSON.parse(await ok('cat-artifact', '--manifest', 'high/s'));
    await ok('export', 'high/s', 'h', ...attested, '--consent', content_hash);
    await ok('proof', 'verify', 'h.intoto.json', '--pubkey', 'key.pub', '--subject', 'h');
  });
});

describe('a bundle', () => {
  it('includes the attestations of run outputs, and passes bundle verify', async () => {
    await ok('bundle', 'create', 'one/a.txt', 'tree', 'input', '--name', 'b', ...attested);
    await ok('export', 'b', 'b.tar');
    const { members } = JSON.parse(await ok('bundle', 'verify', 'b.tar', '--json'));
    expect(members).toBe(5);
    mkdirSync(at('unpacked'));
    execFileSync('tar', ['-xf', at('b.tar'), '-C', at('unpacked')]);
    const rows = JSON.parse(await ok('bundle', 'ls', 'b.tar', '--json')).results;
    const envelopes = rows.filter((r: { name?: string }) => r.name?.endsWith('.intoto.json'));
    expect(envelopes).toHaveLength(2);
    for (const { artifact_id, name } of envelopes) {
      const of = name.slice('provenance/'.length, -'.intoto.json'.length);
      const member = (id: string) => join('unpacked/members', id, 'payload');
      const args = ['--pubkey', 'key.pub', '--subject', member(of)];
      await ok('proof', 'verify', member(artifact_id), ...args);
    }
    expect((await run('bundle', 'create', 'input', ...attested)).status).toBe(4);
  });
});

describe('the library', () => {
  it('signs, proves, attests and verifies as the commands do', async () => {
    const store = await openStore({ store: dir.path });
    const key = at('key.pem');
    const [publicKey, otherKey] = [read('key.pub'), read('other.pub')];
    const older = (await store.signLedger(key)).note;
    await store.note('grown');
    const newer = (await store.signLedger(key, { name: 'ada' })).note;
    expect((await store.compareWithCheckpoint(newer, publicKey)).storeId).toBe(store.id);
    expect(verifyProof(await store.proveEntry(1, newer), publicKey).entry?.seq).toBe(1);
    const growth = await store.proveGrowth(older, newer);
    expect(verifyProof(growth, publicKey).older?.size).toBeGreaterThan(1);
    expect(() => verifyProof(growth, otherKey)).toThrow(/not signed by this key/);
    const [payload, attestation] = await store.exportAttested('tree', key, at('by-library'));
    expect(attestation.target).toBe(`${payload.target}.intoto.json`);
    const statement = verifyAttestation(readFileSync(attestation.target), publicKey);
    expect(statement.subject.map((s) => s.name)).toEqual(['b', 'd/a']);
    expect(() => verifyAttestation(readFileSync(attestation.target), otherKey)).toThrow(/not signed/);
    expect((await store.bundle(['tree'], { attest: key })).members).toBe(2);
    await store.close();
  });
});
