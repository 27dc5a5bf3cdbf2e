import { streamSource } from '../payload/stream-source.js';
import type { Session } from '../session/session.js';
import { CommandSource } from './command-source.js';
import { type PutOptions, type PutResult, put } from './put.js';

/**
 * Runs a command and stores its standard output as one artifact, while it is printed. If the command fails, nothing is
 * registered: COMMAND_FAILED, with its exit status.
 */
export async function putOutput(
  session: Session,
  command: readonly string[],
  options: Omit<PutOptions, 'each'>,
): Promise<PutResult> {
  const source = new CommandSource(session, command);
  try {
    const [result] = await put(session, [{ stream: streamSource(source.chunks()) }], options);
    return result!;
  } finally {
    await source.stop();
  }
}
