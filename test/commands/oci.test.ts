import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { ensureDir, readJson } from 'fs-extra/esm';
import { expect, it, onTestFinished } from 'vitest';
import { inside } from '../helpers/inside.js';
import { tmp } from '../helpers/tmp.js';

const isThere = (program: string) => spawnSync(program, ['--version']).error === undefined;
const hasSkopeo = isThere('skopeo');
const hasRegistry = hasSkopeo && isThere('docker-registry');

/** A store with a directory of many small files, exported as a layout, and an empty store beside it. */
async function world() {
  const [cwd, other] = [await tmp(), await tmp()];
  const [hs, there] = [inside(cwd), inside(other)];
  await hs(['init']);
  await there(['init']);
  await ensureDir(`${cwd}/tree/sub`);
  for (let i = 0; i < 200; i++) await writeFile(`${cwd}/tree/sub/${i}`, `${i}`);
  await writeFile(`${cwd}/tree/run`, '#!/bin/sh\n');
  await chmod(`${cwd}/tree/run`, 0o755);
  const id = (await hs(['put', `${cwd}/tree`, '--name', 'tree'])).stdout.trim();
  const layout = `${cwd}/layout`;
  expect(await hs(['export', id, layout, '--format', 'oci'])).toMatchObject({ status: 0, stderr: '' });
  const back = async (from: string) => {
    expect(await there(['import', '--format', 'oci', from])).toMatchObject({ status: 0, stdout: `${id}\n` });
    expect(await there(['export', id, `${other}/out`])).toMatchObject({ status: 0 });
    expect(spawnSync('diff', ['-r', `${cwd}/tree`, `${other}/out`]).status).toBe(0);
    expect((await there(['cat-artifact', '--manifest', id])).stdout).toBe(
      (await hs(['cat-artifact', '--manifest', id])).stdout,
    );
  };
  return { cwd, hs, there, layout, back };
}

function skopeo(...args: string[]) {
  const { status, stderr } = spawnSync('skopeo', ['--insecure-policy', 'copy', ...args]);
  expect([status, String(stderr)]).toEqual([0, expect.anything()]);
}

it('one layer holds all files, as tar and sha256sum see it, and it comes back as it was', async () => {
  const { cwd, layout, back } = await world();
  const names = await readdir(`${layout}/blobs/sha256`);
  expect(names).toHaveLength(3);
  const sums = spawnSync('sha256sum', names, { cwd: `${layout}/blobs/sha256` });
  expect(String(sums.stdout)).toBe(names.map((name) => `${name}  ${name}\n`).join(''));
  const index = await readJson(`${layout}/index.json`);
  const blob = (digest: string) => `${layout}/blobs/sha256/${digest.slice(7)}`;
  const image = await readJson(blob(index.manifests[0].digest));
  await mkdir(`${cwd}/untar`);
  expect(spawnSync('tar', ['-xf', blob(image.layers[0].digest)], { cwd: `${cwd}/untar` }).status).toBe(0);
  expect(spawnSync('diff', ['-r', `${cwd}/tree`, `${cwd}/untar`]).status).toBe(0);
  await back(layout);
});

it.skipIf(!hasSkopeo)('skopeo copies it with every digest as it is (needs skopeo)', async () => {
  const { cwd, layout, back } = await world();
  skopeo(`oci:${layout}`, `oci:${cwd}/copy:v1`);
  expect(await readdir(`${cwd}/copy/blobs/sha256`)).toEqual(await readdir(`${layout}/blobs/sha256`));
  await back(`${cwd}/copy`);
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

async function answers(port: number, server: ChildProcess): Promise<void> {
  while (server.exitCode === null) {
    const socket = connect(port, '127.0.0.1');
    const up = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (up) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('the registry ended');
}

it.skipIf(!hasRegistry)(
  'goes through a registry and comes back (needs skopeo and docker-registry)',
  async () => {
    const { cwd, layout, back } = await world();
    const port = await freePort();
    const config = `version: 0.1\nlog: { level: error }\nstorage: { filesystem: { rootdirectory: ${cwd}/registry } }\nhttp: { addr: "127.0.0.1:${port}" }\n`;
    await writeFile(`${cwd}/registry.yml`, config);
    const server = spawn('docker-registry', ['serve', `${cwd}/registry.yml`], {
      env: { ...process.env, OTEL_TRACES_EXPORTER: 'none' },
      stdio: 'ignore',
    });
    onTestFinished(async () => {
      if (server.exitCode !== null) return;
      server.kill('SIGKILL');
      await once(server, 'exit');
    });
    await answers(port, server);
    const remote = `docker://127.0.0.1:${port}/hs/tree:v1`;
    skopeo('--dest-tls-verify=false', `oci:${layout}`, remote);
    skopeo('--src-tls-verify=false', remote, `oci:${cwd}/fetched:v1`);
    await back(`${cwd}/fetched`);
  },
  60_000,
);

it('accepts only what it documents: no standard input, no foreign layout', async () => {
  const { cwd, hs } = await world();
  expect((await hs(['import', '--format', 'oci', '-'])).status).toBe(2);
  const { status, stderr } = await hs(['import', '--format', 'oci', `${cwd}/tree`]);
  expect([status, stderr]).toEqual([5, expect.stringContaining("'oci-layout' is missing")]);
  expect((await hs(['export', 'tree', '-', '--format', 'oci'])).status).toBe(2);
});
