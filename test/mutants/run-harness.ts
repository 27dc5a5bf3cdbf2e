import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Harness, Mutant } from './mutant.js';

/** `broken`: the tests did not run to an end, which says nothing of the fault. */
export type HarnessResult = 'passed' | 'failed' | 'broken';

const PATIENCE_MS = 900_000;

interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

function environment(mutant: Mutant | undefined): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([key]) => !key.startsWith('VITEST') && key !== 'HS_MUTANT');
  return { ...Object.fromEntries(own), ...(mutant && { HS_MUTANT: mutant.name }) };
}

/** Runs a harness in the project at `root`, with a mutant or without one. */
export async function runHarness(
  root: string,
  { file, test }: Harness,
  mutant?: Mutant,
): Promise<{ readonly result: HarnessResult; readonly output: string }> {
  const dir = await mkdtemp(join(tmpdir(), 'hs-mutant-'));
  const report = join(dir, 'report.json');
  const args = [
    join(root, 'node_modules/vitest/vitest.mjs'),
    ...['run', '--config', 'vitest.mutants.config.ts', file],
    ...['-t', test.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), '--bail=1', '--no-color'],
    ...['--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
  ];
  try {
    const { output } = await runNode(root, args, environment(mutant));
    return { result: verdictOf(await readFile(report, 'utf8').catch(() => undefined)), output };
  } finally {
    await rm(dir, { recursive: true });
  }
}

/** Runs the simulation with a mutant, until it breaks a promise or for its number of seeds. */
export async function runSimulation(
  root: string,
  { name, seeds }: Mutant,
): Promise<{ readonly result: HarnessResult; readonly output: string }> {
  const options = ['--mutant', name, '--seeds', `${seeds}`, '--once', '--json'];
  const { status, output } = await runNode(root, [join(root, 'scripts/sim.mjs'), ...options]);
  return { result: status === 0 ? 'passed' : status === 1 ? 'failed' : 'broken', output };
}

async function runNode(root: string, args: readonly string[], env = process.env) {
  const child = spawn(process.execPath, args, { cwd: root, env });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
  clearTimeout(timer);
  return { status, output };
}

function verdictOf(report: string | undefined): HarnessResult {
  if (report === undefined) return 'broken';
  const statuses = (JSON.parse(report) as Report).testResults.flatMap((file) =>
    file.assertionResults.map(({ status }) => status),
  );
  if (statuses.includes('failed')) return 'failed';
  return statuses.includes('passed') ? 'passed' : 'broken';
}
