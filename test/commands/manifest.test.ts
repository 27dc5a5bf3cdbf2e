import { createHash } from 'node:crypto';
import { readdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inside } from '../helpers/inside.js';
import { tmp } from '../helpers/tmp.js';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const MIB = 1024 * 1024;

async function workspace() {
  const cwd = await tmp();
  const hs = inside(cwd);
  expect((await hs(['init'])).status).toBe(0);
  const content_hash = (await hs(['hash-object', '-w', '--stdin'], { stdin: 'hello' })).stdout.trim();
  const write = (manifest: unknown, env = {}) =>
    hs(['write-manifest', '--stdin'], {
      stdin: typeof manifest === 'string' ? manifest : JSON.stringify(manifest),
      env,
    });
  return { cwd, hs, content_hash, write };
}

const HANDLE_ID = '11111111-1111-4111-8111-111111111111';

/** A handle; its uri names the artifact whose id ends in `last`. */
function handle(last: number): string {
  return JSON.stringify({
    artifact_id: HANDLE_ID,
    kind: 'file',
    uri: `urn:uuid:${HANDLE_ID.slice(0, -1)}${last}`,
    content_hash: sha256('x'),
    size_bytes: 1,
    classification: 'low',
    exportable: true,
  });
}

/** Text of manifests that must be refused, from the one field that is needed. */
function hostile(content_hash: string): Record<string, string> {
  const base = `"content_hash":"${content_hash}"`;
  return {
    'an unknown field': `{${base},"color":"red"}`,
    'a wrong type': `{${base},"size_bytes":"5"}`,
    'a duplicate key': `{${base},"kind":"file","kind":"report"}`,
    'a duplicate key, spelled by an escape': `{${base},"kind":"file","k\\u0069nd":"report"}`,
    __proto__: `{${base},"__proto__":{"classification":"low"}}`,
    '__proto__ among the labels': `{${base},"labels":{"__proto__":"x"}}`,
    'deep nesting': `{${base},"labels":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
    'a number beyond 2^53': `{${base},"retention_ttl_days":9007199254740993}`,
    'a fraction': `{${base},"size_bytes":5.5}`,
    'a lone surrogate': `{${base},"name":"\\ud800"}`,
    'a name that reaches out': `{${base},"name":"../x"}`,
    'a hint of two components': `{${base},"filename_hint":"a/b"}`,
    'another revision': `{${base},"revision":2,"supersedes":"${content_hash}"}`,
    'a size that the payload has not': `{${base},"size_bytes":6}`,
    'an index that is none': `{${base},"payload_type":"directory","size_bytes":5}`,
    'no days for what is high': `{${base},"classification":"high"}`,
    'a byte order mark': `\uFEFF{${base}}`,
    'an array': `[{${base}}]`,
    null: 'null',
    nothing: '',
    'half an object': `{${base}`,
    'a handle whose uri names another artifact': `{${base},"source_artifact_refs":[${handle(2)}]}`,
    'no payload': `{"content_hash":"${sha256('not there')}"}`,
  };
}

describe('hs write-manifest', () => {
  it('fills in omitted manifest fields, registers it and prints its id', async () => {
    const { hs, content_hash, write } = await workspace();
    const { status, stdout } = await write({ content_hash, name: 'greeting', filename_hint: 'hello.txt' });
    expect(status).toBe(0);
    const manifest = JSON.parse((await hs(['cat-artifact', '--manifest', 'greeting'])).stdout);
    expect(manifest).toMatchObject({
      artifact_id: stdout.trim(),
      size_bytes: 5,
      kind: 'file',
      layer: 'L3',
      mime: 'text/plain',
      classification: 'low',
      exportable: true,
      retention_class: 'result',
    });
    expect((await hs(['cat-artifact', 'greeting'])).stdout).toBe('hello');
  });

  it('registers a directory by its index', async () => {
    const { hs, content_hash, write } = await workspace();
    const index = (
      await hs(['write-index', '--stdin'], { stdin: `644\t${content_hash}\t5\ta` })
    ).stdout.trim();
    expect((await write({ content_hash: index, payload_type: 'directory', name: 'dir' })).status).toBe(0);
    expect((await hs(['cat-artifact', '--path', 'a', 'dir'])).stdout).toBe('hello');
  });

  it('marks run, job and time as claims, and not what hs observed', async () => {
    const { cwd, hs, content_hash, write } = await workspace();
    const provenance = {
      engine_id: 'hs',
      program: 'render',
      exit_status: 0,
      sandbox: { backend: 'bubblewrap', level: 'enforced', gaps: [] },
    };
    const forged = { created_by_job_id: 'nightly', created_at: '2020-01-01T00:00:00.000Z', provenance };
    const sources = { source_artifact_refs: [JSON.parse(handle(1))] };
    expect((await write({ content_hash, name: 'forged', ...forged, ...sources })).status).toBe(0);
    const shown = (await hs(['show', 'forged'])).stdout;
    expect(shown).toMatch(/^created +2020-01-01.*\(claimed\)$/m);
    expect(shown).toMatch(/^job +nightly \(claimed\)$/m);
    expect(shown).toMatch(/^made by +render, status 0, sandbox bubblewrap \(enforced\) \(claimed\)$/m);
    const claimsOf = async (name: string, at = hs) =>
      JSON.parse((await at(['show', name, '--json'])).stdout).claims;
    expect(await claimsOf('forged')).toEqual(['created_at', 'created_by_job_id', 'provenance']);

    const job = { HS_JOB_ID: 'nightly' };
    await write({ content_hash, name: 'plain' }, job);
    const script = 'echo >"$HS_OUT/x"';
    await hs(['run', '--sandbox', 'none', '--name', 'made', '--', 'sh', '-c', script], { env: job });
    for (const name of ['plain', 'made']) {
      expect(await claimsOf(name)).toBeUndefined();
      expect((await hs(['show', name])).stdout).not.toContain('claimed');
    }
    await hs(['bundle', 'create', 'made', '--name', 'bun']);
    await hs(['export', 'bun', join(cwd, 'bun.tar'), '--format', 'tar']);
    const there = await workspace();
    expect((await there.hs(['import', join(cwd, 'bun.tar')])).status).toBe(0);
    expect(await claimsOf('made', there.hs)).toEqual(['created_at', 'created_by_job_id', 'provenance']);
  });

  it('refuses each of these with 5, and leaves the ledger as it was', async () => {
    const { cwd, hs, content_hash, write } = await workspace();
    for (const [what, text] of Object.entries(hostile(content_hash))) {
      const { status, stderr, stdout } = await write(text);
      expect([what, status, stdout]).toEqual([what, 5, '']);
      expect(stderr).toMatch(/^hs: error: /);
    }
    expect((await hs(['ledger', 'head'])).stdout).toMatch(/^0 /);
    // What the layer forbids is a refusal, and recorded as one.
    for (const layer of ['L1', 'L2']) expect((await write({ content_hash, layer })).status).toBe(6);
    expect((await hs(['ledger', 'head'])).stdout).toMatch(/^2 /);
    expect(await readdir(`${cwd}/.hsstore/tmp`)).toEqual([]);
  });

  it('names the payload as the cause where it is not in the store, is no index, or has no valid hash', async () => {
    const { content_hash, write } = await workspace();
    const missing = sha256('zz');
    const directory = { payload_type: 'directory' };
    for (const given of [{}, { size_bytes: 2 }]) {
      expect((await write({ content_hash: missing, ...given })).stderr).toBe(
        `hs: error: the payload ${missing} is not in the store\nhint: store it first: hs hash-object -w FILE\n`,
      );
      expect((await write({ content_hash: missing, ...directory, ...given })).stderr).toBe(
        `hs: error: the payload ${missing} is not in the store\nhint: store it first: hs write-index DIR\n`,
      );
      expect((await write({ content_hash, ...directory, ...given })).stderr).toBe(
        `hs: error: the payload ${content_hash} is not the index of a directory: not JSON\nhint: hs write-index DIR stores one\n`,
      );
      expect((await write({ content_hash: 'zz', ...given })).stderr).toMatch(
        /^hs: error: manifest is not valid: content_hash: [^;]*$/m,
      );
    }
  });

  it('refuses a manifest of 100 MB, from a file without reading it and from a stream before its end', async () => {
    const { cwd, hs } = await workspace();
    await writeFile(`${cwd}/big.json`, '{');
    await truncate(`${cwd}/big.json`, 100 * MIB);
    expect(
      (await hs(['write-manifest', 'big.json'].map((a) => (a === 'big.json' ? `${cwd}/${a}` : a)))).status,
    ).toBe(5);
    let given = 0;
    const endless = (function* () {
      for (; given < 100; given++) yield Buffer.alloc(MIB, ' ');
    })();
    expect((await hs(['write-manifest', '--stdin'], { stdin: endless })).status).toBe(5);
    expect(given).toBeLessThan(10);
  });

  it('refuses an id that is taken', async () => {
    const { content_hash, write } = await workspace();
    const artifact_id = (await write({ content_hash })).stdout.trim();
    expect((await write({ content_hash, artifact_id })).status).toBe(8);
  });

  it('does not let a job register the bytes of a restricted artifact under a manifest of its own', async () => {
    const { cwd, hs, write } = await workspace();
    await writeFile(`${cwd}/secret`, 'secret');
    await hs(['put', `${cwd}/secret`, '--classification', 'high', '--ttl', '5']);
    const content_hash = sha256('secret');
    expect((await write({ content_hash }, { HS_ACTOR: 'ai_job:worker' })).status).toBe(6);
    expect((await write({ content_hash: sha256('hello') }, { HS_ACTOR: 'ai_job:worker' })).status).toBe(0);
    const denied = (await hs(['ledger', 'cat', '--type', 'capability_action'])).stdout.trim().split('\n');
    expect(denied).toHaveLength(1);
  });

  it('does not quote bytes of a restricted artifact to a job', async () => {
    const { cwd, hs, write } = await workspace();
    await writeFile(`${cwd}/secret`, 'secret');
    await hs(['put', `${cwd}/secret`, '--classification', 'high', '--ttl', '5']);
    const as = { payload_type: 'directory', content_hash: sha256('secret') };
    const { status, stderr } = await write(as, { HS_ACTOR: 'ai_job:worker' });
    expect(status).toBe(6);
    expect(stderr).not.toContain('secret');
  });
});

describe('hs check-manifest', () => {
  it('says of a stored manifest that it is valid and canonical, without a store', async () => {
    const { hs, content_hash, write } = await workspace();
    const id = (await write({ content_hash })).stdout.trim();
    const stdin = (await hs(['cat-artifact', '--manifest', id])).stdout.trim();
    const elsewhere = inside(await tmp());
    expect(await elsewhere(['check-manifest'], { stdin })).toMatchObject({ status: 0, stdout: 'valid\n' });
    const spaced = JSON.stringify(JSON.parse(stdin), null, 2);
    expect((await elsewhere(['check-manifest'], { stdin: spaced })).stdout).toBe(
      'valid, not in canonical form\n',
    );
  });

  it('lists every problem of one that is not, and exits 5', async () => {
    const hs = inside(await tmp());
    const { status, stdout } = await hs(['check-manifest', '--json'], {
      stdin: '{"schema":"hs.manifest/1","color":1}',
    });
    expect(status).toBe(5);
    const { valid, problems } = JSON.parse(stdout);
    expect(valid).toBe(false);
    expect(problems.join('\n')).toMatch(/artifact_id[\s\S]*unknown field 'color'/);
  });

  it('refuses hostile input like write-manifest', async () => {
    const hs = inside(await tmp());
    for (const [what, stdin] of Object.entries(hostile(sha256('x')))) {
      expect([what, (await hs(['check-manifest'], { stdin })).status]).toEqual([what, 5]);
    }
  });
});
