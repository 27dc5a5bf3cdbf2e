import { spawn } from 'node:child_process';
import { HsError } from '../errors/hs-error.js';

const DISCARD = 'rm -rf -- "$1" 2>/dev/null || { chmod -R u+rwx -- "$1"; rm -rf -- "$1"; }';

/**
 * Removes a scratch or capture directory, whatever a tool left in it: names that are no text, and
 * directories without permissions, such as an overlay's own.
 */
export async function discardTree(dir: string): Promise<void> {
  const status = await new Promise<number | null>((resolve, reject) => {
    const child = spawn('/bin/sh', ['-c', DISCARD, 'hs', dir], { stdio: 'ignore' });
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (status !== 0) throw new HsError('SYSTEM', `cannot remove '${dir}'`);
}
