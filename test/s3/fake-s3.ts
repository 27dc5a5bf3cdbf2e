import { createHash } from 'node:crypto';
import type { Http, HttpAnswer, HttpRequest } from '../../src/fsx/http.js';
import { SortedMap } from './sorted-map.js';

/** What becomes of one request. */
export type Fate =
  | 'served'
  /** Never reaches the service. */
  | 'dropped'
  /** Served, and the answer is lost. */
  | 'unanswered'
  /** Lost for its sender, and served when {@link FakeS3.land} is called. */
  | 'late'
  /** Served, and once more when {@link FakeS3.land} is called. */
  | 'repeated'
  /** Answered 503 and not served. */
  | 'busy';

export interface Change {
  readonly method: 'PUT' | 'DELETE';
  readonly key: string;
  /** What was there. */
  readonly before: Buffer | undefined;
}

interface Parts {
  readonly key: string;
  readonly parts: Map<number, Buffer>;
}

export const answer = (status: number, body = '', headers: Record<string, string> = {}): HttpAnswer => ({
  status,
  headers: { 'content-type': 'application/xml', ...headers },
  body: Buffer.from(body),
});
const error = (status: number, code: string) => answer(status, `<Error><Code>${code}</Code></Error>`);
const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
const etags = new WeakMap<Uint8Array, string>();
function etag(bytes: Uint8Array): string {
  const known = etags.get(bytes) ?? `"${createHash('md5').update(bytes).digest('hex')}"`;
  etags.set(bytes, known);
  return known;
}
const NOTHING = new Uint8Array();
const lines = new WeakMap<Uint8Array, string>();
/** The line of a listing; what has gone since the listing of the past that has it is empty. */
function listed(key: string, bytes: Uint8Array = NOTHING): string {
  const known = lines.get(bytes);
  if (known !== undefined) return known;
  const line = `<Contents><Key>${escaped(key)}</Key><Size>${bytes.length}</Size><ETag>${escaped(etag(bytes))}</ETag></Contents>`;
  lines.set(bytes, line);
  return line;
}
/** How many changes ago a stale listing is of. */
const STALE_BY = 20;
const PAGE = 1000;
const lost = () => Object.assign(new Error('the answer was lost'), { code: 'ECONNRESET', errno: -104 });

function parse(request: HttpRequest) {
  const url = new URL(request.target, request.origin);
  const [, bucket, ...names] = url.pathname.split('/').map(decodeURIComponent);
  const key = names.join('/');
  return {
    url,
    bucket,
    key,
    what: key === '' ? `LIST ${url.searchParams.get('prefix')}` : `${request.method} ${key}`,
  };
}

/** One bucket of an S3 service in memory: atomic put-if-absent, reads after writes, and a network that may be bad. */
export class FakeS3 {
  readonly objects = new SortedMap<Buffer>();
  /** Each request as `METHOD key`, or `LIST prefix`. */
  readonly log: string[] = [];
  /** What becomes of the next request. */
  fate: (what: string) => Fate = () => 'served';
  /** Whether a listing is one of the past. */
  isStale: () => boolean = () => false;
  /** Whether a request gets no answer, and its connection stays. */
  hangs: (what: string) => boolean = () => false;
  /** The service's clock, from which a request may differ by 15 minutes; undefined: any time will do. */
  now: (() => number) | undefined;
  /** What is answered in place of anything else. */
  says: (what: string) => HttpAnswer | undefined = () => undefined;
  /** False: the condition is ignored, as some servers do. */
  knowsConditions = true;
  /** What the service of temporary keys, at the same place, answers to a form. */
  sts: ((form: URLSearchParams) => HttpAnswer) | undefined;
  /** The accepted key id; undefined: any. */
  accessKeyId: string | undefined;
  readonly #uploads = new Map<string, Parts>();
  /** At which change each key was last written. */
  readonly #writtenAt = new Map<string, number>();
  #changes = 0;
  readonly #late: (() => void)[] = [];
  /** The last changes, oldest first. */
  readonly #past: Change[] = [];
  #serial = 0;

  readonly #bucket: string;

  constructor(bucket = 'bucket') {
    this.#bucket = bucket;
  }

  /** The service as a client reaches it, by path-style requests. */
  http(): Http {
    return { send: (request) => this.send(request), close: () => undefined };
  }

  /** What a dead process sent is on its way: it is served when {@link FakeS3.land} is called. */
  delay(request: HttpRequest): void {
    const { url, key } = parse(request);
    this.#late.push(() => this.#serve(request, url, key));
  }

  /** A late or repeated request arrives now. */
  land(pick: (count: number) => number = () => 0): void {
    this.#late.splice(pick(this.#late.length), 1)[0]?.();
  }
  get inFlight(): number {
    return this.#late.length;
  }
  /** Uploads in parts that were begun and not ended. */
  get uploads(): number {
    return this.#uploads.size;
  }

  async send(request: HttpRequest): Promise<HttpAnswer> {
    const { what } = parse(request);
    if (this.sts !== undefined && request.method === 'POST' && request.target === '/') {
      return this.sts(new URLSearchParams(Buffer.from(request.body ?? []).toString()));
    }
    this.log.push(what);
    if (this.hangs(what)) return new Promise(() => undefined);
    return this.decide(request);
  }

  /** Serves a request, or not, in one step. */
  decide(request: HttpRequest): HttpAnswer {
    const { url, bucket, key, what } = parse(request);
    if (bucket !== this.#bucket) return error(404, 'NoSuchBucket');
    const id = /Credential=([^/]+)\//.exec(request.headers.authorization ?? '')?.[1];
    if (this.accessKeyId !== undefined && id !== this.accessKeyId) return error(403, 'InvalidAccessKeyId');
    const at = (request.headers['x-amz-date'] ?? '').replace(
      /^(\d{4})(\d\d)(\d\dT\d\d)(\d\d)/,
      '$1-$2-$3:$4:',
    );
    if (this.now !== undefined && !(Math.abs(Date.parse(at) - this.now()) <= 15 * 60_000)) {
      return error(403, 'RequestTimeTooSkewed');
    }
    const said = this.says(what);
    if (said !== undefined) return said;
    const serve = () => this.#serve(request, url, key);
    switch (this.fate(what)) {
      case 'dropped':
        throw lost();
      case 'unanswered':
        serve();
        throw lost();
      case 'late':
        this.#late.push(serve);
        throw lost();
      case 'repeated':
        this.#late.push(serve);
        return serve();
      case 'busy':
        return error(503, 'SlowDown');
      default:
        return serve();
    }
  }

  #serve(request: HttpRequest, { searchParams: query }: URL, key: string): HttpAnswer {
    const body = Buffer.from(request.body ?? []);
    if (key === '') return this.#list(query);
    if (query.has('uploads')) {
      const id = `upload-${this.#serial++}`;
      this.#uploads.set(id, { key, parts: new Map() });
      return answer(
        200,
        `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
      );
    }
    const uploadId = query.get('uploadId');
    if (uploadId !== null) return this.#part(request, query, uploadId, body);
    switch (request.method) {
      case 'PUT':
        if (this.knowsConditions && request.headers['if-none-match'] === '*' && this.objects.has(key)) {
          return error(412, 'PreconditionFailed');
        }
        this.#put(key, body);
        return answer(200, '', { etag: etag(body) });
      case 'DELETE':
        this.remove(key);
        return answer(204);
      default:
        return this.#get(request, key);
    }
  }

  /** Changes of the bucket since a key was written. */
  age(key: string): number {
    return this.#changes - (this.#writtenAt.get(key) ?? 0);
  }

  remove(key: string): void {
    const before = this.objects.get(key);
    this.objects.delete(key);
    this.#changed({ method: 'DELETE', key, before });
  }

  #put(key: string, body: Buffer): void {
    const before = this.objects.get(key);
    this.objects.set(key, body);
    this.#writtenAt.set(key, this.#changes + 1);
    this.#changed({ method: 'PUT', key, before });
  }

  /** Called after each change. */
  changed: (change: Change) => void = () => undefined;

  #changed(change: Change): void {
    this.#past.push(change);
    if (this.#past.length > STALE_BY) this.#past.shift();
    this.#changes++;
    this.changed(change);
  }

  #get({ method, headers }: HttpRequest, key: string): HttpAnswer {
    const found = this.objects.get(key);
    if (found === undefined) return method === 'HEAD' ? answer(404) : error(404, 'NoSuchKey');
    const length = String(found.length);
    if (method === 'HEAD') return answer(200, '', { 'content-length': length, etag: etag(found) });
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? [];
    if (from === undefined) return { ...answer(200, '', { etag: etag(found) }), body: Buffer.from(found) };
    if (Number(from) >= found.length) return error(416, 'InvalidRange');
    const part = found.subarray(Number(from), Number(to) + 1);
    return {
      ...answer(206, '', { 'content-range': `bytes ${from}-${to}/${length}` }),
      body: Buffer.from(part),
    };
  }

  #part(request: HttpRequest, query: URLSearchParams, id: string, body: Buffer): HttpAnswer {
    const upload = this.#uploads.get(id);
    if (upload === undefined) return error(404, 'NoSuchUpload');
    if (request.method === 'DELETE') {
      this.#uploads.delete(id);
      return answer(204);
    }
    if (request.method === 'PUT') {
      upload.parts.set(Number(query.get('partNumber')), body);
      return answer(200, '', { etag: etag(body) });
    }
    const whole = [...upload.parts].sort(([a], [b]) => a - b).map(([, bytes]) => bytes);
    this.#put(upload.key, Buffer.concat(whole));
    this.#uploads.delete(id);
    return answer(200, '<CompleteMultipartUploadResult/>');
  }

  #list(query: URLSearchParams): HttpAnswer {
    const prefix = query.get('prefix') ?? '';
    const after = query.get('continuation-token') ?? query.get('start-after') ?? '';
    const page = this.#below(prefix, after);
    const isAll = page.length <= PAGE;
    if (!isAll) page.length = PAGE;
    const next = isAll ? '' : `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>`;
    const contents = page.map((key) => listed(key, this.objects.get(key)));
    return answer(200, `<ListBucketResult>${contents.join('')}${next}</ListBucketResult>`);
  }

  /** Keys of a page and one more, now or in the past. */
  #below(prefix: string, after: string): string[] {
    const found: string[] = [];
    const { sorted } = this.objects;
    const isAsked = (key: string) => key.startsWith(prefix) && key > after;
    const past = this.isStale() ? this.#past.filter(({ key }) => isAsked(key)).reverse() : [];
    for (let n = this.objects.from(after > prefix ? after : prefix); n < sorted.length; n++) {
      if (!sorted[n]!.startsWith(prefix) || found.length > PAGE + STALE_BY) break;
      if (isAsked(sorted[n]!)) found.push(sorted[n]!);
    }
    if (past.length === 0) return found.slice(0, PAGE + 1);
    const keys = new Set(found);
    for (const { key, before } of past) before === undefined ? keys.delete(key) : keys.add(key);
    return [...keys].sort().slice(0, PAGE + 1);
  }
}
