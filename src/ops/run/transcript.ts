import type { Disk, DiskFile } from '../../fsx/disk.js';
import type { OutputStream } from '../../sandbox/sandbox.js';

/** Collects the output of a tool on one stream for an artifact. */
export class Transcript {
  readonly stream: OutputStream;
  readonly path: string;
  /** Bytes that the tool has printed there; of those beyond the budget, none are kept. */
  size = 0;
  readonly #file: DiskFile;

  private constructor(stream: OutputStream, path: string, file: DiskFile) {
    this.stream = stream;
    this.path = path;
    this.#file = file;
  }

  static async begin(disk: Disk, root: string, stream: OutputStream): Promise<Transcript> {
    const path = `${root}/${stream}`;
    return new Transcript(stream, path, await disk.open(path, { access: 'create', mode: 0o600 }));
  }

  /** Called for one chunk after another. */
  async write(chunk: Uint8Array): Promise<void> {
    await this.#file.write(chunk);
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
