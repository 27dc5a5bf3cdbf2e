import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { nodeDisk } from '../../src/fsx/node-disk.js';
import { CredentialChain } from '../../src/store/s3/client/credentials.js';
import { testEnvironment } from '../helpers/store.js';
import { tmp } from '../helpers/tmp.js';

const KEYS = '[default]\naws_access_key_id = id\naws_secret_access_key = hidden\n';

async function chain(env: Record<string, string> = {}) {
  const home = await tmp();
  await mkdir(`${home}/.aws`);
  const ports = { disk: nodeDisk(), env: testEnvironment(home, env), runProcess: async () => '' };
  const nobody = async () => {
    throw new Error('no request was to be sent');
  };
  const effects = {
    http: { send: nobody, close: () => undefined },
    clock: { now: () => 0 },
    wait: async () => undefined,
    jitter: () => 0,
  };
  return { home, get: () => new CredentialChain(ports, effects).get(0) };
}

it('keys are read through a link', async () => {
  const { home, get } = await chain();
  await writeFile(`${home}/dotfile`, KEYS);
  await symlink('../dotfile', `${home}/.aws/credentials`);
  expect(await get()).toMatchObject({ accessKeyId: 'id' });
});

it('a file that cannot be read is not taken for none', async () => {
  const { home, get } = await chain();
  await symlink('credentials', `${home}/.aws/credentials`);
  await expect(get()).rejects.toMatchObject({ code: 'ELOOP' });
});

it('/dev/null has no keys', async () => {
  const { get } = await chain({ AWS_SHARED_CREDENTIALS_FILE: '/dev/null', AWS_CONFIG_FILE: '/dev/null' });
  await expect(get()).rejects.toMatchObject({ code: 'SYSTEM', message: /there are no credentials/ });
});
