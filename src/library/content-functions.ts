import { resolve } from 'node:path';
import { noProgress, type ProgressSink } from '../core/effects.js';
import { compact } from '../core/json/omit-undefined.js';
import { HsError } from '../errors/hs-error.js';
import { nodeDisk } from '../fsx/node-disk.js';
import { systemEnvironment } from '../fsx/system-effects.js';
import { yieldingDisk } from '../fsx/yielding-disk.js';
import type { CheckedBundle } from '../ops/bundle/checked-bundle.js';
import { hashBytes, hashFile } from '../ops/payload/hash-file.js';
import { isDirectory } from '../ops/payload/is-directory.js';
import * as check from '../ops/put/check-manifest.js';
import * as given from './arguments.js';
import { camelCased } from './camel-case.js';
import { storesOn } from './open-store.js';
import type { CallOptions, Source, VerifyBundleOptions } from './options.js';
import type { HashedContent, VerifiedBundle } from './results.js';
import { type SourceStreams, withStreams } from './source-streams.js';

/** The progress of a call, which stops at its signal. */
function stoppable({ progress = noProgress, signal }: CallOptions): ProgressSink {
  signal?.throwIfAborted();
  return {
    start: (...stage) => progress.start(...stage),
    done: () => progress.done(),
    advance(amount) {
      signal?.throwIfAborted();
      progress.advance(amount);
    },
  };
}

async function* advancing(chunks: AsyncIterable<Uint8Array>, progress: ProgressSink) {
  for await (const chunk of chunks) {
    if (!given.isBytes(chunk)) throw new HsError('USAGE', 'the stream gave something that is no Uint8Array');
    progress.advance(chunk.byteLength);
    yield chunk;
  }
}

/**
 * The content hash of a file, a directory, bytes or a stream; stores nothing (`hs hash-object`). That of a directory is
 * the hash of its index, and does not depend on times, owners or the machine.
 *
 * @example
 * await hash(Buffer.from('hello\n')); // → { contentHash: '5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03', sizeBytes: 6 }
 * (await hash('dist')).contentHash === (await store.resolve('dist')).contentHash; // → true
 */
export async function hash(source: Source, options: CallOptions = {}): Promise<HashedContent> {
  const { hash, size } = await withStreams(hashed);
  return { contentHash: hash, sizeBytes: size };

  async function hashed(streams: SourceStreams) {
    streams.take(source);
    const call = given.callOptions(options);
    const sink = stoppable(call);
    const [asked] = given.sources([source]);
    if ('stream' in asked!) return hashBytes(advancing(streams.open(asked.stream, call.signal), sink));
    const environment = systemEnvironment();
    const disk = yieldingDisk(nodeDisk());
    const path = resolve(environment.cwd, asked!.path);
    if (!(await isDirectory(disk, path))) return hashFile(disk, path, sink);
    const { hashTree } = await import('../ops/payload/hash-tree.js');
    return hashTree(disk, path, await storesOn(disk, environment).around(), sink);
  }
}

/**
 * Verifies a bundle against its own index, without a store (`hs bundle verify`, `hs bundle ls`): INTEGRITY or
 * HOSTILE_INPUT. `source` is a tar, a tar.gz or a directory, or the bytes of an archive; `members` are the artifacts in
 * it. Of a debug bundle, `debug` has the findings.
 *
 * @example
 * await store.bundle(['report', 'dist'], { name: 'delivery' });
 * await store.export('delivery', 'delivery.tar');
 * const { members, files } = await verifyBundle('delivery.tar');
 * [members.map((member) => member.manifest.name).sort(), files > 2]; // → [['dist', 'report'], true]
 * await verifyBundle(Buffer.from('not a bundle')); // throws HOSTILE_INPUT
 */
export async function verifyBundle(
  source: Source,
  options: VerifyBundleOptions & CallOptions = {},
): Promise<VerifiedBundle> {
  return withStreams(async (streams) => {
    streams.take(source);
    const { progress, signal, ...rest } = given.verifyOptions(options);
    const sink = stoppable({ ...(progress && { progress }), ...(signal && { signal }) });
    const [asked] = given.sources([source]);
    const { verifyBundle: verify } = await import('../ops/bundle/verify-bundle.js');
    const from =
      'stream' in asked!
        ? advancing(streams.open(asked.stream, signal), sink)
        : resolve(systemEnvironment().cwd, asked!.path);
    return toVerified(await verify(yieldingDisk(nodeDisk()), from, compact({ ...rest, signal })));
  });
}

function toVerified({ contentHash, index, members, report, debug }: CheckedBundle): VerifiedBundle {
  return {
    contentHash,
    files: index.length,
    sizeBytes: index.reduce((sum, file) => sum + file.size_bytes, 0),
    members: members.map(({ manifest, files }) => ({ manifest, files: files.length })),
    leftOut: camelCased(report.left_out),
    ...(debug === undefined ? {} : { debug: camelCased(debug) }),
  };
}

/**
 * Whether a manifest is valid, and every reason why not; needs no store (`hs check-manifest`). `manifest` is an object,
 * or bytes, of which it also says whether they are the canonical form, which is hashed.
 *
 * @example
 * checkManifest(await store.manifest('report')).valid; // → true
 * checkManifest({ schema_version: 1 }).problems.length > 0; // → true
 */
export function checkManifest(
  manifest: Uint8Array | Readonly<Record<string, unknown>>,
): check.ManifestVerdict {
  if (given.isBytes(manifest)) return check.checkManifest(manifest);
  return check.checkManifest(Buffer.from(asJson(given.record(manifest, 'manifest'))));
}

function asJson(manifest: Readonly<Record<string, unknown>>): string {
  try {
    return JSON.stringify(manifest);
  } catch (cause) {
    throw new HsError('USAGE', `the manifest has no form in JSON: ${(cause as Error).message}`, { cause });
  }
}
