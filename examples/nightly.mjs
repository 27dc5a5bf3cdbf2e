/**
 * What a nightly job would do with the library: keep a report, pin a release, look at what a collection
 * would take, collect, and bring one back. Run it with a directory that is to hold the store.
 */
import { createStore, isHsError, openStore } from 'hsstore';

const directory = process.argv[2];
if (directory === undefined) {
  console.error('usage: node examples/nightly.mjs DIRECTORY');
  process.exit(2);
}

const store = await createStore(directory, {
  actor: 'ai_job:nightly',
  warn: (message) => console.error(`warning: ${message}`),
}).catch((error) => {
  if (!isHsError(error)) throw error;
  console.error(`${error.message}${error.hint === undefined ? '' : ` (${error.hint})`}`);
  process.exit(1);
});

// Bytes, a path or a stream become an artifact; the result names it and its hash.
const report = await store.put(Buffer.from('{"passed":118,"failed":0}\n'), {
  name: 'nightly/report',
  filenameHint: 'report.json',
  kind: 'report',
  ttl: 0,
});
console.log(`stored ${report.sizeBytes} bytes as ${report.contentHash}`);

const release = await store.put(new URL('.', import.meta.url).pathname, {
  name: 'release',
  sources: ['nightly/report'],
});
await store.pin(['release']);
console.log(`pinned a release of ${release.files} file(s)`);

// A job may store and pin; what a person may, a person's session does.
const operator = await openStore({ store: directory, actor: 'human:operator' });
const plan = await operator.plan({ all: true });
const items = plan.items.map(({ name, verdict, rule }) => `${verdict} ${name}: ${rule}`);
for (const line of items.sort()) console.log(line);

await operator.unpin(['release'], { name: 'nightly' });
const { outcome } = await operator.gc();
console.log(`removed ${outcome.plan.header.pruned} of ${outcome.plan.header.scanned}`);

const { restored } = await operator.restore([report.artifactId]);
const text = Buffer.from(await operator.read('nightly/report')).toString();
console.log(`brought back ${restored.length}: ${text.trim()}`);

const { problems, entries } = await operator.verifyLedger();
console.log(`${entries} entries, ${problems.length} problems`);
await operator.close();
await store.close();
