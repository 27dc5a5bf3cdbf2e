/** What a program in strict TypeScript does with the package: each result is put into its exported type. */
import {
  type ArtifactRecord,
  ArtifactStore,
  createStore,
  DEFAULT_POLICY,
  decodePlan,
  type ErrorCode,
  encodePlan,
  HsError,
  type IndexFile,
  isHsError,
  type Manifest,
  type ObjectId,
  openStore,
  type Policy,
  type PrunePlan,
  type PutResult,
} from 'hsstore';

const directory = process.argv[2];
if (directory === undefined) throw new Error('no directory');

const made: ArtifactStore = await createStore(directory, { actor: 'human:programmer' });
await made.close();
const store = await openStore({ store: directory, actor: 'human:programmer' });
const reader: ArtifactStore = store;
const result: PutResult = await store.put(Buffer.from('{"score":0.93}'), {
  name: 'evaluation',
  kind: 'report',
  labels: { stage: 'test' },
});
const hash: ObjectId = result.contentHash;
const manifest: Manifest = await reader.manifest(hash === result.contentHash ? 'evaluation' : '');
const records: ArtifactRecord[] = await reader.list({ sort: 'name' });
const plan: PrunePlan = await reader.plan();
const policy: Policy = { ...DEFAULT_POLICY };
const chunks: Uint8Array[] = [];
for await (const chunk of reader.stream('evaluation')) chunks.push(chunk);
let code: ErrorCode | undefined;
try {
  const files: readonly IndexFile[] = await reader.files('evaluation');
  console.log(files.length);
} catch (error) {
  if (!isHsError(error) || !(error instanceof HsError)) throw error;
  code = error.code;
}
const { plan: again } = decodePlan(encodePlan(plan));
await store.close();
console.log(
  manifest.name,
  records.length,
  again.header.scanned,
  Buffer.concat(chunks).toString(),
  code,
  store instanceof ArtifactStore,
  typeof policy,
);
