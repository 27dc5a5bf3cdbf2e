import { spawnSync } from 'node:child_process';
import { chmod, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { copy, ensureDir, pathExists, remove } from 'fs-extra/esm';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { HS_PROGRAM } from './helpers/hs.js';
import { tmp } from './helpers/tmp.js';

const DOCS = join(import.meta.dirname, '..', 'docs', 'ci');
const recipe = async (name: string) => parse(await readFile(join(DOCS, name), 'utf8'));

type Env = Record<string, string>;
interface Ran {
  readonly status: number;
  readonly output: string;
}

/** What outlives a run: the caches, and the project that is checked out. */
class Platform {
  readonly caches: string[] = [];
  constructor(readonly dir: string) {}

  static async make(
    build = 'mkdir -p dist; echo "<h1>$N</h1>" > dist/index.html; echo "<ok/>" > report.xml',
  ) {
    const dir = await tmp();
    await ensureDir(`${dir}/project/ci`);
    await cp(join(DOCS, 'hs-ci.sh'), `${dir}/project/ci/hs-ci.sh`);
    await writeFile(`${dir}/project/ci/build.sh`, build);
    await mkdir(`${dir}/bin`);
    // What npm would do.
    const hs = `#!/bin/sh\\nexec '${process.execPath}' '${HS_PROGRAM}' "$@"\\n`;
    await writeFile(
      `${dir}/bin/npm`,
      `#!/bin/sh\n[ "$*" = 'install --global hsstore' ] || exit 9\nmkdir -p "$HOME/bin"\nprintf '%b' '${hs.replaceAll("'", `'\\''`)}' > "$HOME/bin/hs"\nchmod +x "$HOME/bin/hs"\n`,
    );
    await chmod(`${dir}/bin/npm`, 0o755);
    return new Platform(dir);
  }

  /** A machine that nothing was ever run on. */
  async machine(name: string): Promise<{ home: string; work: string; env: Env }> {
    const [home, work] = [`${this.dir}/${name}/home`, `${this.dir}/${name}/work`];
    await ensureDir(home);
    await copy(`${this.dir}/project`, work);
    const env = {
      PATH: `${home}/bin:${this.dir}/bin:${process.env.PATH}`,
      HOME: home,
      N: name,
      LANG: 'C.UTF-8',
    };
    return { home, work, env };
  }

  async save(key: string, from: string): Promise<void> {
    if (this.caches.includes(key) || !(await pathExists(from))) return;
    await cp(from, `${this.dir}/caches/${key}`, { recursive: true, preserveTimestamps: true });
    this.caches.push(key);
  }

  /** The cache of that key, else the newest with one of the prefixes. */
  async restore(keys: readonly string[], to: string): Promise<void> {
    for (const key of keys) {
      const found = this.caches.findLast((cache) => cache.startsWith(key));
      if (found === undefined) continue;
      await ensureDir(dirname(to));
      await cp(`${this.dir}/caches/${found}`, to, { recursive: true, preserveTimestamps: true });
      return;
    }
  }
}

function shell(command: readonly string[], script: string, cwd: string, env: Env): Ran {
  const [program = '', ...args] = command;
  const { status, stdout, stderr } = spawnSync(program, [...args, '-c', script], {
    cwd,
    env,
    encoding: 'utf8',
  });
  return { status: status ?? -1, output: stdout + stderr };
}

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly if?: string;
  readonly with?: Record<string, string>;
}

/** Plays the runner of GitHub: each job on a new machine, `uses` by its name. */
async function playGithub(
  on: Platform,
  runId: string,
): Promise<{ outputs: Ran[]; works: Record<string, string> }> {
  const { jobs } = await recipe('github-actions.yml');
  const outputs: Ran[] = [];
  const works: Record<string, string> = {};
  for (const [name, job] of Object.entries<{ needs?: string; steps: Step[] }>(jobs)) {
    if (job.needs !== undefined && works[job.needs] === undefined) continue;
    const { home, work, env } = await on.machine(`${runId}-${name}`);
    const context: Env = { 'github.run_id': runId, 'github.run_attempt': '1' };
    const given = (text: string) =>
      text.replace(/\$\{\{ *([\w.]+) *\}\}/g, (_, key) => context[key] ?? expect.fail(`no ${key}`));
    const [envFile, outputFile] = [`${home}/env`, `${home}/output`];
    let failed = false;
    for (const step of job.steps) {
      if (failed && step.if !== 'always()') continue;
      const { path = '', key = '', 'restore-keys': prefixes = '' } = step.with ?? {};
      const at = path.replace('~', home);
      if (step.run !== undefined) {
        const later = (await pathExists(envFile)) ? (await readFile(envFile, 'utf8')).trim().split('\n') : [];
        const ran = shell(['bash', '--noprofile', '--norc', '-e'], given(step.run), work, {
          ...env,
          ...Object.fromEntries(
            later.map((line) => [line.split('=')[0]!, line.slice(line.indexOf('=') + 1)]),
          ),
          GITHUB_ENV: envFile,
          GITHUB_OUTPUT: outputFile,
          GITHUB_RUN_ID: runId,
          GITHUB_JOB: name,
          GITHUB_SHA: `commit${runId}`,
          GITHUB_ACTOR: 'ada[bot]',
        });
        outputs.push(ran);
        failed ||= ran.status !== 0;
      } else if (step.uses === 'actions/cache/restore@v4') {
        await on.restore([key, prefixes].map(given).filter(Boolean), at);
      } else if (step.uses === 'actions/cache/save@v4') {
        await on.save(given(key), at);
      } else {
        expect(step.uses).toMatch(/^actions\/(checkout|setup-node)@v4$/);
      }
    }
    if (!failed) works[name] = work;
  }
  return { outputs, works };
}

/** Plays the runner of GitLab: the lines of a job in one shell, the cache in the directory of the project. */
async function playGitlab(on: Platform, pipeline: string) {
  const { stages, variables, image, ...jobs } = await recipe('gitlab-ci.yml');
  expect(image).toMatch(/^node:/);
  const outputs: Ran[] = [];
  const works: Record<string, string> = {};
  for (const stage of stages) {
    for (const [name, own] of Object.entries<Record<string, unknown>>(jobs)) {
      if (own.stage !== stage) continue;
      const job = { ...jobs[own.extends as string], ...own };
      const { work, env } = await on.machine(`${pipeline}-${name}`);
      const [cached] = job.cache.paths;
      await on.restore([job.cache.key], join(work, cached));
      const expanded = Object.entries<string>(variables).map(([k, v]) => [
        k,
        v.replace('$CI_PROJECT_DIR', work),
      ]);
      const ran = shell(
        ['bash', '-e', '-o', 'pipefail'],
        [...job.before_script, ...job.script].join('\n'),
        work,
        {
          ...env,
          ...Object.fromEntries(expanded),
          CI_PROJECT_DIR: work,
          CI_PIPELINE_ID: pipeline,
          CI_JOB_ID: `${pipeline}7`,
          CI_COMMIT_SHA: `commit${pipeline}`,
          GITLAB_USER_LOGIN: 'ada',
        },
      );
      outputs.push(ran);
      // A cache of GitLab is replaced.
      await remove(`${on.dir}/caches`);
      on.caches.length = 0;
      await on.save(job.cache.key, join(work, cached));
      if (ran.status !== 0) return { outputs, works };
      works[name] = work;
    }
  }
  return { outputs, works };
}

const stored = (on: Platform, cache: string, ...argv: string[]) =>
  spawnSync(process.execPath, [HS_PROGRAM, '--store', `${on.dir}/caches/${cache}`, ...argv], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: on.dir, HS_ACTOR: 'human:tester' },
  }).stdout;

describe('the recipe for GitHub Actions', () => {
  it('hands what one job made to the next, and keeps the history of runs', async () => {
    const on = await Platform.make();
    for (const run of ['101', '102']) {
      const { outputs, works } = await playGithub(on, run);
      expect(outputs.filter((o) => o.status !== 0)).toEqual([]);
      expect(await readFile(`${works.deploy}/public/index.html`, 'utf8')).toBe(`<h1>${run}-build</h1>\n`);
      expect(outputs[2]!.output).toContain('run-101/site');
      const output = await readFile(`${on.dir}/${run}-build/home/output`, 'utf8');
      expect(output.match(/^artifact-id=[0-9a-f-]{36}$/gm)).toHaveLength(2);
    }
    const names = stored(on, 'hs-102-1-deploy', 'for-each-artifact', '--format', '%(name)');
    expect(names.trim().split('\n').sort()).toEqual(
      ['101', '102'].flatMap((run) => [`run-${run}/junit`, `run-${run}/site`]).sort(),
    );
    const shown = JSON.parse(stored(on, 'hs-102-1-deploy', 'show', 'run-102/site', '--json'));
    expect(shown.manifest.labels).toEqual({ commit: 'commit102' });
    expect(shown.registered).toMatchObject({ actor: 'human:ada_bot_', job_id: 'run-102/build' });
  });

  it('stops where the build fails, and hands nothing on', async () => {
    const on = await Platform.make('exit 7');
    const { outputs, works } = await playGithub(on, '103');
    expect([outputs.at(-1)!.status, Object.keys(works)]).toEqual([7, []]);
    expect(on.caches).toEqual(['hs-103-1-build']);
  });

  it('fails where there is nothing to upload', async () => {
    const on = await Platform.make('mkdir dist; echo x > dist/x');
    const { outputs } = await playGithub(on, '104');
    expect(outputs.at(-1)).toMatchObject({
      status: 4,
      output: expect.stringContaining("'report.xml' does not"),
    });
  });
});

describe('the recipe for GitLab CI', () => {
  it('hands what one job made to the next, and keeps the history of pipelines', async () => {
    const on = await Platform.make();
    for (const pipeline of ['201', '202']) {
      const { outputs, works } = await playGitlab(on, pipeline);
      expect(outputs.filter((o) => o.status !== 0)).toEqual([]);
      expect(await readFile(`${works.deploy}/public/index.html`, 'utf8')).toBe(
        `<h1>${pipeline}-build</h1>\n`,
      );
    }
    const names = stored(on, 'hs-store', 'for-each-artifact', '--format', '%(name)').trim().split('\n');
    expect(names).toHaveLength(4);
  });
});

const SHELLS = [['dash'], ['bash', '--posix'], ['busybox', 'sh'], ['ksh'], ['zsh', '--emulate', 'sh']];
const lacks = (program: string) => spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0;

describe('hs-ci.sh', () => {
  for (const sh of SHELLS) {
    const missing = lacks(sh[0]!);
    it.skipIf(missing)(
      `uploads and downloads in ${sh.join(' ')}${missing ? ' (not here)' : ''}`,
      async () => {
        const on = await Platform.make();
        const { work, env } = await on.machine('one');
        const { status, output } = shell(
          sh,
          `set -eu; npm install --global hsstore; . ci/hs-ci.sh; hs_ci_start; sh ci/build.sh
         hs_upload site dist > id; hs_upload 'two words' report.xml; hs_upload site dist
         hs_download site 'out/a site' > /dev/null; cat 'out/a site/index.html'
         hs_download --run run-local 'two words' w; hs_download_all all > /dev/null; ls all all/site
         HS_CI_RUN=run-other; hs_download site no || echo "status $?"
         hs_upload site none || echo "status $?"; hs_download site || echo "status $?"
         hs_download_all nothing; hs_ci_finish; grep -c . id`,
          work,
          env,
        );
        expect({ status, output }).toMatchObject({ status: 0 });
        expect(output).toContain('<h1>one</h1>\n');
        expect(output).toContain('site\ntwo words\n');
        expect(output.match(/^status \d$/gm)).toEqual(['status 4', 'status 4', 'status 2']);
      },
    );
  }

  it('accepts a store that came from a cache, and says on which', async () => {
    const on = await Platform.make();
    const [first, second] = [await on.machine('first'), await on.machine('second')];
    const install = 'npm install --global hsstore; . ci/hs-ci.sh';
    expect(shell(['sh', '-e'], `${install}; hs_ci_start`, first.work, first.env)).toMatchObject({
      status: 0,
    });
    await on.save('it', `${first.home}/.cache/hs-ci`);
    await on.restore(['it'], `${second.home}/.cache/hs-ci`);
    const trusted = 'HS_STORE="$HOME/.cache/hs-ci" hs doctor --json';
    const before = shell(['sh', '-e'], `${install}; ${trusted}`, second.work, second.env).output;
    const after = shell(
      ['sh', '-e'],
      `. ci/hs-ci.sh; hs_ci_start; ${trusted}`,
      second.work,
      second.env,
    ).output;
    expect([before, after].map((text) => text.includes('--accept'))).toEqual([true, false]);
  });

  it('does what the page shows', async () => {
    const on = await Platform.make();
    const { work, env } = await on.machine('page');
    const page = await readFile(join(DOCS, 'README.md'), 'utf8');
    const [, block] = /^```sh\n(.*?)^```$/ms.exec(page)!;
    const script = `npm install --global hsstore; sh ci/build.sh\n${block}\nfind public everything -type f`;
    const { status, output } = shell(['sh', '-eu'], script, work, env);
    expect({ status, output }).toMatchObject({ status: 0 });
    expect(output).toContain('public/index.html\neverything/site/index.html\n');
    expect(page.match(/^```/gm)).toHaveLength(2);
  });

  it.skipIf(lacks('shellcheck'))(`passes shellcheck${lacks('shellcheck') ? ' (not here)' : ''}`, () => {
    const { stdout, status } = spawnSync('shellcheck', [join(DOCS, 'hs-ci.sh')], { encoding: 'utf8' });
    expect({ stdout, status }).toEqual({ stdout: '', status: 0 });
  });
});
