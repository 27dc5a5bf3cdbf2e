import { spawn } from 'node:child_process';
import { HsError } from '../errors/hs-error.js';
import { demandProgram } from './programs.js';

const DISCARD = '"$1" -rf -- "$3" 2>/dev/null || { "$2" -R u+rwx -- "$3"; "$1" -rf -- "$3"; }';

/**
 * Removes a scratch or capture directory, whatever a tool left in it: names that are not UTF-8, and directories without
 * permissions, such as an overlay's own.
 */
export async function removeScratch(dir: string): Promise<void> {
  const helpers = ['rm', 'chmod'].map(demandProgram);
  const status = await new Promise<number | null>((resolve, reject) => {
    const child = spawn('/bin/sh', ['-c', DISCARD, 'hs', ...helpers, dir], { stdio: 'ignore' });
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (status !== 0) throw new HsError('SYSTEM', `cannot remove '${dir}'`);
}
