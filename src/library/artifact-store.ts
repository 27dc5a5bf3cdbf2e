import { compact } from '../core/json/omit-undefined.js';
import { isHsError } from '../errors/hs-error.js';
import { streamSource } from '../ops/payload/stream-source.js';
import { type PutResult, put } from '../ops/put/put.js';
import type { RunResult } from '../ops/run/run-request.js';
import * as given from './arguments.js';
import { noteCalls } from './calls.js';
import { camelCased } from './camel-case.js';
import type {
  BatchManifest,
  BatchPut,
  BatchPutOptions,
  CallOptions,
  PutArtifactOptions,
  PutOptions,
  RunOptions,
  Source,
} from './options.js';
import type { WrittenManifest } from './results.js';
import { type SourceStreams, withStreams } from './source-streams.js';
import { StoreHandle } from './store-handle.js';
import { TransferMethods } from './transfer-methods.js';

/**
 * An open store, with the operations of the commands. Artifacts are named as on the command line: by id, unique prefix,
 * `name` or `name@{n}`. All errors are {@link HsError}, with a `code` and a `hint`; whatever a command would refuse is
 * refused and recorded here too. An aborted call throws the reason of its signal, an export INTERRUPTED; what the
 * caller's own streams and callbacks throw passes through. Streams given as sources are closed when the call ends.
 */
export class ArtifactStore extends TransferMethods {
  /**
   * Stores a file, a directory, bytes or a stream as one new artifact (`hs put`).
   *
   * @example
   * const { artifactId, sizeBytes } = await store.put(Buffer.from('{"score":0.93}'), {
   *   name: 'evaluation',
   *   filenameHint: 'score.json',
   *   kind: 'report',
   *   sources: ['report'],
   * });
   * [sizeBytes, (await store.manifest(artifactId)).mime]; // → [14, 'application/json']
   * await store.put('report.html', { expect: { sizeBytes: 7 } }); // throws INTEGRITY
   */
  async put(source: Source, options: PutArtifactOptions & CallOptions = {}): Promise<PutResult> {
    return withStreams(async (streams) => {
      streams.take(source);
      const [session, { filenameHint, expect, ...rest }] = this.begin(given.putOptions(options));
      const payload = this.#payload(source, streams, session.signal);
      const [result] = await put(session, [{ ...payload, ...compact({ filenameHint, expect }) }], rest);
      return result!;
    });
  }

  /**
   * Stores each path as an artifact, in one commit: all of them or none (`hs put`).
   *
   * @example
   * const stored = await store.putAll(['report.html', 'dist'], { labels: { commit: '4f2a' } });
   * stored.map((result) => result.payloadType); // → ['file', 'directory']
   */
  async putAll(paths: readonly string[], options: PutOptions & CallOptions = {}): Promise<PutResult[]> {
    const [session, rest] = this.begin(given.putAllOptions(options));
    const sources = given.names(paths, 'paths').map((path) => ({ path: this.path(path) }));
    return put(session, sources, rest);
  }

  /**
   * Stores an artifact for each line, with options of its own, in one commit: all of them or none (`hs put
   * --manifest-lines`). Errors name the line, counted from 1.
   *
   * @example
   * const stored = await store.putLines([
   *   { source: 'report.html', name: 'page', ref: 'page' },
   *   { source: Buffer.from('0.93'), name: 'score', sources: ['ref:page'] },
   * ]);
   * stored.map((result) => result.sizeBytes > 0); // → [true, true]
   */
  async putLines(
    lines: Iterable<BatchPut>,
    options: BatchPutOptions & CallOptions = {},
  ): Promise<PutResult[]> {
    return withStreams(async (streams) => {
      const taken = Array.from(given.lines(lines), (line) => {
        streams.take((line as Partial<BatchPut> | null | undefined)?.source);
        return line;
      });
      const [session, shared] = this.begin(given.putLinesOptions(options));
      const { putLines } = await import('../ops/put/put-lines.js');
      const asked = await this.batch(taken, (line) => {
        const { source, filenameHint, expect, ...rest } = given.putLine(line);
        const payload = this.#payload(source, streams, session.signal);
        return { source: compact({ filenameHint, expect, ...payload }), ...rest };
      });
      return putLines(session, asked, shared);
    });
  }

  #payload(source: Source, streams: SourceStreams, signal: AbortSignal) {
    const [asked] = given.sources([source]);
    if ('path' in asked!) return { path: this.path(asked.path) };
    return { stream: streamSource(streams.open(asked!.stream, signal)) };
  }

  /**
   * Registers the artifact that a manifest describes, with defaults for missing fields; its payload must be in the store
   * (`hs write-manifest`).
   *
   * @example
   * const [{ contentHash }] = await store.writeObjects([Buffer.from('hello\n')]);
   * const written = await store.writeManifest({ content_hash: contentHash, name: 'greeting' });
   * [written.sizeBytes, (await store.resolve('greeting')).kind]; // → [6, 'file']
   */
  async writeManifest(
    manifest: Readonly<Record<string, unknown>>,
    options: CallOptions = {},
  ): Promise<WrittenManifest> {
    const [session] = this.begin(given.callOptions(options));
    const { writeManifest } = await import('../ops/put/write-manifest.js');
    return camelCased(await writeManifest(session, given.record(manifest, 'manifest')));
  }

  /**
   * The same for several, in one commit: all of them or none (`hs write-manifest --manifest-lines`). Errors name the
   * line, counted from 1.
   *
   * @example
   * const [{ contentHash }] = await store.writeObjects([Buffer.from('hello\n')]);
   * const written = await store.writeManifests([
   *   { manifest: { content_hash: contentHash, name: 'first' }, ref: 'first' },
   *   { manifest: { content_hash: contentHash, name: 'second' }, sources: ['ref:first', 'report'] },
   * ]);
   * (await store.manifest('second')).source_artifact_refs[0].artifact_id === written[0].artifactId; // → true
   */
  async writeManifests(
    lines: Iterable<BatchManifest>,
    options: CallOptions = {},
  ): Promise<readonly WrittenManifest[]> {
    const [session] = this.begin(given.callOptions(options));
    const { writeManifests } = await import('../ops/put/write-manifest.js');
    const asked = await this.batch(lines, given.batchManifest);
    return camelCased(
      await writeManifests(
        session,
        asked.map(({ manifest, ...rest }) => ({ given: manifest, ...rest })),
      ),
    );
  }

  /**
   * Runs a tool and registers its output as artifacts (`hs run`); what it prints is discarded unless requested.
   *
   * @example
   * const { toolStatus, artifacts } = await store.run(['sh', '-c', 'echo 42 > "$HS_OUT/answer.txt"']);
   * [toolStatus, artifacts[0].sizeBytes]; // → [0, 3]
   */
  async run(command: readonly string[], options: RunOptions & CallOptions = {}): Promise<RunResult> {
    const [session, { cwd, ...rest }] = this.begin(given.runOptions(options));
    const { runTool } = await import('../ops/run/run-tool.js');
    const { environment } = session;
    const request = {
      env: environment.all(),
      stdin: 'ignore' as const,
      each: false,
      sources: [],
      capture: [],
      keepFailed: false,
      recordArgs: false,
      strict: false,
      network: false,
      onOutput: async () => true,
      ...rest,
      cwd: cwd === undefined ? environment.cwd : this.path(cwd),
      command: given.commandLine(command),
    };
    try {
      const result = await runTool(session, request);
      // It is recorded, whatever the tool did when it was told to end.
      session.signal.throwIfAborted();
      return result;
    } catch (e) {
      if (isHsError(e, 'INTERRUPTED', 'TERMINATED')) session.signal.throwIfAborted();
      throw e;
    }
  }
}

noteCalls(ArtifactStore, StoreHandle);
