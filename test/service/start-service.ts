import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    service: string | undefined;
    /** Of Ceph, if it was started here and its parts may be killed. */
    ceph: { readonly script: string; readonly directory: string; readonly port: string } | undefined;
  }
}

const run = promisify(execFile);
const SCRIPT = fileURLToPath(new URL('ceph.sh', import.meta.url));
const PORT = 7480;

/** Starts Ceph's gateway below a directory of its own, or takes the service that `HS_TEST_S3` names. */
export default async function startService(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const given = process.env.HS_TEST_S3;
  const installed = await run('sh', ['-c', 'command -v radosgw ceph-mon ceph-osd']).then(
    () => process.getuid?.() === 0,
    () => false,
  );
  if (given !== undefined || !installed) {
    project.provide('service', given);
    project.provide('ceph', undefined);
    return undefined;
  }
  const directory = await mkdtemp('/tmp/hs-ceph-');
  const env = { ...process.env, D: directory, PORT: String(PORT) };
  await run('bash', [SCRIPT, 'start'], { env });
  project.provide('service', `http://127.0.0.1:${PORT}`);
  project.provide('ceph', { script: SCRIPT, directory, port: String(PORT) });
  return async () => {
    await run('bash', [SCRIPT, 'stop'], { env });
    await rm(directory, { recursive: true, force: true });
  };
}
