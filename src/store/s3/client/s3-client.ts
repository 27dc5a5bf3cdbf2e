import { HsError, isErrno, isHsError } from '../../../errors/hs-error.js';
import type { HttpAnswer } from '../../../fsx/http.js';
import { ByteBudget } from '../byte-budget.js';
import { EndlessListing } from './endless-listing.js';
import type { Endpoint } from './endpoint.js';
import { type InParts, putParts } from './put-parts.js';
import { isBusy, isTransient } from './retry.js';
import { answerError, errorCode, notS3 } from './s3-errors.js';
import { isWebPage, type S3Effects, S3Requests } from './s3-requests.js';
import { type ListedKey, type ListedPage, parseListing } from './s3-xml.js';
import type { Credentials } from './sign.js';

export type PutOutcome = 'stored' | 'taken' | 'unknown';

/** Requests about the keys of one bucket below one prefix. Keys are relative to the prefix. */
export class S3Client {
  /** For display. */
  readonly place: string;
  /** Tells this place from every other. */
  readonly address: string;
  /** For bodies of objects, in both directions. */
  readonly budget = new ByteBudget();
  readonly #prefix: string;
  readonly #requests: S3Requests;

  constructor(
    { bucket, prefix }: { readonly bucket: string; readonly prefix: string },
    endpoint: Endpoint,
    credentials: (nowMs: number) => Promise<Credentials>,
    effects: S3Effects,
  ) {
    this.place = `s3://${bucket}${prefix === '' ? '' : `/${prefix}`}`;
    this.address = `${endpoint.origin.origin}${endpoint.base}/${prefix}`;
    this.#prefix = prefix === '' ? '' : `${prefix}/`;
    this.#requests = new S3Requests(this.#prefix, endpoint, credentials, effects);
  }

  /**
   * Stores bytes at a key that is free, in one atomic step. Without an answer the same bytes are sent to the same key
   * again; a key that is taken by exactly these bytes was taken by this call. So it is after a success that S3 would
   * not answer with, such as a proxy's: the service may have stored them. Unknown: patience ended before an answer
   * came, or an error did after a try that may have been served.
   */
  async putIfAbsent(key: string, body: Uint8Array): Promise<PutOutcome> {
    let maybe = false;
    const isLast = this.#requests.patience();
    for (let tries = 1; ; tries++) {
      try {
        const answer = await this.#requests.once(
          'PUT',
          key,
          { body, headers: { 'if-none-match': '*' } },
          tries,
        );
        const isSuccess = answer.status < 300;
        if (answer.status === 200 && !isWebPage(answer, 'PUT', key)) return 'stored';
        maybe ||= isSuccess || answer.status === 412 || isBusy(answer);
        if (answer.status === 412) {
          const there = await this.get(key);
          if (there !== undefined) return Buffer.compare(there, body) === 0 ? 'stored' : 'taken';
        } else if (!isSuccess && answer.status !== 409 && !isBusy(answer)) {
          throw answerError(answer, this.place);
        }
      } catch (e) {
        if (e instanceof HsError) {
          if (maybe) return 'unknown';
          throw e;
        }
        const isCut = (e as { code?: string } | null)?.code === 'ECANCELED';
        // Nothing that was sent before can land: there was nobody to send it to.
        if (!maybe && !isCut && !isTransient(e)) throw this.#requests.failure(e);
        maybe = true;
        if (!isTransient(e)) return 'unknown';
      }
      if (isLast(tries)) return 'unknown';
      await this.#requests.pause(tries);
    }
  }

  /** OFFLINE unless requests are sent. `what` is not on this machine. */
  demandOnline(what: string): void {
    this.#requests.demandOnline(what);
  }

  /** Whether a service, a disk or an interrupt is behind this failure, and no mistake of the program. */
  isOutside(e: unknown): boolean {
    return isErrno(e) || isHsError(e) || this.#requests.isCut(e);
  }

  /** The conditional request alone, sent once: what the probe of a service looks at. */
  async probePut(key: string, body: Uint8Array): Promise<number> {
    const answer = await this.#requests.once('PUT', key, { body, headers: { 'if-none-match': '*' } }, 1);
    if (isWebPage(answer, 'PUT', key)) throw notS3(answer);
    return answer.status;
  }

  async put(key: string, body: Uint8Array): Promise<void> {
    this.#demand(await this.#requests.send('PUT', key, { body }), 200);
  }

  /** The bytes at a key, or a part of them; undefined: there is nothing. */
  async get(key: string, range?: string): Promise<Uint8Array | undefined> {
    return (await this.getPart(key, range))?.bytes;
  }

  /** `range`: as in the header, such as `bytes=0-99`. `size`: of the whole object. */
  async getPart(
    key: string,
    range?: string,
  ): Promise<{ readonly bytes: Uint8Array; readonly size: number } | undefined> {
    const answer = await this.#requests.send('GET', key, range === undefined ? {} : { headers: { range } });
    if (this.#isMissing(answer)) return undefined;
    if (answer.status === 416) {
      const told = /^bytes \*\/(\d{1,15})$/.exec(answer.headers['content-range'] ?? '')?.[1];
      // Of an empty object there is no first byte; one that ends before the range need not be empty.
      const size = told ?? (range?.startsWith('bytes=0-') ? 0 : await this.size(key));
      return size === undefined ? undefined : { bytes: new Uint8Array(), size: Number(size) };
    }
    this.#demand(answer, 200, 206);
    const total = /\/(\d{1,15})$/.exec(answer.headers['content-range'] ?? '')?.[1];
    const { status, body } = answer;
    if (status === 206 && total === undefined) throw notS3(answer);
    return { bytes: body, size: status === 206 ? Number(total) : body.length };
  }

  /** Size in bytes; undefined: there is nothing. */
  async size(key: string): Promise<number | undefined> {
    const answer = await this.#requests.send('HEAD', key);
    if (answer.status === 404) return undefined;
    this.#demand(answer, 200);
    const size = answer.headers['content-length'] ?? '';
    if (!/^\d{1,15}$/.test(size)) throw notS3(answer);
    return Number(size);
  }

  async delete(key: string): Promise<void> {
    const answer = await this.#requests.send('DELETE', key);
    if (!this.#isMissing(answer)) this.#demand(answer, 200, 204);
  }

  /**
   * All keys that begin with `start`, in order, those up to `after` left out. SYSTEM for a service that lists what was
   * not asked for, or does not end.
   */
  async *list(start: string, after?: string): AsyncGenerator<ListedKey> {
    const endless = new EndlessListing(`${this.#prefix}${start}`);
    for (let token: string | undefined; ; ) {
      const page = await this.#page(start, after, token);
      endless.check(page);
      for (const found of page.keys) yield this.#relative(found);
      token = page.next;
      if (token === undefined) return;
    }
  }

  /** As many of them as one request lists. */
  async firstPage(start: string): Promise<{ readonly keys: readonly ListedKey[]; readonly isAll: boolean }> {
    const page = await this.#page(start, undefined, undefined);
    new EndlessListing(`${this.#prefix}${start}`).check(page);
    return { keys: page.keys.map((found) => this.#relative(found)), isAll: page.next === undefined };
  }

  #relative(found: ListedKey): ListedKey {
    return { ...found, key: found.key.slice(this.#prefix.length) };
  }

  async #page(start: string, after: string | undefined, token: string | undefined): Promise<ListedPage> {
    const query = {
      'list-type': '2',
      prefix: `${this.#prefix}${start}`,
      ...(token !== undefined
        ? { 'continuation-token': token }
        : after !== undefined
          ? { 'start-after': `${this.#prefix}${after}` }
          : {}),
    };
    const answer = await this.#requests.send('GET', undefined, { query });
    this.#demand(answer, 200);
    const page = parseListing(Buffer.from(answer.body).toString());
    if (page === undefined) throw notS3(answer);
    return page;
  }

  /**
   * Stores parts of at least 5 MiB, except for the last, as one object, some of them at a time; a failure leaves
   * nothing that is listed.
   */
  putParts(parts: InParts): Promise<void> {
    return putParts(this.#requests, this.place, this.budget, parts);
  }

  #isMissing(answer: HttpAnswer): boolean {
    return answer.status === 404 && errorCode(answer) === 'NoSuchKey';
  }

  #demand(answer: HttpAnswer, ...statuses: readonly number[]): void {
    if (!statuses.includes(answer.status)) throw answerError(answer, this.place);
  }

  close(): void {
    this.#requests.close();
  }
}
