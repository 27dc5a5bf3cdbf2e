import type { Clock, Trace } from '../../../core/effects.js';
import { HsError } from '../../../errors/hs-error.js';
import type { Http, HttpAnswer, HttpRequest } from '../../../fsx/http.js';
import { parallel } from '../parallel.js';
import type { Endpoint } from './endpoint.js';
import { answerError, errorCode, noAnswer, notS3 } from './s3-errors.js';
import { element, type ListedKey, type ListedPage, parseListing } from './s3-xml.js';
import { type Credentials, encodeQuery, encodeUri, signed } from './sign.js';

export interface S3Effects {
  readonly http: Http;
  /** The system's clock, by which requests are signed. */
  readonly clock: Clock;
  /** Resolves after so many milliseconds. */
  wait(ms: number): Promise<void>;
  /** A number from 0 up to 1, for the jitter of waits. */
  jitter(): number;
  readonly trace?: Trace;
}

type Query = Readonly<Record<string, string>>;

interface Request {
  readonly query?: Query;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

export type PutOutcome = 'stored' | 'taken' | 'unknown';

/** Waits double from the first to the last: 12 s in all on average. */
const TRIES = 9;
const FIRST_WAIT_MS = 50;
const LAST_WAIT_MS = 5_000;
/** Parts of one upload in memory. */
const PARTS_AT_ONCE = 4;
const NOTHING = new Uint8Array();

const isBusy = ({ status }: HttpAnswer) => (status >= 500 && status !== 501) || status === 429;

/** Requests about the keys of one bucket below one prefix. Keys are relative to the prefix. */
export class S3Client {
  /** Requests sent, by method. */
  readonly sent = new Map<string, number>();
  /** For display. */
  readonly place: string;
  /** Tells this place from every other. */
  readonly address: string;
  readonly #endpoint: Endpoint;
  readonly #prefix: string;
  readonly #credentials: (nowMs: number) => Promise<Credentials>;
  readonly #effects: S3Effects;

  constructor(
    { bucket, prefix }: { readonly bucket: string; readonly prefix: string },
    endpoint: Endpoint,
    credentials: (nowMs: number) => Promise<Credentials>,
    effects: S3Effects,
  ) {
    this.place = `s3://${bucket}${prefix === '' ? '' : `/${prefix}`}`;
    this.address = `${endpoint.origin.origin}${endpoint.base}/${prefix}`;
    this.#endpoint = endpoint;
    this.#prefix = prefix === '' ? '' : `${prefix}/`;
    this.#credentials = credentials;
    this.#effects = effects;
  }

  async #once(method: HttpRequest['method'], key: string | undefined, request: Request): Promise<HttpAnswer> {
    const { query = {}, headers = {}, body = NOTHING } = request;
    const { origin, base, region } = this.#endpoint;
    const { http, clock, trace } = this.#effects;
    const names = key === undefined ? '' : `${this.#prefix}${key}`.split('/').map(encodeUri).join('/');
    const path = key === undefined ? base || '/' : `${base}/${names}`;
    const now = clock.now();
    const signing = { method, path, query, headers: { host: origin.host, ...headers }, body };
    const all = signed(signing, await this.#credentials(now), region, now);
    const queried = encodeQuery(query);
    this.sent.set(method, (this.sent.get(method) ?? 0) + 1);
    const answer = await http.send({
      method,
      origin,
      target: queried === '' ? path : `${path}?${queried}`,
      headers: all,
      body,
    });
    trace?.({
      event: 's3',
      method,
      key: key ?? '',
      status: answer.status,
      bytes: body.length || answer.body.length,
    });
    return answer;
  }

  async #pause(tries: number): Promise<void> {
    const { wait, jitter } = this.#effects;
    await wait(Math.min(LAST_WAIT_MS, FIRST_WAIT_MS * 2 ** tries) * (0.5 + jitter()));
  }

  /** Repeats a request that may be served twice until there is an answer. */
  async #send(
    method: HttpRequest['method'],
    key: string | undefined,
    request: Request = {},
  ): Promise<HttpAnswer> {
    for (let tries = 1; ; tries++) {
      try {
        const answer = await this.#once(method, key, request);
        if (!isBusy(answer) || tries >= TRIES) return answer;
      } catch (e) {
        if (e instanceof HsError) throw e;
        if (tries >= TRIES || !isTransient(e) || isTooLarge(e)) throw noAnswer(e, this.#endpoint.origin.host);
      }
      await this.#pause(tries);
    }
  }

  /**
   * Stores bytes at a key that is free, in one atomic step. Without an answer the same bytes are sent to the same key
   * again; a key that is taken by exactly these bytes was taken by this call. Unknown: patience ended before an
   * answer came, or an error did after a try that may have been served.
   */
  async putIfAbsent(key: string, body: Uint8Array): Promise<PutOutcome> {
    let maybe = false;
    for (let tries = 1; tries <= TRIES; tries++) {
      try {
        const answer = await this.#once('PUT', key, { body, headers: { 'if-none-match': '*' } });
        if (answer.status === 200) return 'stored';
        maybe ||= answer.status === 412 || isBusy(answer);
        if (answer.status === 412) {
          const there = await this.get(key);
          if (there !== undefined) return Buffer.compare(there, body) === 0 ? 'stored' : 'taken';
        } else if (answer.status !== 409 && !isBusy(answer)) {
          throw answerError(answer, this.place);
        }
      } catch (e) {
        if (e instanceof HsError) {
          if (maybe) return 'unknown';
          throw e;
        }
        // Nothing that was sent before can land: there was nobody to send it to.
        if (!maybe && !isTransient(e)) throw noAnswer(e, this.#endpoint.origin.host);
        maybe = true;
      }
      await this.#pause(tries);
    }
    return 'unknown';
  }

  /** The conditional request alone, sent once: what the probe of a service looks at. */
  async probePut(key: string, body: Uint8Array): Promise<number> {
    return (await this.#once('PUT', key, { body, headers: { 'if-none-match': '*' } })).status;
  }

  async put(key: string, body: Uint8Array): Promise<void> {
    this.#demand(await this.#send('PUT', key, { body }), 200);
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
    const answer = await this.#send('GET', key, range === undefined ? {} : { headers: { range } });
    if (this.#isMissing(answer)) return undefined;
    // An empty object has no byte to begin at.
    if (answer.status === 416) return { bytes: NOTHING, size: 0 };
    this.#demand(answer, 200, 206);
    const total = /\/(\d+)$/.exec(answer.headers['content-range'] ?? '')?.[1];
    const { status, body } = answer;
    if (status === 206 && total === undefined) throw notS3(answer);
    return { bytes: body, size: status === 206 ? Number(total) : body.length };
  }

  /** Size in bytes; undefined: there is nothing. */
  async size(key: string): Promise<number | undefined> {
    const answer = await this.#send('HEAD', key);
    if (answer.status === 404) return undefined;
    this.#demand(answer, 200);
    return Number(answer.headers['content-length']);
  }

  async delete(key: string): Promise<void> {
    const answer = await this.#send('DELETE', key);
    if (!this.#isMissing(answer)) this.#demand(answer, 200, 204);
  }

  /** All keys that begin with `start`, in order, those up to `after` left out. */
  async *list(start: string, after?: string): AsyncGenerator<ListedKey> {
    for (let token: string | undefined; ; ) {
      const page = await this.#page(start, after, token);
      for (const found of page.keys) yield { ...found, key: found.key.slice(this.#prefix.length) };
      token = page.next;
      if (token === undefined) return;
    }
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
    const answer = await this.#send('GET', undefined, { query });
    this.#demand(answer, 200);
    const page = parseListing(Buffer.from(answer.body).toString());
    if (page === undefined) throw notS3(answer);
    return page;
  }

  /**
   * Stores parts of at least 5 MiB, except for the last, as one object, some of them at a time; a failure leaves
   * nothing that is listed.
   */
  async putParts(key: string, count: number, part: (n: number) => Promise<Uint8Array>): Promise<void> {
    const begun = await this.#send('POST', key, { query: { uploads: '' } });
    this.#demand(begun, 200);
    const uploadId = element(Buffer.from(begun.body).toString(), 'UploadId');
    if (uploadId === undefined) throw notS3(begun);
    try {
      const tags = new Array<string>(count);
      const send = async (n: number) => {
        const query = { uploadId, partNumber: String(n + 1) };
        const answer = await this.#send('PUT', key, { query, body: await part(n) });
        this.#demand(answer, 200);
        tags[n] = answer.headers.etag ?? '';
      };
      await parallel(tags.keys(), send, PARTS_AT_ONCE);
      const list = tags.map((tag, n) => `<Part><PartNumber>${n + 1}</PartNumber><ETag>${tag}</ETag></Part>`);
      const body = Buffer.from(`<CompleteMultipartUpload>${list.join('')}</CompleteMultipartUpload>`);
      const done = await this.#send('POST', key, { query: { uploadId }, body });
      // A completion that was served and whose answer was lost: the upload is no more.
      if (errorCode(done) === 'NoSuchUpload' && (await this.size(key)) !== undefined) return;
      // 200 is sent before the work is done, and an error may follow in the body.
      if (done.status !== 200 || errorCode(done) !== undefined) throw answerError(done, this.place);
    } catch (e) {
      await this.#send('DELETE', key, { query: { uploadId } }).catch(() => undefined);
      throw e;
    }
  }

  #isMissing(answer: HttpAnswer): boolean {
    return answer.status === 404 && errorCode(answer) === 'NoSuchKey';
  }

  #demand(answer: HttpAnswer, ...statuses: readonly number[]): void {
    if (!statuses.includes(answer.status)) throw answerError(answer, this.place);
  }

  close(): void {
    this.#effects.http.close();
  }
}

/** The same answer would come again. */
function isTooLarge(e: unknown): boolean {
  return (e as { code?: string }).code === 'EMSGSIZE';
}

/** Whether another try may help: a name that does not resolve and a certificate that is not trusted stay so. */
function isTransient(e: unknown): boolean {
  const { code = '' } = e as { code?: string };
  return !/^(ENOTFOUND|ECONNREFUSED|CERT_|ERR_TLS|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|ERR_INVALID)/.test(code);
}
