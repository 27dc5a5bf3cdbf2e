import { readdir, readFile } from 'node:fs/promises';
import { outputFile, pathExists } from 'fs-extra/esm';
import { beforeEach, describe, expect, it } from 'vitest';
import { expectDocument } from '../helpers/document.js';
import { hs } from '../helpers/hs.js';
import { tmp } from '../helpers/tmp.js';

let cwd = '';
let drafts = '';
const run = (...args: string[]) => hs(args, { cwd });
/** With a script as the editor, which has the draft as its argument. */
const edit = async (script: string, ...args: string[]) => {
  await outputFile(`${cwd}/an editor.sh`, script);
  return hs(['policy', 'edit', ...args], {
    cwd,
    env: { TMPDIR: drafts, HS_EDITOR: `sh '${cwd}/an editor.sh'`, EDITOR: 'false', VISUAL: 'false' },
  });
};
const head = async () => JSON.parse((await run('ledger', 'head', '--json')).stdout).seq as number;
const trashDays = async () => JSON.parse((await run('policy', 'show')).stdout).retention.trash_days;

beforeEach(async () => {
  [cwd, drafts] = [await tmp(), await tmp()];
  await run('init');
});

describe('hs policy edit', () => {
  it('sets what was saved, shows what it changes, and leaves no draft', async () => {
    const { status, stdout } = await edit(`sed -i 's/"trash_days": 7/"trash_days": 9/' "$1"`);
    expect([status, stdout]).toEqual([0, expect.stringContaining('retention.trash_days: 7 -> 9')]);
    expect(await trashDays()).toBe(9);
    expect(await readdir(drafts)).toEqual([]);
    const again = await edit(`sed -i 's/"trash_days": 9/"trash_days": 8/' "$1"`, '--json');
    expect(await expectDocument(again.stdout)).toMatchObject({ schema: 'hs.policy-edit/1', changed: true });
  });

  it('shows the draft to nobody else', async () => {
    await edit(`stat -c %a "$1" "$(dirname "$1")" > '${cwd}/modes'`);
    expect(await readFile(`${cwd}/modes`, 'utf8')).toBe('600\n700\n');
  });

  it('sets nothing when nothing was changed, or the editor fails', async () => {
    const before = await head();
    const same = await edit(':');
    expect([same.status, same.stdout]).toEqual([0, expect.stringContaining('in force already')]);
    const failed = await edit(`echo '{}' > "$1"; exit 3`);
    expect([failed.status, failed.stderr]).toEqual([10, expect.stringContaining('ended with status 3')]);
    const killed = await edit('kill -9 $$');
    expect(killed.status).toBe(10);
    expect(await head()).toBe(before);
    expect(await readdir(drafts)).toEqual([]);
  });

  it.each([
    ['is no policy', `echo '{' > "$1"`, 5],
    ['is too large', `head -c 99999999 /dev/zero > "$1"`, 5],
    ['locks its author out', `sed -i 's/"policy.set"/"note.append"/' "$1"`, 6],
    ['was removed', `rm "$1"`, 4],
  ])('keeps the draft that %s, and says where it is', async (_, script, exit) => {
    const { status, stderr } = await edit(script);
    expect(status).toBe(exit);
    const [, draft] = /the draft is kept: hs policy set (\S+)/.exec(stderr)!;
    expect(await pathExists(draft!)).toBe(!script.startsWith('rm'));
    expect(await trashDays()).toBe(7);
  });

  it('refuses an actor who may not set it before the editor opens, and records that', async () => {
    const before = await head();
    const { status, stderr } = await hs(['policy', 'edit'], {
      cwd,
      env: { TMPDIR: drafts, HS_EDITOR: `touch '${cwd}/opened'; true`, HS_ACTOR: 'ai_job:j' },
    });
    expect([status, stderr]).toEqual([6, expect.stringContaining('policy.set')]);
    expect(await pathExists(`${cwd}/opened`)).toBe(false);
    expect(await readdir(drafts)).toEqual([]);
    expect(await head()).toBe(before + 1);
  });

  it('starts no editor of its own where there is no terminal', async () => {
    const { status, stderr } = await hs(['policy', 'edit'], { cwd, env: { TMPDIR: drafts } });
    expect([status, stderr]).toEqual([2, expect.stringContaining('no terminal to edit on')]);
    expect(await readdir(drafts)).toEqual([]);
  });

  it('does not overwrite a policy that was set meanwhile', async () => {
    const other = `'${process.execPath}' '${process.cwd()}/bin/hs.js' policy set retention.trash_days=5`;
    const script = `cd '${cwd}' && ${other} && sed -i 's/"trash_days": 7/"trash_days": 9/' "$1"`;
    const { status, stderr } = await edit(script);
    expect([status, stderr]).toEqual([8, expect.stringContaining('another policy was set meanwhile')]);
    // To set the whole draft would take that back.
    expect(stderr).not.toContain('hs policy set');
    expect(await trashDays()).toBe(5);
    expect(await readdir(drafts)).toHaveLength(1);
  });

  it('is not ended by the Ctrl-C that was meant for the editor', async () => {
    const save = `sed -i 's/"trash_days": 7/"trash_days": 9/' "$1"`;
    const parent = `$(sed -n 's/^PPid:[^0-9]*//p' /proc/$PPID/status)`;
    const { status, stderr } = await edit(`kill -INT $PPID ${parent}; ${save}`);
    expect([status, stderr, await trashDays()]).toEqual([0, '', 9]);
  });

  it('sets nothing after a SIGTERM while the editor was open', async () => {
    const parent = `$(sed -n 's/^PPid:[^0-9]*//p' /proc/$PPID/status)`;
    const { status } = await edit(`kill -TERM ${parent}; sed -i 's/"trash_days": 7/"trash_days": 9/' "$1"`);
    expect([status, await trashDays(), await readdir(drafts)]).toEqual([143, 7, []]);
  });
});
