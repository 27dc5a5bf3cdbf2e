import { chmod, mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/core/objects/hash.js';
import { openStore } from '../../src/index.js';
import { inside } from '../helpers/inside.js';
import { makeTempDirectory } from '../helpers/tmp.js';

const MIB = 1024 * 1024;
const SIZES = { small: 300_000, bound: 8 * MIB, beyond: 8 * MIB + 1 };

let cwd: string;
let hs: ReturnType<typeof inside>;
const hashes: Record<string, string> = {};

/** A store with files and a directory of each size, of which every last byte is changed behind its back. */
beforeAll(async () => {
  const { path, remove } = await makeTempDirectory();
  cwd = path;
  hs = inside(cwd);
  await hs(['init']);
  for (const [name, size] of Object.entries(SIZES)) {
    const bytes = Buffer.alloc(size, name);
    hashes[name] = sha256(bytes);
    await mkdir(`${cwd}/${name}.d`);
    await writeFile(`${cwd}/${name}.d/file`, bytes);
    await hs(['put', `${name}.d/file`, '--name', name]);
    await hs(['put', `${name}.d`, '--name', `${name}.d`]);
    const object = `${cwd}/.hsstore/objects/${hashes[name].slice(0, 2)}/${hashes[name]}`;
    await chmod(object, 0o600);
    const file = await open(object, 'r+');
    await file.write('!', size - 1);
    await file.close();
  }
  return remove;
});

const commands = (name: string): [args: string[], stdin?: string][] => [
  [['cat-artifact', name]],
  [['cat-artifact', '-p', name]],
  [['cat-artifact', '--path', 'file', `${name}.d`]],
  [['cat-artifact', '--batch'], `${name}\n`],
  [['cat-object', hashes[name]!]],
];

describe('a damaged object', () => {
  it.each(['small', 'bound'])('of up to 8 MiB never comes to standard output (%s)', async (name) => {
    for (const [args, stdin = ''] of commands(name)) {
      const { status, stdout, stderr } = await hs(args, { stdin });
      expect({ args, status, stdout: stdout.length }).toEqual({ args, status: 5, stdout: 0 });
      expect(stderr).toContain('does not match its name');
    }
  });

  it('of more is told by the status alone', async () => {
    for (const [args, stdin = ''] of commands('beyond')) {
      const { status, stdout } = await hs(args, { stdin });
      expect([status, stdout.length > MIB], args.join(' ')).toEqual([5, true]);
    }
  });

  it.each([
    ['small', 0],
    ['bound', 0],
    ['beyond', SIZES.beyond],
  ] as const)(
    'comes to a program in no chunk, or in all of them and an error (%s)',
    async (name, expected) => {
      const store = await openStore({ store: cwd, actor: 'human:tester' });
      for (const stream of [store.stream(name), store.streamObject(hashes[name]!)]) {
        let bytes = 0;
        const drain = async () => {
          for await (const chunk of stream) bytes += chunk.length;
        };
        await expect(drain()).rejects.toMatchObject({ code: 'INTEGRITY' });
        expect(bytes).toBe(expected);
      }
      await store.close();
    },
  );

  it('does not end an answer of a batch that was sound', async () => {
    await writeFile(`${cwd}/sound`, 'sound');
    await hs(['put', 'sound', '--name', 'sound']);
    const { status, stdout } = await hs(['cat-artifact', '--batch'], { stdin: 'sound\nsmall\n' });
    expect([status, stdout.split('\n').slice(1)]).toEqual([5, ['sound', '']]);
    expect((await readFile(`${cwd}/sound`)).toString()).toBe('sound');
  });
});
