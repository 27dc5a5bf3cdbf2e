import { systemProgram } from './system-programs.js';

/**
 * Opens a file in an editor on this terminal and waits for it to end, as git does: the words of `editor` are those of a
 * shell, and the path is its last argument. What the keyboard sends to all in the terminal is for the editor alone. Fails
 * unless it succeeds.
 */
export async function editFile(editor: string, path: string): Promise<void> {
  const { spawn } = await import('node:child_process');
  const child = spawn(
    systemProgram('sh') ?? '/bin/sh',
    ['-c', `trap : INT QUIT; ${editor} "$@"`, editor, path],
    {
      stdio: 'inherit',
    },
  );
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (...end) => resolve(end));
  });
  if (code !== 0)
    throw new Error(signal === null ? `it ended with status ${code}` : `it was ended by ${signal}`);
}
