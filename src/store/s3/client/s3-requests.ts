import type { Trace } from '../../../core/effects.js';
import { HsError } from '../../../errors/hs-error.js';
import type { Http, HttpAnswer, HttpRequest } from '../../../fsx/http.js';
import { parseContentKey } from '../keys.js';
import type { Endpoint } from './endpoint.js';
import { isBusy, isCut, isTooLarge, isTransient, patience, pause, type RetryEffects } from './retry.js';
import { noAnswer, notHere, notS3, notWritable } from './s3-errors.js';
import { type Credentials, encodeQuery, encodeUri, signed } from './sign.js';

export interface S3Effects extends RetryEffects {
  readonly http: Http;
  /** No request is sent. */
  readonly offline?: boolean | undefined;
  readonly trace?: Trace | undefined;
  /** The one that cuts requests, whose reason is then thrown. */
  readonly signal?: AbortSignal | undefined;
}

export interface S3Request {
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

const NOTHING = new Uint8Array();

/**
 * Whether a success is a web page's and says nothing about the service: a portal may say 200 to everything. Many servers
 * call an empty body HTML too, and the bytes of objects and packs prove themselves.
 */
export function isWebPage(
  { status, headers, body }: HttpAnswer,
  method: HttpRequest['method'],
  key: string | undefined,
): boolean {
  if (status >= 300 || !/^text\/html/i.test(headers['content-type'] ?? '')) return false;
  // It has no body, and describes one.
  if (method === 'HEAD') return headers['content-length'] !== '0';
  return body.length > 0 && !(method === 'GET' && key !== undefined && parseContentKey(key) !== undefined);
}

/** Signed requests about the keys of one bucket below one prefix, and how often they are repeated. */
export class S3Requests {
  /** Requests sent, by method. */
  readonly sent = new Map<string, number>();
  readonly #endpoint: Endpoint;
  readonly #prefix: string;
  readonly #credentials: (nowMs: number) => Promise<Credentials>;
  readonly #effects: S3Effects;

  /** `prefix` is empty, or ends in a slash. */
  constructor(
    prefix: string,
    endpoint: Endpoint,
    credentials: (nowMs: number) => Promise<Credentials>,
    effects: S3Effects,
  ) {
    this.#endpoint = endpoint;
    this.#prefix = prefix;
    this.#credentials = credentials;
    this.#effects = effects;
  }

  /** What is thrown for a request without an answer: the reason of the signal that cut it, or SYSTEM. */
  failure(e: unknown): unknown {
    const { signal } = this.#effects;
    return signal?.aborted && isCut(e) ? signal.reason : noAnswer(e, this.#endpoint.origin.host);
  }

  /** Whether requests were cut, and this is what is thrown for them. */
  isCut(e: unknown): boolean {
    const { signal } = this.#effects;
    return signal?.aborted === true && e === signal.reason;
  }

  /** OFFLINE unless requests are sent. `what` is not on this machine. */
  demandOnline(what: string): void {
    if (this.#effects.offline) throw notHere(what);
  }

  /**
   * Sends a request once, for the `attempt`th time; fails with an errno error when no complete answer came. The answer may
   * be a web page's (`isWebPage`).
   */
  async once(
    method: HttpRequest['method'],
    key: string | undefined,
    request: S3Request,
    attempt: number,
  ): Promise<HttpAnswer> {
    if (this.#effects.offline && method !== 'GET' && method !== 'HEAD') throw notWritable();
    this.demandOnline(key === undefined ? 'a listing of the store' : `'${key}'`);
    const { trace, clock } = this.#effects;
    if (trace === undefined) return this.#once(method, key, request);
    const began = clock.now();
    const about = {
      event: 's3',
      method,
      // Of a listing, what it asks for; of the query nothing else, nor of the headers.
      key: key ?? (request.query?.prefix ?? '').slice(this.#prefix.length),
      ...(key === undefined && { list: true }),
      attempt,
    };
    try {
      const answer = await this.#once(method, key, request);
      const bytes = request.body?.length || answer.body.length;
      trace({ ...about, status: answer.status, bytes, ms: clock.now() - began });
      return answer;
    } catch (e) {
      const { code, name } = e as NodeJS.ErrnoException;
      trace({ ...about, error: code ?? name, ms: clock.now() - began });
      throw e;
    }
  }

  async #once(
    method: HttpRequest['method'],
    key: string | undefined,
    request: S3Request,
  ): Promise<HttpAnswer> {
    const { query = {}, headers = {}, body = NOTHING } = request;
    const { origin, base, region } = this.#endpoint;
    const { http, clock } = this.#effects;
    const names = key === undefined ? '' : `${this.#prefix}${key}`.split('/').map(encodeUri).join('/');
    const path = key === undefined ? base || '/' : `${base}/${names}`;
    const now = clock.now();
    const signing = { method, path, query, headers: { host: origin.host, ...headers }, body };
    const all = signed(signing, await this.#credentials(now), region, now);
    const queried = encodeQuery(query);
    this.sent.set(method, (this.sent.get(method) ?? 0) + 1);
    return http.send({
      method,
      origin,
      target: queried === '' ? path : `${path}?${queried}`,
      headers: all,
      body,
    });
  }

  /** Waits before the next try. */
  pause(tries: number): Promise<void> {
    return pause(this.#effects, tries);
  }

  /** Whether a try is the last one. */
  patience(): (tries: number) => boolean {
    return patience(this.#effects);
  }

  /** Repeats a request that may be served twice until there is an answer. SYSTEM for a web page's. */
  async send(
    method: HttpRequest['method'],
    key: string | undefined,
    request: S3Request = {},
  ): Promise<HttpAnswer> {
    const isLast = this.patience();
    for (let tries = 1; ; tries++) {
      try {
        const answer = await this.once(method, key, request, tries);
        if (isWebPage(answer, method, key)) throw notS3(answer);
        if (!isBusy(answer) || isLast(tries)) return answer;
      } catch (e) {
        if (e instanceof HsError) throw e;
        if (isLast(tries) || !isTransient(e) || isTooLarge(e)) throw this.failure(e);
      }
      await this.pause(tries);
    }
  }

  close(): void {
    this.#effects.http.close();
  }
}
