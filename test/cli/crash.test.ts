import { join } from 'node:path';
import fs from 'fs-extra';
import { describe, expect, it } from 'vitest';
import { expectDocument } from '../helpers/document.js';
import { hs } from '../helpers/hs.js';
import { tmp } from '../helpers/tmp.js';

const ROOT = join(import.meta.dirname, '../..');

/** hs hash-object where Node's own hash throws what nobody expects. */
async function crash(args: readonly string[] = [], env: Record<string, string> = {}) {
  const cwd = await tmp();
  await fs.outputFile(join(cwd, 'file'), 'hello');
  await fs.outputFile(
    join(cwd, 'broken.cjs'),
    "class Broken extends Error {}\nrequire('node:crypto').createHash = () => { throw new Broken('no hash today'); };\n",
  );
  const options = { cwd, env: { NODE_OPTIONS: `--require=${cwd}/broken.cjs`, ...env } };
  return hs(['hash-object', 'file', ...args], options);
}

describe('a bug in the built program', () => {
  it('is shown by its class, with names and places in the sources', async () => {
    const { status, stderr } = await crash();
    const [first, ...rest] = stderr.split('\n');
    expect(status).toBe(70);
    expect(first).toBe('hs: error: bug in hs: Broken: no hash today');
    const frames = rest.slice(0, -2);
    expect(frames.length).toBeLessThanOrEqual(5);
    const own = frames
      .map((frame) => /^ {4}at (\S.*) \((src\/\S+\.ts):(\d+):\d+\)$/.exec(frame))
      .filter((m) => m !== null);
    expect(own.length).toBeGreaterThan(0);
    const [, name, file, line] = own[0]!;
    const source = (await fs.readFile(join(ROOT, file!), 'utf8')).split('\n');
    expect(source[Number(line) - 1]).toContain('createHash(');
    expect(name).toMatch(/\w{4,}/);
  });

  it('has the same in the JSON document', async () => {
    const { status, stderr } = await crash(['--json']);
    expect(status).toBe(70);
    const { error } = await expectDocument(stderr);
    expect(error).toMatchObject({ code: 'BUG', message: 'bug in hs: Broken: no hash today' });
    expect(JSON.stringify(error.details.stack)).toMatch(/\(src\/\S+\.ts:\d+:\d+\)/);
  });
});
