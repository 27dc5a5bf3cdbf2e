/**
 * A program of its own, so that a sandbox can be tried as another user, with descriptors left open, and
 * with signals: a request on the command line, one JSON line on stdout.
 */
import type { Environment } from '../../src/core/effects.js';
import { isHsError } from '../../src/errors/hs-error.js';
import { nodeDisk } from '../../src/fsx/node-disk.js';
import { systemEnvironment } from '../../src/fsx/system-effects.js';
import { type BackendName, runSandboxed, type SandboxLevel, sandboxHost } from '../../src/sandbox/sandbox.js';

export interface RunnerRequest {
  readonly backend?: BackendName;
  readonly least?: SandboxLevel;
  readonly without?: readonly string[];
  readonly namespaces?: boolean;
  readonly command: readonly string[];
  readonly projectDir: string;
  readonly cwd?: string;
  readonly captureDir: string;
  readonly inputsDir?: string;
  readonly scratchDir: string;
  readonly storeDir: string;
  readonly home: string;
  readonly network?: boolean;
  readonly graceMs?: number;
  readonly stdin?: 'inherit';
  /** Puts what the tool prints on stderr at once. */
  readonly live?: boolean;
}

const request = JSON.parse(process.argv[2]!) as RunnerRequest;
const system = systemEnvironment();
const environment: Environment = {
  get: (name) => system.get(name),
  all: () => system.all(),
  cwd: system.cwd,
  uid: system.uid,
  umask: 0o022,
  userName: 'tester',
  platform: system.platform,
  home: request.home,
};
const output = { stdout: '', stderr: '' };
const abort = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => abort.abort(signal));
try {
  const host = sandboxHost(nodeDisk(), environment, {
    without: request.without ?? [],
    namespaces: request.namespaces ?? true,
  });
  const result = await runSandboxed(
    host,
    {
      command: request.command,
      projectDir: request.projectDir,
      captureDir: request.captureDir,
      scratchDir: request.scratchDir,
      storeDir: request.storeDir,
      ...(request.cwd === undefined ? {} : { cwd: request.cwd }),
      ...(request.inputsDir === undefined ? {} : { inputsDir: request.inputsDir }),
      ...(request.graceMs === undefined ? {} : { graceMs: request.graceMs }),
      network: request.network ?? false,
      env: process.env,
      stdin: request.stdin ?? 'ignore',
      signal: abort.signal,
      onOutput: (stream, chunk) => {
        output[stream] += Buffer.from(chunk).toString();
        if (request.live) process.stderr.write(chunk);
      },
    },
    {
      least: request.least ?? 'none',
      ...(request.backend === undefined ? {} : { backend: request.backend }),
    },
  );
  console.log(JSON.stringify({ ...result, ...output }));
} catch (e) {
  if (!isHsError(e)) throw e;
  console.log(JSON.stringify({ error: e.code, message: e.message, details: e.details }));
}
