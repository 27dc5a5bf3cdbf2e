const MAX_OUTPUT_BYTES = 1024 * 1024;
const TIMEOUT_MS = 60_000;

/** Runs a shell command that the user has configured; resolves to its standard output, and fails unless it succeeds. */
export async function runShell(command: string): Promise<string> {
  const { execFile } = await import('node:child_process');
  return new Promise((resolve, reject) => {
    const options = { timeout: TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES };
    execFile('/bin/sh', ['-c', command], options, (error, stdout) => {
      if (error === null) resolve(stdout);
      else reject(error);
    });
  });
}
