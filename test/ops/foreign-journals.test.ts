import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { removeSync } from 'fs-extra/esm';
import { beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/core/objects/hash.js';
import { hs } from '../helpers/hs.js';
import { tmp } from '../helpers/tmp.js';

const RUN = 'f'.repeat(32);
const TOKEN = 'd'.repeat(24);
const ID = '00000000-0000-4000-8000-000000000000';

let dir: string;
let state: string;
let victim: string;
let scratch: string;

beforeEach(async () => {
  dir = await tmp();
  state = await tmp();
  victim = await tmp();
  scratch = `${victim}/hs-run-${RUN}`;
  mkdirSync(`${victim}/empty`);
  mkdirSync(scratch);
  writeFileSync(`${scratch}/precious`, 'kept');
  writeFileSync(`${dir}/a`, 'a');
  await run('init');
});

const run = (...args: string[]) => hs(args, { cwd: dir, env: { XDG_STATE_HOME: state } });

/** A journal as it looks in a store that somebody else has prepared: what it says was done for real once. */
function plantJournal(extra = 0): void {
  const lines: object[] = [
    {
      after_seq: 0,
      arguments_hash: sha256(Buffer.from('')),
      journal: 'run',
      path: scratch,
      program: 'evil',
      run_id: ID,
      started_at: '2026-01-01T00:00:00.000Z',
    },
    { after_seq: 0, config: { mtime: 0, with_manifest: false }, export_id: ID, journal: 'export' },
    {
      export_id: ID,
      journal: 'staging',
      staging: { path: `${victim}/x`, paths: [`${victim}/empty`], temporary: `.hs-tmp-${'0'.repeat(32)}` },
    },
  ];
  for (let i = 0; i < extra; i++) {
    const export_id = `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`;
    lines.push({ after_seq: 0, config: { mtime: 0, with_manifest: false }, export_id, journal: 'export' });
  }
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  writeFileSync(`${dir}/.hsstore/leases/${TOKEN}`, text, { mode: 0o600 });
}

function untouched(): void {
  expect(existsSync(`${victim}/empty`)).toBe(true);
  expect(readFileSync(`${scratch}/precious`, 'utf8')).toBe('kept');
}

const lease = () => existsSync(`${dir}/.hsstore/leases/${TOKEN}`);

describe('the journal of a dead lease that this user did not write', () => {
  it('in a foreign store, removes nothing outside, records no run and takes no time', async () => {
    plantJournal(15_000);
    removeSync(state);
    const { status, stderr } = await run('put', 'a');
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: expect.stringContaining(
        'came with this store and was not written by your own hs: it was discarded unread',
      ),
    });
    untouched();
    expect(lease()).toBe(false);
    expect((await run('log')).stdout).not.toContain('evil');
  });

  it('is left alone in a store that this user made, told of, and given up on their word', async () => {
    plantJournal();
    expect(await run('put', 'a')).toMatchObject({
      status: 0,
      stderr: expect.stringContaining(`abandon it with: hs gc --assume-dead ${TOKEN}`),
    });
    expect((await run('doctor')).stdout).toContain('is ignored');
    untouched();
    expect(lease()).toBe(true);
    await run('gc', '--yes', '--assume-dead', TOKEN);
    untouched();
    expect(lease()).toBe(false);
  });
});
