import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { HS_PROGRAM, hs, hsEnvironment } from '../helpers/hs.js';
import { openTestSession } from '../helpers/store.js';
import { tmp } from '../helpers/tmp.js';
import { readAll } from '../sim/invariants.js';

const SECONDS = Number(process.env.HS_CHAOS_SECONDS ?? 10);
const WRITERS = 4;
const CONTENTS = 5;
/** This share of all commands is killed, at a moment between these. */
const KILLED = 0.3;
const MOMENT_MS = [50, 900] as const;

it('four writers and a collector as processes, killed with SIGKILL, lose nothing', async () => {
  const cwd = await tmp();
  const env = await hsEnvironment();
  expect((await hs(['init'], { cwd })).status).toBe(0);
  await mkdir(join(cwd, 'in'));
  for (let i = 0; i < CONTENTS; i++) await writeFile(join(cwd, 'in', `f${i}`), `content ${i}`);
  const end = performance.now() + SECONDS * 1000;
  const held = new Map<string, string>();
  const totals = { commands: 0, killed: 0, done: 0 };

  /** Runs a command, or kills it in the middle: undefined. */
  const run = async (args: readonly string[]): Promise<{ status: number; stdout: string } | undefined> => {
    totals.commands++;
    const child: ChildProcess = spawn(process.execPath, [HS_PROGRAM, ...args], { cwd, env });
    let stdout = '';
    child.stdout!.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr!.resume();
    const dies = Math.random() < KILLED;
    const [from, to] = MOMENT_MS;
    const timer = dies
      ? setTimeout(() => child.kill('SIGKILL'), from + Math.random() * (to - from))
      : undefined;
    const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
    clearTimeout(timer);
    if (status === null) totals.killed++;
    else if (status === 0) totals.done++;
    return status === null ? undefined : { status, stdout };
  };
  const pick = <T>(items: readonly T[]): T | undefined => items[Math.floor(Math.random() * items.length)];
  const ids: string[] = [];

  const writer = async (w: number) => {
    for (let n = 0; performance.now() < end; n++) {
      const id = pick(ids);
      const dice = Math.random();
      if (dice < 0.4 || id === undefined) {
        const ttl = Math.random() < 0.7 ? ['--ttl', '0'] : [];
        const high = ttl.length > 0 && Math.random() < 0.4 ? ['--classification', 'high'] : [];
        const put = await run(['put', `in/f${Math.floor(Math.random() * CONTENTS)}`, ...ttl, ...high]);
        if (put?.status === 0) ids.push(put.stdout.trim());
      } else if (dice < 0.6) {
        const name = `w${w}-${n}`;
        if ((await run(['pin', id, '--name', name]))?.status === 0) held.set(name, id);
      } else if (dice < 0.7) {
        const mine = pick([...held].filter(([name]) => name.startsWith(`w${w}-`)));
        if (mine === undefined) continue;
        held.delete(mine[0]);
        await run(['unpin', mine[1], '--name', mine[0]]);
      } else if (dice < 0.8) await run(['restore', id, '--no-pin']);
      else if (dice < 0.9) {
        const made = await run(['bundle', 'create', id, pick(ids)!]);
        if (made?.status === 0) ids.push(made.stdout.trim().slice(0, 36));
      } else await run(['rm', id, '--yes', ...(Math.random() < 0.5 ? ['--purge'] : [])]);
    }
  };
  const collector = async () => {
    while (performance.now() < end) await run(['gc', '--yes', '--empty-trash', '--quiet']);
  };
  await Promise.all([...Array.from({ length: WRITERS }, (_, w) => writer(w)), collector()]);

  const session = await openTestSession(cwd);
  const live = await readAll(session);
  for (const [name, id] of held) {
    const record = live.find((r) => r.artifact_id === id);
    expect(
      record?.pins.map((p) => p.name),
      `${name} on ${id}`,
    ).toContain(name);
  }
  await session.close();
  const swept = await hs(['gc', '--yes', '--empty-trash'], { cwd });
  expect([0, 3]).toContain(swept.status);
  console.log('retention chaos of processes:', { ...totals, live: live.length, pins: held.size });
});
