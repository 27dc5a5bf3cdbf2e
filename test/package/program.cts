/** As a CommonJS module, which Node gives the package by `require`. */
import hs = require('hsstore');

import { type ArtifactStore, createStore, type ErrorCode, HsError, isHsError, type PutResult } from 'hsstore';

async function main(directory: string): Promise<void> {
  const store: ArtifactStore = await createStore(directory, { actor: 'human:programmer' });
  const result: PutResult = await store.put(Buffer.from('one'), { name: 'one' });
  let code: ErrorCode | undefined;
  try {
    await store.manifest('two');
  } catch (error) {
    if (!isHsError(error) || !(error instanceof HsError)) throw error;
    code = error.code;
  }
  const { openStore } = await import('hsstore');
  const same: boolean = (openStore as unknown) === hs.openStore;
  await store.close();
  console.log(result.sizeBytes, code, same);
}

const directory = process.argv[2];
if (directory === undefined) throw new Error('no directory');
main(directory).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
