import type { Exported } from '../ops/export/export.js';
import type { ExportPlace, ExportRequest } from '../ops/export/export-request.js';
import type { ExportPlan } from '../ops/export/plan-export.js';
import type { PageRequest } from '../ops/page/publish-page.js';
import * as given from './arguments.js';
import { type ByteSink, withSink } from './byte-sink.js';
import { camelCased } from './camel-case.js';
import { GovernMethods } from './govern-methods.js';
import type { CallOptions, ExportOptions, PageOptions, UsagePageOptions } from './options.js';
import type { PublishedReport, PublishedUsage } from './results.js';

/** The one way out: exports, which are guarded and recorded. */
export class ExportMethods extends GovernMethods {
  /**
   * Writes a payload outside the store: checked, atomic and recorded (`hs export`, `hs materialize`). `destination` is
   * the exact path that is created; without it, the artifact is written below the policy's output root.
   *
   * @example
   * const { format, files } = await store.export('dist', 'dist.tar.gz');
   * [format, files]; // → ['tar.gz', 2]
   * await store.export('report', 'dist.tar.gz'); // throws DEST_EXISTS
   */
  async export(
    name: string,
    destination?: string,
    options: ExportOptions & CallOptions = {},
  ): Promise<Exported> {
    const [session, rest] = this.begin(given.exportOptions(options));
    const { exportArtifact } = await import('../ops/export/export.js');
    return exportArtifact(session, this.#request(name, this.#place(destination), rest));
  }

  /**
   * Exports to a stream, as a tar for a directory (`hs export ID -`). The stream of Node or of the web is not ended; if
   * it is closed early, the record says so. Throws what the stream fails with, and the record says `failed`.
   *
   * @example
   * const parts = [];
   * const sink = new WritableStream({ write: (chunk) => void parts.push(chunk) });
   * const { target, files } = await store.exportToStream('report', sink);
   * [String(Buffer.concat(parts)), target, files]; // → ['<h1>Report</h1>\n', '-', 1]
   */
  async exportToStream(
    name: string,
    stream: ByteSink,
    options: ExportOptions & CallOptions = {},
  ): Promise<Exported> {
    return withSink(stream, async (writeUntil) => {
      const [session, rest] = this.begin(given.exportOptions(options));
      const { exportArtifact } = await import('../ops/export/export.js');
      const write = (bytes: Uint8Array) => writeUntil(bytes, session.signal);
      return exportArtifact(session, this.#request(name, { kind: 'stdout', write }, rest));
    });
  }

  /**
   * What `export` would write, with the same decision; writes and records nothing (`hs export --dry-run`).
   *
   * @example
   * const { files, bytes } = await store.planExport('dist', 'out');
   * [files.map((file) => file.path), bytes]; // → [['README.md', 'app.js'], 32]
   */
  async planExport(
    name: string,
    destination?: string,
    options: ExportOptions & CallOptions = {},
  ): Promise<ExportPlan> {
    const [session, rest] = this.begin(given.exportOptions(options));
    const { planExport } = await import('../ops/export/plan-export.js');
    return planExport(session, this.#request(name, this.#place(destination), rest));
  }

  /**
   * Exports an artifact together with an attestation of the run that made it (`hs export --attest`). Returns both
   * exports. `key` is the file of an Ed25519 private key, or `ssh-agent`. NOT_FOUND if no run made it.
   *
   * @example
   * const { artifacts } = await store.run(['sh', '-c', 'echo done > "$HS_OUT/log.txt"']);
   * const [log, statement] = await store.exportAttested(artifacts[0].artifactId, 'key.pem', 'out');
   * statement.target === `${log.target}.intoto.json`; // → true
   */
  async exportAttested(
    name: string,
    key: string,
    destination?: string,
    options: ExportOptions & CallOptions = {},
  ): Promise<readonly [Exported, Exported]> {
    const [session, rest] = this.begin(given.exportOptions(options));
    const { exportAttested } = await import('../ops/export/export-attested.js');
    return exportAttested(session, this.#request(name, this.#place(destination), rest), this.key(key));
  }

  #place(destination: string | undefined): ExportPlace {
    return destination === undefined
      ? { kind: 'default' }
      : { kind: 'path', path: this.path(destination, 'destination') };
  }

  #request(name: string, place: ExportPlace, options: ExportOptions): ExportRequest {
    return { ...options, artifact: given.text(name, 'name'), place, byEnding: true };
  }

  /**
   * Writes a retention report as one HTML page, checked and recorded like an export (`hs report --html`).
   *
   * @example
   * const { outcome } = await store.remove(['report']);
   * const { page } = await store.exportReport(outcome.report, 'removed.html');
   * page.target.endsWith('/removed.html'); // → true
   */
  async exportReport(
    name: string,
    destination: string,
    options: PageOptions & CallOptions = {},
  ): Promise<PublishedReport> {
    const [session, rest] = this.begin(given.pageOptions(options));
    const { publishReport } = await import('../ops/page/publish-report.js');
    const request = this.#pageRequest(destination, rest);
    return camelCased(await publishReport(session, given.text(name, 'name'), request));
  }

  /**
   * Writes disk usage as one HTML page outside the store (`hs du --html`).
   *
   * @example
   * const { usage, page } = await store.exportUsage('usage.html', { by: 'class' });
   * [usage.artifacts, page.files]; // → [2, 1]
   */
  async exportUsage(
    destination: string,
    options: UsagePageOptions & CallOptions = {},
  ): Promise<PublishedUsage> {
    const [session, { by = 'kind', ...rest }] = this.begin(given.usagePageOptions(options));
    const { publishUsage } = await import('../ops/page/publish-usage.js');
    return camelCased(await publishUsage(session, by, this.#pageRequest(destination, rest)));
  }

  #pageRequest(destination: string, options: PageOptions): PageRequest {
    return { ...options, place: { kind: 'path', path: this.path(destination, 'destination') } };
  }
}
