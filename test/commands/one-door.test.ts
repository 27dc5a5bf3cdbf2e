import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureDirSync } from 'fs-extra/esm';
import { beforeAll, describe, expect, it } from 'vitest';
import { registry } from '../../commands/registry.js';
import { HS_PROGRAM, hsEnvironment } from '../helpers/hs.js';
import { makeTempDirectory } from '../helpers/tmp.js';
import { hasStrace, type Traced, tracedHs } from '../helpers/written-paths.js';

/** Devices that nothing is kept on. */
const NOWHERE = /^\/dev\/(?:null|tty|pts\/\d+)$/;

interface Step {
  /** The command as the registry calls it. */
  readonly name: string;
  readonly args: readonly string[];
  readonly stdin?: string;
  /** What it may write below the work directory, besides the store. */
  readonly out?: readonly string[];
  readonly status?: number;
  /** Only prepares something for the steps after it. */
  readonly untraced?: true;
  /** Keeps what it printed, for the steps after it. */
  readonly keep?: (stdout: string) => void;
}

/** Every command once, in an order in which each has something to do. */
function* steps(work: string): Generator<Step> {
  let file = '';
  let hash = '';
  yield { name: 'init', args: ['init'] };
  yield { name: 'put', args: ['put', 'a.txt', '--name', 'file'], keep: (s) => (file = s.trim()) };
  yield { name: 'put', args: ['put', 'tree', '--name', 'tree'] };
  yield { name: 'put', args: ['put', '-', '--name', 'stream'], stdin: 'from stdin' };
  yield { name: 'hash-object', args: ['hash-object', '-w', 'a.txt'], keep: (s) => (hash = s.trim()) };
  yield { name: 'ls', args: ['ls'] };
  yield { name: 'label', args: ['label', 'stream', 'env=test'] };
  yield { name: 'rename', args: ['rename', 'stream', 'stream/1'] };
  yield { name: 'scan', args: ['scan', 'file', 'tree'] };
  yield { name: 'show', args: ['show', 'file'] };
  yield { name: 'cat-object', args: ['cat-object', hash] };
  yield { name: 'cat-artifact', args: ['cat-artifact', 'file'] };
  yield { name: 'for-each-artifact', args: ['for-each-artifact'] };
  yield { name: 'resolve', args: ['resolve', 'file'] };
  yield { name: 'diff', args: ['diff', 'file', 'tree'], status: -1 };
  yield { name: 'write-index', args: ['write-index', 'tree'], keep: (s) => (hash = s.trim()) };
  yield { name: 'ls-index', args: ['ls-index', hash] };
  yield {
    name: 'write-manifest',
    args: ['write-manifest', '--stdin'],
    stdin: JSON.stringify({ payload_type: 'directory', content_hash: hash, size_bytes: 6 }),
  };
  yield { name: 'check-manifest', args: ['check-manifest', 'a.txt'], status: -1 };
  yield { name: 'count-objects', args: ['count-objects'] };
  yield { name: 'materialize', args: ['materialize', 'file', 'm.txt'], out: ['m.txt'] };
  yield { name: 'materialize', args: ['materialize', 'tree', 'm'], out: ['m'] };
  yield { name: 'export', args: ['export', 'tree'], out: ['hs-out'] };
  yield { name: 'export', args: ['export', 'tree', 'm', '--force'], out: ['m'] };
  yield { name: 'export', args: ['export', 'file', 'm.txt', '--force'], out: ['m.txt'] };
  yield { name: 'export', args: ['export', 'tree', 'dry', '--dry-run'] };
  yield { name: 'export', args: ['export', 'tree', '-'] };
  yield { name: 'export', args: ['export', 'file', 'alias/x.txt'], out: ['alias'] };
  yield { name: 'bundle create', args: ['bundle', 'create', 'file', 'tree', '--name', 'b'] };
  yield { name: 'export', args: ['export', 'b', 'b.tar', '--format', 'tar'], out: ['b.tar'] };
  // What is attested: a sandbox writes where its own tests look (see below).
  yield {
    name: 'run',
    args: ['run', '--sandbox', 'none', '--name', 'made', '--', 'sh', '-c', 'echo 1 >$HS_OUT/f'],
    untraced: true,
  };
  yield {
    name: 'export',
    args: ['export', 'made', 'made', '--attest', '--key', 'key.pem'],
    out: ['made', 'made.intoto.json'],
  };
  yield {
    name: 'proof verify',
    args: ['proof', 'verify', 'made.intoto.json', '--pubkey', 'key.pub', '--subject', 'made'],
  };
  yield { name: 'bundle debug', args: ['bundle', 'debug', '--artifact', 'made'] };
  yield { name: 'bundle verify', args: ['bundle', 'verify', 'b.tar'] };
  yield { name: 'bundle ls', args: ['bundle', 'ls', 'b.tar'] };
  yield { name: 'import', args: ['import', 'b.tar'] };
  yield { name: 'export', args: ['export', 'tree', 'oci', '--format', 'oci'], out: ['oci'] };
  yield { name: 'import', args: ['import', '--format', 'oci', 'oci'] };
  yield { name: 'init', args: ['init', 'other'], out: ['other'] };
  yield { name: 'push', args: ['push', 'tree', 'other'], out: ['other/.hsstore'] };
  yield { name: 'pull', args: ['pull', '--all', 'other'], out: ['other/.hsstore'] };
  yield { name: 'reclassify', args: ['reclassify', 'file', '--classification', 'medium', '--reason', 'r'] };
  yield { name: 'promote', args: ['promote', 'tree'] };
  yield {
    name: 'policy show',
    args: ['policy', 'show'],
    keep: (s) => writeFileSync(join(work, 'p.json'), s.replace('"trash_days": 7', '"trash_days": 3')),
  };
  yield { name: 'policy check', args: ['policy', 'check', 'p.json'] };
  yield { name: 'policy diff', args: ['policy', 'diff', 'p.json'], status: 1 };
  yield { name: 'policy edit', args: ['policy', 'edit'], out: ['drafts'] };
  yield { name: 'policy set', args: ['policy', 'set', 'p.json'] };
  yield { name: 'policy set', args: ['policy', 'set', 'retention.trash_days=4'] };
  yield { name: 'pin', args: ['pin', 'file', '--name', 'p'] };
  yield { name: 'pins', args: ['pins'] };
  yield { name: 'unpin', args: ['unpin', 'file', '--name', 'p'] };
  yield { name: 'update-pin', args: ['update-pin', '--stdin'], stdin: '', status: -1 };
  yield { name: 'retain', args: ['retain', 'file', '--ttl', '9'] };
  yield { name: 'du', args: ['du'] };
  yield { name: 'du', args: ['du', '--html', 'du.html'], out: ['du.html'] };
  yield { name: 'plan-prune', args: ['plan-prune'], keep: (s) => writeFileSync(join(work, 'plan'), s) };
  yield { name: 'apply-prune', args: ['apply-prune', 'plan'], status: -1 };
  yield { name: 'rm', args: ['rm', 'stream/1', '--yes'] };
  yield { name: 'trash ls', args: ['trash', 'ls'] };
  yield { name: 'trash show', args: ['trash', 'show', 'stream/1'] };
  yield { name: 'trash empty', args: ['trash', 'empty', 'stream/1', '--yes'] };
  yield { name: 'restore', args: ['restore', file], status: -1 };
  yield { name: 'gc', args: ['gc', '--yes', '--empty-trash'], status: -1 };
  yield { name: 'report', args: ['report'] };
  yield {
    name: 'report',
    args: ['report', 'retention-report', '--html', 'report.html'],
    out: ['report.html'],
  };
  yield { name: 'fsck', args: ['fsck'], status: -1 };
  yield { name: 'log', args: ['log'] };
  yield { name: 'lineage', args: ['lineage', 'file'] };
  yield { name: 'ledger head', args: ['ledger', 'head'] };
  yield { name: 'ledger cat', args: ['ledger', 'cat'] };
  yield { name: 'ledger verify', args: ['ledger', 'verify'] };
  yield {
    name: 'ledger sign',
    args: ['ledger', 'sign', '--key', 'key.pem'],
    keep: (s) => writeFileSync(join(work, 'checkpoint'), s),
  };
  yield {
    name: 'ledger prove',
    args: ['ledger', 'prove', '0', '--checkpoint', 'checkpoint'],
    keep: (s) => writeFileSync(join(work, 'proof.json'), s),
  };
  yield { name: 'proof verify', args: ['proof', 'verify', 'proof.json', '--pubkey', 'key.pub'] };
  yield { name: 'ledger append-note', args: ['ledger', 'append-note', 'a note'] };
  yield { name: 'ledger accept-rollback', args: ['ledger', 'accept-rollback'], status: -1 };
  yield { name: 'help', args: ['help'] };
  yield { name: 'schema', args: ['schema', 'hs.ls/1'] };
  yield { name: 'completion', args: ['completion', 'bash'] };
  yield { name: 'version', args: ['version'] };
}

/**
 * `run` and `doctor` start sandboxes, in which a path means something else, and try forbidden writes: the
 * tests of the sandboxes watch those. `__complete` is the shell's.
 */
const ELSEWHERE = ['run', 'doctor', '__complete'];

describe.skipIf(!hasStrace)('under a system-call trace (needs strace)', () => {
  const seen: { step: Step; traced: Traced; allowed: string[] }[] = [];
  let cleanUp: () => Promise<void>;

  beforeAll(async () => {
    const { path: work, remove } = await makeTempDirectory();
    cleanUp = remove;
    ensureDirSync(join(work, 'tree/sub'));
    mkdirSync(join(work, 'real'));
    mkdirSync(join(work, 'other'));
    symlinkSync('real', join(work, 'alias'));
    writeFileSync(join(work, 'a.txt'), 'hello');
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    writeFileSync(join(work, 'key.pem'), privateKey.export({ format: 'pem', type: 'pkcs8' }));
    writeFileSync(join(work, 'key.pub'), publicKey.export({ format: 'pem', type: 'spki' }));
    writeFileSync(join(work, 'tree/x'), 'abc');
    writeFileSync(join(work, 'tree/sub/y'), 'def');
    const env = await hsEnvironment({ HS_EDITOR: 'true', TMPDIR: join(work, 'drafts') });
    ensureDirSync(join(work, 'drafts'));
    const store = join(work, '.hsstore');
    for (const step of steps(work)) {
      if (!Object.hasOwn(registry, step.name)) continue;
      if (step.untraced) {
        expect(spawnSync(process.execPath, [HS_PROGRAM, ...step.args], { cwd: work, env }).status).toBe(0);
        continue;
      }
      const traced = tracedHs(step.args, {
        cwd: work,
        env,
        ...(step.stdin === undefined ? {} : { stdin: step.stdin }),
      });
      step.keep?.(traced.stdout);
      // The anchor in the user's state directory is the one named exception (B1, F3).
      const allowed = [store, `${env.XDG_STATE_HOME}`, ...(step.out ?? []).map((name) => join(work, name))];
      // What is staged lies beside its destination until it gets its name.
      if (step.out !== undefined) allowed.push(join(work, '.hs-tmp-'));
      // A store is made beside its place and renamed in whole.
      if (step.name === 'init') allowed.push(`${store}.init-`);
      seen.push({ step, traced, allowed });
    }
    return () => cleanUp();
  }, 180_000);

  it('every command does its work', () => {
    const failed = seen
      .filter(({ step, traced }) => step.status !== -1 && traced.status !== (step.status ?? 0))
      .map(({ step, traced }) => `${step.args.join(' ')}: ${traced.status} ${traced.stderr}`);
    expect(failed).toEqual([]);
  });

  it('no command writes anywhere but in the store and at its destination', () => {
    const strays = seen.flatMap(({ step, traced, allowed }) =>
      traced.written
        .filter(
          (path) =>
            !NOWHERE.test(path) &&
            !allowed.some((root) => path === root || path.startsWith(root.endsWith('-') ? root : `${root}/`)),
        )
        .map((path) => `${step.args.join(' ')} wrote ${path}`),
    );
    expect(strays).toEqual([]);
    // That the trace sees anything at all: an export writes its destination, a dry run nothing.
    const wrote = (args: string) => seen.find(({ step }) => step.args.join(' ') === args)!.traced.written;
    expect(wrote('materialize file m.txt').some((p) => p.endsWith('/m.txt'))).toBe(true);
    expect(
      wrote('export tree dry --dry-run').filter((p) => !NOWHERE.test(p) && !p.includes('/.hsstore/cache/')),
    ).toEqual([]);
  });

  it('every command was tried', () => {
    const tried = new Set(seen.map(({ step }) => step.name));
    const missed = Object.keys(registry).filter((name) => !tried.has(name) && !ELSEWHERE.includes(name));
    expect(missed).toEqual([]);
  });
});

function sourceFiles(root: string): string[] {
  return ['src', 'commands'].flatMap((dir) =>
    readdirSync(join(root, dir), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.tsx?$/.test(name))
      .map((name) => `${dir}/${name}`),
  );
}

it('only the store, the export and the capture of a run change a disk', () => {
  const CHANGES =
    /\.(?:writeFile|mkdir|rmdir|unlink|link|rename|renameNoReplace|exchange|removeTree|chmod)\(/;
  const allowed = ['src/fsx/', 'src/store/', 'src/sandbox/', 'src/ops/materialize/', 'src/ops/run/'];
  const named = new Set([
    // Staged files of a dead lease, and what fsck mends, lie in the store.
    'src/ops/recovery/finish-dead-leases.ts',
    'src/ops/fsck/repair.ts',
    // The directory that is to hold a store.
    'commands/porcelain/init.ts',
  ]);
  const root = join(import.meta.dirname, '../..');
  const found = sourceFiles(root).filter(
    (file) =>
      !allowed.some((dir) => file.startsWith(dir)) &&
      !named.has(file) &&
      // An example in a docstring changes nothing.
      CHANGES.test(readFileSync(join(root, file), 'utf8').replace(/^ *\*.*$/gm, '')),
  );
  expect(found).toEqual([]);
});
