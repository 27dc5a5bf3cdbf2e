import { getEventListeners } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { compact } from '../../../src/core/json/omit-undefined.js';
import { decodeBundleIndex } from '../../../src/core/objects/bundle-index.js';
import { sha256 } from '../../../src/core/objects/hash.js';
import { DEFAULT_POLICY, encodePolicy, type Policy } from '../../../src/core/policy/policy.js';
import { isHsError } from '../../../src/errors/hs-error.js';
import { errnoError } from '../../../src/fsx/errno.js';
import { nodeDisk } from '../../../src/fsx/node-disk.js';
import { systemEnvironment, systemRandom } from '../../../src/fsx/system-effects.js';
import { type Reclassification, reclassify } from '../../../src/ops/govern/reclassify.js';
import { put } from '../../../src/ops/put/put.js';
import type { RunRequest } from '../../../src/ops/run/run-request.js';
import { sandboxReport } from '../../../src/ops/run/sandbox-report.js';
import type { Session } from '../../../src/ops/session/session.js';
import { openTestSession, testStore } from '../../helpers/store.js';
import { tmp } from '../../helpers/tmp.js';
import { interceptDisk } from '../../sim/intercept-disk.js';
import { lastEntry, lastRun, manifestOf, run } from './support.js';

let dir: string;
let session: Session;
let warned: string[];

beforeEach(async () => {
  dir = await tmp();
  warned = [];
  session = await testStore(dir, { warn: (message) => warned.push(message) });
});

/** What a run may not leave behind. */
function leftovers(): string[] {
  return [...readdirSync(`${dir}/.hsstore/tmp`), ...readdirSync(`${dir}/.hsstore/leases`)];
}

async function setPolicy(change: Partial<Policy>): Promise<void> {
  await session.write('policy.set', [], async (tx) => {
    const { id } = await tx.batch.addBytes(encodePolicy({ ...DEFAULT_POLICY, ...change }));
    await tx.commit((catalog) => ({
      type: 'policy_changed',
      payload: { from: catalog.policyId, to: id },
      ops: [{ op: 'set_policy', policy: id }],
    }));
  });
}

const offered = await sandboxReport(nodeDisk(), systemEnvironment(), systemRandom());
const has = (name: string) => offered.some((b) => b.name === name && b.available);
const enforced = offered.some((b) => b.available && /^(enforced|isolated)/.test(b.level));

describe.skipIf(!enforced)('a run', () => {
  it('stores the output as one directory artifact, in one commit with its record', async () => {
    const before = (await session.catalog()).head.seq;
    const { status, artifacts } = await run(
      session,
      'echo a >$HS_OUT/a; mkdir $HS_OUT/d; echo b >$HS_OUT/d/b; chmod +x $HS_OUT/a',
      { name: 'out' },
    );
    expect(status).toBe(0);
    expect(artifacts).toMatchObject([
      { name: 'out', kind: 'tool_output', payloadType: 'directory', files: 2 },
    ]);
    const index = decodeBundleIndex(await session.store.objects.read(artifacts[0]!.contentHash));
    expect(index.map((e) => [e.path, e.executable === true])).toEqual([
      ['a', true],
      ['d/b', false],
    ]);
    const entry = await lastEntry(session);
    expect(entry).toMatchObject({ type: 'tool_run', seq: before + 1, capability_id: 'tool.run' });
    expect(entry.ops).toMatchObject([{ op: 'add', artifact_id: artifacts[0]!.artifactId }]);
    expect(leftovers()).toEqual([]);
  });

  it('records where the artifacts come from: program, hash of the arguments, times, status, sandbox', async () => {
    const { artifacts } = await run(session, ['/bin/sh', '-c', 'echo x >$HS_OUT/x', 'secret']);
    const { provenance, determinism_level } = await manifestOf(session, artifacts[0]!.artifactId);
    expect(provenance).toMatchObject({
      engine_id: 'hs',
      program: '/bin/sh',
      arguments_hash: sha256(Buffer.from('-c\0echo x >$HS_OUT/x\0secret\0')),
      exit_status: 0,
    });
    expect(provenance).not.toHaveProperty('arguments');
    expect(provenance!.sandbox!.gaps.length).toBeGreaterThan(0);
    expect(provenance!.sandbox).toEqual((await lastRun(session)).sandbox);
    expect(determinism_level).toBe('best_effort');
    expect(JSON.stringify(await lastRun(session))).not.toContain('secret');
  });

  it('records the arguments themselves when that is asked for, in the manifest only', async () => {
    const more = { recordArgs: true };
    const { artifacts } = await run(session, ['/bin/sh', '-c', 'echo x >$HS_OUT/x', 'visible'], more);
    const { provenance } = await manifestOf(session, artifacts[0]!.artifactId);
    expect(provenance!.arguments).toEqual(['-c', 'echo x >$HS_OUT/x', 'visible']);
    expect(JSON.stringify(await lastRun(session))).not.toContain('visible');
  });

  it('makes one artifact for each entry, each a series of its own', async () => {
    const script = 'echo {} >$HS_OUT/x.json; mkdir $HS_OUT/d; echo y >$HS_OUT/d/y';
    const { artifacts } = await run(session, script, { each: true, name: 'n', kind: 'report' });
    expect(artifacts).toMatchObject([
      { name: 'n/d', payloadType: 'directory', kind: 'report', filenameHint: 'd' },
      { name: 'n/x.json', payloadType: 'file', kind: 'report', filenameHint: 'x.json' },
    ]);
    const { mime, content_hash } = await manifestOf(session, artifacts[1]!.artifactId);
    expect({ mime, content_hash }).toEqual({
      mime: 'application/json',
      content_hash: sha256(Buffer.from('{}\n')),
    });
  });

  it('stores what the tool prints as transcripts, and passes it on', async () => {
    const { artifacts, stdout, stderr } = await run(session, 'echo out; echo err >&2', {
      capture: ['stdout', 'stderr'],
      name: 'job',
    });
    expect({ stdout, stderr }).toEqual({ stdout: 'out\n', stderr: 'err\n' });
    expect(artifacts.map((a) => [a.kind, a.name, a.contentHash])).toEqual([
      ['transcript', 'job.stdout', sha256(Buffer.from('out\n'))],
      ['transcript', 'job.stderr', sha256(Buffer.from('err\n'))],
    ]);
  });

  it('keeps nothing of a tool that failed, but the record', async () => {
    const { status, artifacts, lost } = await run(session, 'echo x >$HS_OUT/x; exit 3', {
      capture: ['stdout'],
    });
    expect({ status, artifacts, lost }).toEqual({ status: 3, artifacts: [], lost: true });
    expect(await lastRun(session)).toMatchObject({ exit_status: 3, artifacts: 0 });
    expect((await (await session.catalog()).live().all()).length).toBe(0);
  });

  it('keeps the output of a tool that failed when that is asked for', async () => {
    const { status, artifacts } = await run(session, 'echo x >$HS_OUT/x; exit 3', { keepFailed: true });
    expect({ status, count: artifacts.length }).toEqual({ status: 3, count: 1 });
    expect((await manifestOf(session, artifacts[0]!.artifactId)).provenance!.exit_status).toBe(3);
  });

  it('ends as a shell would: not found, not executable, killed', async () => {
    const of = async (...command: string[]) => (await run(session, command)).status;
    writeFileSync(`${dir}/plain`, 'no program\n');
    expect(await of('no-such-program')).toBe(127);
    expect(await of(`${dir}/plain`)).toBe(126);
    expect(await of('/bin/sh', '-c', 'kill -9 $$')).toBe(137);
    expect(await lastRun(session)).toMatchObject({ exit_status: 137 });
  });

  it('gives the tool the inputs, read-only, and records their hashes', async () => {
    mkdirSync(`${dir}/in`);
    writeFileSync(`${dir}/in/f`, 'tree\n');
    writeFileSync(`${dir}/one.txt`, 'file\n');
    const [tree] = await put(session, [{ path: `${dir}/in` }], { name: 'data/set' });
    const [one] = await put(session, [{ path: `${dir}/one.txt` }], {});
    const { artifacts, stdout, stderr, inputs } = await run(
      session,
      'cat $HS_IN/data/set/f $HS_IN/one.txt; echo x >$HS_IN/one.txt; rm -rf $HS_IN/data; echo ok >$HS_OUT/x',
      { sources: ['data/set', one!.artifactId] },
    );
    expect(stdout).toBe('tree\nfile\n');
    expect(stderr).toMatch(/one\.txt/);
    expect(inputs.map((i) => i.path)).toEqual(['data/set', 'one.txt']);
    const manifest = await manifestOf(session, artifacts[0]!.artifactId);
    expect(manifest.provenance!.input_hashes).toEqual([tree!.contentHash, one!.contentHash]);
    expect(manifest.source_artifact_refs!.map((s) => s.artifact_id)).toEqual([
      tree!.artifactId,
      one!.artifactId,
    ]);
    expect((await lastRun(session)).input_hashes).toEqual([tree!.contentHash, one!.contentHash]);
    expect(Buffer.from(await session.store.objects.read(one!.contentHash)).toString()).toBe('file\n');
    expect(leftovers()).toEqual([]);
  });

  it('gives two inputs of one name places of their own', async () => {
    writeFileSync(`${dir}/f`, 'old\n');
    const [old] = await put(session, [{ path: `${dir}/f` }], { name: 'same' });
    writeFileSync(`${dir}/f`, 'new\n');
    await put(session, [{ path: `${dir}/f` }], { name: 'same' });
    const script = `cat $HS_IN/same $HS_IN/${old!.artifactId}`;
    expect((await run(session, script, { sources: ['same', 'same@{1}'] })).stdout).toBe('new\nold\n');
  });

  it('refuses inputs that the actor may not read', async () => {
    writeFileSync(`${dir}/f`, 'high\n');
    await put(session, [{ path: `${dir}/f` }], { name: 'key', classification: 'high', ttl: 1 });
    const job = await openTestSession(dir, { actor: 'ai_job:j' });
    await expect(run(job, 'cat $HS_IN/key', { sources: ['key'] })).rejects.toSatisfy((e) =>
      isHsError(e, 'REFUSED'),
    );
    expect(await lastEntry(job)).toMatchObject({
      decision: 'deny',
      capability_id: 'artifact.read:restricted',
    });
    expect(leftovers()).toEqual([]);
  });

  it('classifies outputs like their sources', async () => {
    writeFileSync(`${dir}/f`, 'x\n');
    await put(session, [{ path: `${dir}/f` }], { name: 'high', classification: 'high', ttl: 30 });
    await put(session, [{ path: `${dir}/f` }], { name: 'medium', classification: 'medium', ttl: 3 });
    const made = async (sources: string[], more: Parameters<typeof run>[2] = {}) => {
      const request = { sources, capture: ['stdout'], ...more } as const;
      const { artifacts } = await run(session, 'echo out; echo x >$HS_OUT/x', request);
      const manifests = await Promise.all(artifacts.map((a) => manifestOf(session, a.artifactId)));
      expect(manifests.map((m) => m.kind)).toEqual(['tool_output', 'transcript']);
      const facts = manifests.map((m) => [m.classification, m.exportable, m.retention_ttl_days]);
      expect(facts[0]).toEqual(facts[1]);
      return facts[0];
    };
    expect(await made(['high', 'medium'])).toEqual(['high', false, 3]);
    expect(await made(['high'], { ttl: 9 })).toEqual(['high', false, 9]);
    expect(await made(['medium'])).toEqual(['medium', true, undefined]);
    expect(await made(['medium'], { classification: 'high' })).toEqual(['high', false, 3]);
    expect(warned).toEqual([]);
    expect(await made(['high'], { classification: 'low' })).toEqual(['low', false, undefined]);
    expect(warned).toEqual(['the output will be low, although a source is high']);
  });

  it('classifies outputs as strictly as their sources at registration', async () => {
    writeFileSync(`${dir}/f`, 'x\n');
    const other = await openTestSession(dir);
    const during = async (change: Partial<Reclassification>, more: Partial<RunRequest> = {}) => {
      await put(session, [{ path: `${dir}/f` }], { name: 'source' });
      const { artifacts } = await run(session, 'echo go; cp $HS_IN/source $HS_OUT/x', {
        sources: ['source'],
        onOutput: async () => {
          await reclassify(other, 'source', { ...change, reason: 'it held a key' });
          return true;
        },
        ...more,
      });
      const made = await manifestOf(session, artifacts[0]!.artifactId);
      const { classification, exportable } = made.source_artifact_refs![0]!;
      expect({ classification, exportable }).toMatchObject(compact({ ...change, ttl: undefined }));
      return [made.classification, made.exportable, made.retention_ttl_days];
    };
    expect(await during({ classification: 'high', ttl: 3 })).toEqual(['high', false, 3]);
    expect(await during({ exportable: false })).toEqual(['low', false, undefined]);
    expect(await during({ classification: 'medium' })).toEqual(['medium', true, undefined]);
    expect(await during({ classification: 'high', ttl: 3 }, { classification: 'low', ttl: 9 })).toEqual([
      'high',
      false,
      9,
    ]);
    expect(new Set(warned)).toEqual(
      new Set(['a source became stricter while the tool ran, so its output did too']),
    );
  });

  it('makes an output less sensitive than a source only for who may reclassify', async () => {
    writeFileSync(`${dir}/f`, 'x\n');
    await put(session, [{ path: `${dir}/f` }], { name: 'medium', classification: 'medium' });
    const job = await openTestSession(dir, { actor: 'ai_job:j' });
    await expect(run(job, 'touch ran', { sources: ['medium'], classification: 'low' })).rejects.toSatisfy(
      (e) => isHsError(e, 'REFUSED'),
    );
    expect(await lastEntry(job)).toMatchObject({ decision: 'deny', capability_id: 'artifact.reclassify' });
  });

  it('refuses an actor without the capability, before anything runs', async () => {
    const tool = await openTestSession(dir, { actor: 'plugin_tool:t' });
    await expect(run(tool, 'true')).rejects.toSatisfy((e) => isHsError(e, 'REFUSED'));
    expect(await lastEntry(tool)).toMatchObject({ decision: 'deny', capability_id: 'tool.run' });
  });

  it('refuses a level below the policy, and records the refusal', async () => {
    await setPolicy({ run: { least_level: 'enforced' } });
    await expect(run(session, 'touch ran', { backend: 'none' })).rejects.toSatisfy((e) =>
      isHsError(e, 'REFUSED'),
    );
    expect(existsSync(`${dir}/ran`)).toBe(false);
    expect(await lastEntry(session)).toMatchObject({ decision: 'deny', capability_id: 'tool.run' });
  });

  it('does not start a tool in a sandbox that isolates less than the policy demands', async () => {
    await setPolicy({ run: { least_level: 'isolated' } });
    await expect(run(session, 'touch /tmp/ran', { backend: 'landlock' })).rejects.toSatisfy((e) =>
      isHsError(e, 'REFUSED'),
    );
    expect(await lastEntry(session)).toMatchObject({ decision: 'deny', capability_id: 'tool.run' });
    if (has('bubblewrap')) expect((await run(session, 'true', { backend: 'bubblewrap' })).status).toBe(0);
  });

  it('reports invalid output facts before the tool runs', async () => {
    const refusedWith = async (code: Parameters<typeof isHsError>[1], more: Parameters<typeof run>[2]) => {
      await expect(run(session, 'true', more)).rejects.toSatisfy((e) => isHsError(e, code));
    };
    await refusedWith('UNSAFE_PATH', { name: '../out' });
    await refusedWith('USAGE', { kind: 'prompt_payload' });
    await refusedWith('USAGE', { classification: 'high' });
    await refusedWith('USAGE', { kind: 'bundle' });
    await refusedWith('NOT_FOUND', { sources: ['nothing'] });
    await refusedWith('USAGE', { command: ['\ud800'] });
    expect((await session.catalog()).head.seq).toBe(0);
    expect(leftovers()).toEqual([]);
  });

  it('stores regular files and directories, and names anything else that it refuses', async () => {
    const { status, artifacts, refused } = await run(
      session,
      `cd $HS_OUT; echo ok >f; ln -s /etc/passwd l; ln -s / d; mkfifo p; mkdir e
       cp /bin/true s; chmod 4755 s; echo x >"$(printf 'a\\033b')"; echo x >"$(printf '\\377')"
       mkdir .hsstore; echo x >.hsstore/format.json`,
    );
    expect(status).toBe(125);
    expect(refused.map((r) => r.path).sort()).toEqual(['.hsstore', '\\xff', 'a\x1bb', 'd', 'l', 'p', 's']);
    expect(artifacts).toMatchObject([{ files: 1 }]);
    expect((await manifestOf(session, artifacts[0]!.artifactId)).labels).toEqual({ 'hs.refused': '7' });
    expect((await lastRun(session)).errors).toHaveLength(7);
  });

  it('stops a tool whose output, of files and transcripts, exceeds the budget', async () => {
    const budget = { total_bytes: 1e6, files: 100, file_bytes: 5e5 };
    await setPolicy({ export: { output_root: 'o', budgets: { human: budget } } });
    const over = async (script: string, words: RegExp) => {
      const capture = ['stdout', 'stderr'] as const;
      await expect(run(session, script, { keepFailed: true, capture })).rejects.toSatisfy(
        (e) => isHsError(e, 'BUDGET') && words.test(e.message),
      );
      expect(await lastRun(session)).toMatchObject({ artifacts: 0, errors: [expect.stringMatching(words)] });
    };
    await over('cat /dev/zero >$HS_OUT/big', /larger than 500000 bytes/);
    await over('i=0; while :; do i=$((i+1)); echo x >$HS_OUT/$i; done', /more than 100 files/);
    await over('head -c 600000 /dev/zero >$HS_OUT/quick', /larger than 500000 bytes/);
    await over('exec cat /dev/zero', /stdout is larger than 500000 bytes/);
    await over('head -c 600000 /dev/zero >&2', /stderr is larger than 500000 bytes/);
    await over('head -c 600000 /dev/zero', /stdout is larger than 500000 bytes/);
    const most = (where: string) => `head -c 400000 /dev/zero >${where}`;
    const more = most('$HS_OUT/x');
    await over(`${most('&1')}; ${most('&2')}; ${more}`, /output is larger than 1000000 bytes/);
    await over(`${more}; ${most('&1')}; ${most('&2')}; sleep 60`, /larger than 1000000 bytes/);
    // What is passed on alone is not kept, and what is kept is within the budget.
    const fits = `${most('&1')}; head -c 600000 /dev/zero >&2; ${more}`;
    expect((await run(session, fits, { capture: ['stdout'] })).artifacts).toHaveLength(2);
    expect(leftovers()).toEqual([]);
  });

  it('is recorded with its output, whatever the tool does to the workspace', async () => {
    const deep = 'i=0; while [ $i -lt 30 ]; do d=$(printf %0200d 0); mkdir $d; cd $d; i=$((i+1)); done';
    const { status, stray } = await run(session, `echo x >$HS_OUT/x; ${deep}`);
    expect(status).toBe(0);
    expect(await lastRun(session)).toMatchObject({ artifacts: 1, stray_writes: stray.length });
  });

  it('is recorded when something fails in the middle of it', async () => {
    const error = await run(session, 'echo up; sleep 5', {
      onOutput: () => Promise.reject(Object.assign(new Error('EIO: no more'), { code: 'EIO' })),
    }).catch((e) => e);
    expect(isHsError(error, 'SYSTEM')).toBe(true);
    expect(await lastRun(session)).toMatchObject({ exit_status: 137, artifacts: 0 });
  });

  it('cannot be deprived of the capture directory', async () => {
    const { status } = await run(session, 'rm -rf $HS_OUT; rmdir $HS_OUT; echo x >$HS_OUT/x && exit 0');
    expect(status).toBe(0);
  });

  it('ignores what a background process writes after the tool has ended', async () => {
    const { artifacts } = await run(session, 'echo now >$HS_OUT/now; (sleep 1; echo late >$HS_OUT/late) &');
    expect(artifacts).toMatchObject([{ files: 1 }]);
  });

  it('refuses to be kept waiting: a second signal kills a tool that ignores the first', async () => {
    const begun = performance.now();
    const result = await run(session, "trap '' INT; echo up; while :; do sleep 1; done", {
      takeSignals: (handler) => {
        const timers = [setTimeout(handler, 1500, 'SIGINT'), setTimeout(handler, 1700, 'SIGINT')];
        return () => timers.forEach(clearTimeout);
      },
    });
    expect(performance.now() - begun).toBeLessThan(8000);
    expect(result).toMatchObject({ status: 130, stdout: 'up\n' });
    expect(await lastRun(session)).toMatchObject({ exit_status: 130 });
  });

  it('gives the signals back when the free space cannot be watched', async () => {
    const { signal } = new AbortController();
    let taken = 0;
    const disk = interceptDisk(nodeDisk(), (operation, path) => {
      if (operation === 'space' && taken > 0) throw errnoError('EIO', operation, path);
    });
    const blind = await openTestSession(dir, { disk, signal });
    const takeSignals = () => {
      taken += 1;
      return () => {
        taken -= 1;
      };
    };
    await expect(run(blind, 'exit 0', { takeSignals })).rejects.toMatchObject({ code: 'EIO' });
    expect(taken).toBe(0);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    expect(leftovers()).toEqual([]);
  });

  it('lets the tool put its things in order on a signal', async () => {
    const script = "trap 'echo bye >$HS_OUT/x; exit 0' TERM; echo up; while :; do sleep 0.1; done";
    const { status, artifacts } = await run(session, script, {
      takeSignals: (handler) => {
        const timer = setTimeout(handler, 1500, 'SIGTERM');
        return () => clearTimeout(timer);
      },
    });
    expect({ status, count: artifacts.length }).toEqual({ status: 0, count: 1 });
  });

  it('keeps the output where it is when the store cannot take it, and says where', async () => {
    const disk = interceptDisk(nodeDisk(), (operation, path) => {
      if (operation === 'link' && path.includes('/ledger/')) throw errnoError('EIO', operation, path);
    });
    const broken = await openTestSession(dir, { disk });
    const error = await run(broken, 'echo precious >$HS_OUT/p').catch((e) => e);
    expect(error.message).toMatch(
      /status 0, but its output was not registered.*could not be recorded either/,
    );
    const place = /'([^']+\/out)'/.exec(error.hint)![1]!;
    expect(readFileSync(`${place}/p`, 'utf8')).toBe('precious\n');
  });
});

describe.skipIf(!has('bubblewrap-overlay'))('under --strict', () => {
  it('fails with 124 when a write elsewhere was caught, lists it, and keeps nothing', async () => {
    const { status, stray, artifacts } = await run(session, 'echo x >stray; echo y >$HS_OUT/y', {
      strict: true,
    });
    expect({ status, stray }).toEqual({
      status: 124,
      stray: [{ path: 'stray', kind: 'create', what: 'file' }],
    });
    expect(artifacts).toEqual([]);
    expect(existsSync(`${dir}/stray`)).toBe(false);
    expect(await lastRun(session)).toMatchObject({ stray_writes: 1, stray_paths: ['stray'], exit_status: 0 });
  });

  it('without it, the write is recorded and the output kept', async () => {
    const { status, artifacts } = await run(session, 'echo x >stray; echo y >$HS_OUT/y');
    expect({ status, count: artifacts.length }).toEqual({ status: 0, count: 1 });
    expect(await lastRun(session)).toMatchObject({ stray_paths: ['stray'] });
  });
});

describe('without a sandbox', () => {
  it('is recorded with its changes to the workspace', async () => {
    const { artifacts, sandbox } = await run(session, 'echo x >new; echo y >$HS_OUT/y', { backend: 'none' });
    expect(sandbox).toMatchObject({ backend: 'none', level: 'detected' });
    expect(existsSync(`${dir}/new`)).toBe(true);
    expect(await lastRun(session)).toMatchObject({ stray_paths: ['new'], sandbox: { level: 'detected' } });
    expect((await manifestOf(session, artifacts[0]!.artifactId)).provenance!.sandbox!.level).toBe('detected');
  });

  it('keeps the status of a tool when the workspace cannot be compared after it', async () => {
    const disk = interceptDisk(nodeDisk(), (operation, path) => {
      if (operation === 'readdir' && path === `${dir}/` && existsSync(`${dir}/new`))
        throw errnoError('EIO', operation, path);
    });
    const broken = await openTestSession(dir, { disk });
    const attempt = run(broken, 'echo x >new; exit 3', { backend: 'none' });
    await expect(attempt).rejects.toMatchObject({ message: expect.stringContaining('exited with status 3') });
    expect(await lastRun(session)).toMatchObject({ exit_status: 3 });
  });

  it.each([
    ['removed', 'rm -rf $HS_OUT'],
    ['replaced by a link', 'rm -rf $HS_OUT; ln -s /etc $HS_OUT'],
    ['made again', 'rm -rf $HS_OUT; mkdir $HS_OUT; echo x >$HS_OUT/x'],
  ])('takes nothing from a capture directory that was %s', async (_, script) => {
    const { status, artifacts, refused } = await run(session, script, { backend: 'none' });
    expect({ status, artifacts, paths: refused.map((r) => r.path) }).toEqual({
      status: 125,
      artifacts: [],
      paths: ['.'],
    });
    expect(leftovers()).toEqual([]);
  });

  it('removes directories that a tool made hard to remove', async () => {
    const script = 'mkdir -p $HS_OUT/a/b; echo x >$HS_OUT/a/b/c; chmod 0 $HS_OUT/a/b $HS_OUT/a $HS_OUT';
    await run(session, script, { backend: 'none' });
    expect(leftovers()).toEqual([]);
  });
});

it('says when no sandbox can be had, and runs nothing', async () => {
  const environment = { ...session.environment, platform: 'aix' as const };
  const other = await openTestSession(dir, { environment });
  const result = await run(other, 'touch ran', { backend: 'sandbox-exec' }).catch((e) => e);
  expect(isHsError(result, 'SANDBOX')).toBe(true);
  expect(existsSync(`${dir}/ran`)).toBe(false);
  expect(leftovers()).toEqual([]);
});
