import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { removeSync } from 'fs-extra/esm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkDebugBundle } from '../../src/core/debug/check-debug-bundle.js';
import { DEBUG_DOCUMENTS } from '../../src/core/debug/document-formats.js';
import { openStore } from '../../src/index.js';
import { hs } from '../helpers/hs.js';
import { makeTempDirectory, type TempDirectory } from '../helpers/tmp.js';
import { lines, secrets } from './corpus.js';

let dir: TempDirectory;
const at = (name: string) => join(dir.path, name);
const run = (args: readonly string[], env: Record<string, string> = {}) => hs(args, { cwd: dir.path, env });
const output: string[] = [];
async function ok(args: readonly string[], env: Record<string, string> = {}) {
  const { status, stdout, stderr } = await run(args, env);
  expect({ args, status, stderr }).toMatchObject({ status: 0 });
  return stdout.trim();
}

/** One of each kind of what a detector finds, people and places too. */
const SEEDED: Readonly<Record<string, string>> = {
  ...secrets('debug'),
  'private-key': `-----BEGIN ${'OPENSSH'} PRIVATE KEY-----\nQmFzZTY0${'b3BlbnNzaC1rZXk'.repeat(4)}\n-----END ${'OPENSSH'} PRIVATE KEY-----`,
  'e-mail': 'grace.hopper@navy.example.org',
  phone: '+49 30 90182345',
  'absolute-path': '/home/grace/projects/secret-plan',
  // What no detector can know: only that it is withheld keeps it in.
  'no-known-form': 'Kestrel-moth-umbrella',
};
const forms = Object.entries(SEEDED).flatMap(([detector, secret]) =>
  lines(detector, secret)
    .slice(0, 1)
    .map((line) => ({ detector, secret, line: line.replaceAll('\n', ' ') })),
);

/** Whether a seeded secret, or so much of one that it is worth something, is in the bytes in any encoding. */
function leaks(bytes: Buffer): string[] {
  const text = bytes.toString('utf8');
  const joined = text.replaceAll('\\n', '\n');
  return Object.entries(SEEDED).flatMap(([detector, secret]) => {
    const body = detector === 'private-key' ? secret.split('\n')[1]! : secret;
    const raw = Buffer.from(body);
    const base64 = [0, 1, 2].map((n) =>
      Buffer.concat([Buffer.alloc(n, 'x'), raw])
        .toString('base64')
        .slice(4, 20),
    );
    const found = [
      body.slice(0, 8),
      body.slice(-8),
      raw.toString('hex').slice(0, 16),
      ...base64,
      encodeURIComponent(body).slice(0, 12),
      JSON.stringify(body).slice(1, 10),
      createHash('sha256').update(body).digest('hex'),
    ].filter((form) => text.includes(form) || joined.includes(form));
    return found.length === 0 ? [] : [detector];
  });
}

function filesIn(root: string): Map<string, Buffer> {
  const entries = readdirSync(root, { recursive: true, withFileTypes: true }).filter((e) => e.isFile());
  return new Map(
    entries.map((e) => {
      const path = join(e.parentPath, e.name);
      return [path.slice(root.length + 1), readFileSync(path)];
    }),
  );
}

async function exported(name: string, ...args: string[]) {
  const made = await run(['bundle', 'debug', ...args, '--json']);
  expect({ args, ...made }).toMatchObject({ status: 0 });
  output.push(made.stdout, made.stderr);
  const { artifact_id } = JSON.parse(made.stdout);
  const sent = await run(['export', artifact_id, name]);
  expect({ args, ...sent }).toMatchObject({ status: 0 });
  output.push(sent.stdout, sent.stderr);
  return { id: artifact_id as string, files: filesIn(at(name)) };
}

const since = ['--since', '2020-01-01'];

beforeAll(async () => {
  dir = await makeTempDirectory();
  process.env.XDG_STATE_HOME = at('state');
  await ok(['init']);
  mkdirSync(at('payload'));
  writeFileSync(at('payload/all'), `${forms.map((f) => f.line).join('\n')}\n${SEEDED['private-key']}\n`);
  for (const { secret, detector } of forms) {
    const name = `f-${secret.replaceAll('/', '_').replaceAll('\n', '')}`.slice(0, 200);
    if (detector !== 'private-key') writeFileSync(at(`payload/${name}`), 'x\n');
  }
  await ok(['put', 'payload', '--name', 'payload']);
  await ok(['put', 'payload/all', '--name', 'one', '--label', 'note=plain']);
  const words = forms.map((f) => f.line);
  for (const [i, line] of words.entries()) {
    await ok(['ledger', 'append-note', '--', line]);
    if (i % 2 === 0) await ok(['pin', 'one', '--name', `p${i}`, `--reason=${line}`]);
    else await ok(['label', 'one', `key${i}=${line}`]);
  }
  const job = { HS_JOB_ID: 'nightly/42', HS_ACTOR: 'human:grace' };
  const recorded = ['run', '--sandbox', 'none', '--record-args', '--name', 'made'];
  await ok([...recorded, '--', 'sh', '-c', 'echo out > "$HS_OUT/f"', ...words], {
    ...job,
    SECRET_IN_ENV: SEEDED['github-token']!,
  });
  const failing = await run(['run', '--sandbox', 'none', '--', 'sh', '-c', `exit 3 # ${words[0]}`], job);
  expect(failing.status).toBe(3);
  // Identifiers that other programs choose may be what they should not be.
  await ok(['ledger', 'append-note', 'as somebody'], {
    HS_JOB_ID: SEEDED['npm-token']!,
    HS_ACTOR: `human:${SEEDED['e-mail']}`,
  });
  writeFileSync(at('high'), `${words.join('\n')}\nhigh\n`);
  await ok(['put', 'high', '--name', 'secret', '--classification', 'high', '--ttl', '3']);
  expect((await run(['export', 'secret', at(`out-${SEEDED['npm-token']}`)], job)).status).toBe(6);
  await ok(['export', 'one', `x-${SEEDED['gitlab-token']}`]);
  await ok(['reclassify', 'one', '--classification', 'medium', `--reason=${words[3]}`]);
  await ok(['rename', 'made', `m-${SEEDED['slack-token']}`]);
  writeFileSync(at('gone'), `${words[1]}\ngone\n`);
  await ok(['put', 'gone', '--name', 'gone']);
  await ok(['rm', 'gone', '--purge', '--yes', `--reason=${words[5]}`]);
}, 300_000);
afterAll(() => dir.remove());

describe('a safe debug bundle', () => {
  it('leaks no seeded secret in any scope, file or output', async () => {
    const scopes = [
      ['--artifact', 'one'],
      ['--artifact', 'payload'],
      ['--job', 'nightly/42'],
      ['--job', SEEDED['npm-token']!],
      since,
    ];
    for (const [i, scope] of scopes.entries()) {
      const { files } = await exported(`safe-${i}`, ...scope);
      for (const [path, bytes] of files)
        expect({ scope, path, leaks: leaks(bytes) }).toEqual({ scope, path, leaks: [] });
      expect({ scope, leaks: leaks(Buffer.from([...files.keys()].join('\n'))) }).toEqual({
        scope,
        leaks: [],
      });
    }
    expect(leaks(Buffer.from(output.join('\n')))).toEqual([]);
    // What looks for leaks would see one.
    for (const [path, bytes] of filesIn(at('payload')))
      if (path === 'all') expect(leaks(bytes)).toEqual(Object.keys(SEEDED));
  }, 120_000);

  it('the negative control, without redaction, leaks all of them', async () => {
    const id = await ok(['bundle', 'debug', '--artifact', 'one', '--mode', 'full']);
    const read = (path: string) => ok(['cat-artifact', '--path', path, id]);
    const all = `${await read('trace.jsonl')}${await read('artifacts.jsonl')}`;
    const payload = await ok(['cat-artifact', 'one']);
    expect(new Set([...leaks(Buffer.from(all)), ...leaks(Buffer.from(payload))])).toEqual(
      new Set(Object.keys(SEEDED)),
    );
    expect(leaks(Buffer.from(all)).length).toBeGreaterThan(10);
  }, 60_000);

  it('has the files that are required, and passes bundle verify as a directory and as a tar', async () => {
    const { id, files } = await exported('verified', ...since);
    const report = await run(['bundle', 'verify', 'verified', '--json']);
    expect(report).toMatchObject({ status: 0 });
    expect(JSON.parse(report.stdout).debug).toEqual({ mode: 'SAFE_DEFAULT', findings: [] });
    await ok(['export', id, 'verified.tar']);
    expect(await ok(['bundle', 'verify', 'verified.tar'])).toContain('debug bundle (SAFE_DEFAULT)');
    expect([...files.keys()].filter((p) => p !== 'job.json').sort()).toEqual(
      [...DEBUG_DOCUMENTS.filter((d) => d !== 'job.json'), 'bundle_index.json', 'export_report.json'].sort(),
    );
    const one = await exported('job', '--job', 'nightly/42');
    expect(one.files.has('job.json') && !one.files.has('jobs.json')).toBe(true);
    const job = JSON.parse(one.files.get('job.json')!.toString());
    expect(job).toMatchObject({ job_id: 'nightly/42', status: 'failed', error: { code: 'HS-RUN-FAILED' } });
  }, 60_000);

  it('states what is missing and why, and what failed', async () => {
    const { files } = await exported('told', ...since);
    const json = (name: string) => JSON.parse(files.get(name)!.toString());
    const jsonl = (name: string) =>
      files
        .get(name)!
        .toString()
        .trim()
        .split('\n')
        .map((l) => JSON.parse(l));
    const purged = json('retention_report.json').artifacts.filter(
      (a: { availability: string }) => a.availability === 'purged',
    );
    expect(purged).toHaveLength(1);
    expect(json('bundle_manifest.json').missing_evidence).toEqual([
      { kind: 'artifact', id: purged[0].artifact_id, reason: 'retention_expired' },
    ]);
    const codes = jsonl('diagnostics.jsonl').map((d) => d.code);
    expect(codes).toEqual(expect.arrayContaining(['HS-RUN-FAILED', 'HS-EXPORT-REFUSED']));
    const found = json('redaction_report.json').redactions.map((r: { detector_id: string }) => r.detector_id);
    expect(found).toEqual(expect.arrayContaining(['github-token', 'e-mail', 'phone', 'withheld']));
    const prompt = files.get('coder_prompt.md')!.toString();
    expect(prompt).toContain(`artifact \`${purged[0].artifact_id}\`: retention_expired`);
    expect(files.get('env.json')!.toString()).not.toMatch(/\/(tmp|home)|PATH|tester/);
  }, 60_000);

  it('is the same bytes for the same evidence', async () => {
    const until = ['--since', '2020-01-01T00:00:00.000Z', '--until', new Date().toISOString()];
    const [a, b] = [await exported('same-a', ...until), await exported('same-b', ...until)];
    expect(Object.fromEntries(b.files)).toEqual(Object.fromEntries(a.files));
    const [c, d] = [
      await exported('same-c', '--artifact', 'one'),
      await exported('same-d', '--artifact', 'one'),
    ];
    for (const path of ['trace.jsonl', 'diagnostics.jsonl'])
      expect(d.files.get(path)).toEqual(c.files.get(path));
  }, 60_000);
});

describe('a workspace debug bundle', () => {
  it('keeps words, and nothing that a detector finds', async () => {
    const { files } = await exported('workspace', ...since, '--mode', 'workspace');
    const trace = files.get('trace.jsonl')!.toString();
    expect(trace).toContain('[REDACTED:secret:github-token]');
    expect(files.get('artifacts.jsonl')!.toString()).toContain('"value":"plain"');
    for (const [path, bytes] of files) {
      const found = leaks(bytes).filter(
        (d) => !['url-password', 'bearer-token', 'assigned-secret', 'no-known-form'].includes(d),
      );
      expect({ path, found }).toEqual({ path, found: [] });
      expect({ path, has: bytes.includes(dir.path) }).toEqual({ path, has: false });
    }
    expect((await run(['bundle', 'verify', 'workspace'])).status).toBe(0);
  }, 60_000);
});

describe('a full debug bundle', () => {
  it('has the payloads, and leaves only where the policy says so', async () => {
    const made = JSON.parse(await ok(['bundle', 'debug', '--artifact', 'one', '--mode', 'full', '--json']));
    expect(made.exportable).toBe(false);
    await ok(['reclassify', made.artifact_id, '--classification', 'low', '--exportable', '--reason', 'r']);
    await ok(['label', made.artifact_id, 'hs.debug=safe']);
    const around = await ok(['bundle', 'create', made.artifact_id]);
    for (const id of [made.artifact_id, around]) {
      const refused = await run(['export', id, 'full']);
      expect(refused.status).toBe(6);
      expect(refused.stderr).toContain('full debug bundle');
    }
    const policy = JSON.parse(await ok(['policy', 'show']));
    policy.export.full_debug_bundles = true;
    writeFileSync(at('policy.json'), JSON.stringify(policy));
    await ok(['policy', 'set', 'policy.json']);
    const again = await ok(['bundle', 'debug', '--artifact', `m-${SEEDED['slack-token']}`, '--mode', 'full']);
    await ok(['export', again, 'full']);
    const { stdout, status } = await run(['bundle', 'verify', 'full', '--json']);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ members: 1, debug: { mode: 'FULL_LOCAL', findings: [] } });
  }, 60_000);
});

describe('the check of a debug bundle (VAL-BUNDLE-001)', () => {
  async function checked(change: (files: Map<string, Buffer>) => void) {
    const files = filesIn(at('verified'));
    change(files);
    const all = new Map(
      [...files].flatMap(([path, bytes]) =>
        path === 'bundle_index.json'
          ? []
          : [[path, { hash: createHash('sha256').update(bytes).digest('hex'), size: bytes.length }] as const],
      ),
    );
    const documents = new Map([...files].filter(([p]) => (DEBUG_DOCUMENTS as readonly string[]).includes(p)));
    return checkDebugBundle({ documents, all }).findings.map((f) => f.code);
  }
  const edit = (name: string, from: string | RegExp, to: string) => (files: Map<string, Buffer>) => {
    const text = files.get(name)!.toString();
    expect(text.replace(from, to)).not.toBe(text);
    files.set(name, Buffer.from(text.replace(from, to)));
  };

  it('finds nothing in generated bundles', async () => {
    expect(await checked(() => {})).toEqual([]);
  });

  it.each([
    ['a missing file', (f: Map<string, Buffer>) => f.delete('env.json'), 'VAL-BUNDLE-001:MISSING_FILE'],
    [
      'both job files',
      (f: Map<string, Buffer>) => f.set('job.json', Buffer.from('{}')),
      'VAL-BUNDLE-001:MISSING_FILE',
    ],
    [
      'a file that is no JSON',
      (f: Map<string, Buffer>) => f.set('env.json', Buffer.from('x')),
      'VAL-BUNDLE-001:SCHEMA',
    ],
    ['a word that is none', edit('bundle_manifest.json', 'SAFE_DEFAULT', 'SAFE'), 'VAL-BUNDLE-001:SCHEMA'],
    ['a field that is not there', edit('env.json', /"app_version":"[^"]*",/, ''), 'VAL-BUNDLE-001:SCHEMA'],
    ['another hash', edit('repro.md', 'Unknown', 'Known'), 'VAL-BUNDLE-001:HASH'],
    [
      'a count that is wrong',
      edit('bundle_manifest.json', /"event_count":\d+/, '"event_count":1'),
      'VAL-BUNDLE-001:CONSISTENCY',
    ],
    [
      'a file that is not listed',
      (f: Map<string, Buffer>) => f.set('more.txt', Buffer.from('x')),
      'VAL-BUNDLE-001:CONSISTENCY',
    ],
    [
      'an event that is not there',
      edit('coder_prompt.md', /(Event ID: `)[0-9a-f]{8}/, '$100000000'),
      'VAL-BUNDLE-001:CONSISTENCY',
    ],
    ['a secret', edit('repro.md', 'Unknown', SEEDED['github-token']!), 'VAL-REDACT-001'],
    ['an address', edit('repro.md', 'Unknown', SEEDED['e-mail']!), 'VAL-REDACT-001'],
    [
      'a redaction that is not reported',
      edit(
        'redaction_report.json',
        /"detector_id":"withheld","file":"trace.jsonl","location":"[^"]*","replacement":"[^"]*"/g,
        '"detector_id":"withheld","file":"trace.jsonl","location":"$","replacement":"x"',
      ),
      'VAL-BUNDLE-001:REDACTION',
    ],
    [
      'missing evidence that is not listed',
      edit('bundle_manifest.json', /"missing_evidence":\[[^\]]*\]/, '"missing_evidence":[]'),
      'VAL-BUNDLE-001:MISSING_EVIDENCE',
    ],
  ] as const)('finds %s', async (_, change, code) => {
    expect(await checked(change as (files: Map<string, Buffer>) => void)).toContain(code);
  });

  it('is part of bundle verify', async () => {
    execFileSync('cp', ['-r', at('verified'), at('tampered')]);
    rmSync(at('tampered/env.json'));
    expect((await run(['bundle', 'verify', 'tampered'])).status).toBe(5);
    removeSync(at('tampered'));
    execFileSync('cp', ['-r', at('verified'), at('tampered')]);
    writeFileSync(at('tampered/more.txt'), 'x');
    expect((await run(['bundle', 'verify', 'tampered'])).status).toBe(7);
  });
});

describe('a debug bundle', () => {
  it('comes into another store, and is checked there as it was', async () => {
    mkdirSync(at('other'));
    const other = (...args: string[]) => hs(args, { cwd: at('other') });
    await ok(['export', await ok(['bundle', 'debug', '--artifact', 'one']), 'sent.tar', '--with-manifest']);
    expect((await other('init')).status).toBe(0);
    const { stdout, status } = await other('import', at('sent.tar'), '--json');
    expect(status).toBe(0);
    const [{ artifact_id }] = JSON.parse(stdout).results;
    expect((await other('export', artifact_id, 'back')).status).toBe(0);
    const verified = await other('bundle', 'verify', 'back');
    expect(verified).toMatchObject({ status: 0 });
    // As a member of another bundle its documents are files like any other.
    const around = (await other('bundle', 'create', artifact_id)).stdout.trim();
    await other('export', around, 'around.tar');
    expect((await other('bundle', 'verify', 'around.tar')).status).toBe(0);
  }, 60_000);

  it('requires one scope that is not empty', async () => {
    expect((await run(['bundle', 'debug'])).status).toBe(2);
    expect((await run(['bundle', 'debug', '--job', 'x', ...since])).status).toBe(2);
    expect((await run(['bundle', 'debug', '--job', 'none'])).status).toBe(4);
    expect((await run(['bundle', 'debug', '--artifact', 'none'])).status).toBe(4);
  });

  it('is made by the library, too', async () => {
    const store = await openStore({ store: dir.path });
    const made = await store.debugBundle({ kind: 'artifact', artifact: 'one' });
    expect(made).toMatchObject({ mode: 'safe', exportable: true });
    await expect(store.debugBundle({ kind: 'job', job: '' })).rejects.toMatchObject({ code: 'USAGE' });
    await store.close();
  });
});
