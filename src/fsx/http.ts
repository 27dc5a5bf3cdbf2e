import { setMaxListeners } from 'node:events';
import http from 'node:http';
import https from 'node:https';

/** A request whose body is in memory. */
export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  /** Scheme, host and port. */
  readonly origin: URL;
  /** Path and query as they are sent. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

export interface HttpAnswer {
  readonly status: number;
  /** By lowercase name. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
}

/** Sends requests; never repeats one by itself. */
export interface Http {
  /**
   * Fails with an errno error when no complete answer came: nobody knows then whether the request was served. Once the
   * command is interrupted: ECANCELED, or EINTR if it was not sent.
   */
  send(request: HttpRequest): Promise<HttpAnswer>;
  close(): void;
}

const SOCKETS = 32;
/** A request takes at most `requestMs`, and as much more as its bytes take at this speed: one that drips them is given up. */
const LEAST_BYTES_PER_MS = 8;
export const HTTP_LIMITS = { idleMs: 30_000, requestMs: 60_000 };
/** What is under way when the command is interrupted may still end: a record of what was done until then. */
const GRACE_MS = 400;
/** More than any answer hs asks for; a hostile service cannot fill the memory. */
const MAX_BODY_BYTES = 80 * 1024 * 1024;

function failed(code: string, message: string): Error {
  return Object.assign(new Error(message), { code, errno: -1 });
}

/** HTTP(S) with connections that are kept. TLS certificates are verified. No request outlives `signal` by a second. */
export function nodeHttp(signal?: AbortSignal, { idleMs, requestMs } = HTTP_LIMITS): Http {
  const over = new AbortController();
  // One for each request under way.
  setMaxListeners(0, over.signal);
  const interrupted = () => setTimeout(() => over.abort(), GRACE_MS).unref();
  if (signal?.aborted) interrupted();
  else signal?.addEventListener('abort', interrupted, { once: true });
  const agents = {
    'http:': new http.Agent({ keepAlive: true, maxSockets: SOCKETS }),
    'https:': new https.Agent({ keepAlive: true, maxSockets: SOCKETS }),
  };
  const sendOnce = ({ method, origin, target, headers, body }: HttpRequest) =>
    new Promise<HttpAnswer>((resolve, reject) => {
      if (over.signal.aborted) return reject(failed('EINTR', 'the command was interrupted'));
      const secure = origin.protocol === 'https:';
      let deadline = performance.now() + requestMs + (body?.byteLength ?? 0) / LEAST_BYTES_PER_MS;
      const request = (secure ? https : http).request(
        {
          method,
          // Brackets of an IPv6 address are part of the URL alone.
          hostname: origin.hostname.replace(/^\[(.*)\]$/, '$1'),
          port: origin.port,
          path: target,
          headers: { ...headers, 'content-length': String(body?.byteLength ?? 0) },
          agent: agents[secure ? 'https:' : 'http:'],
          timeout: idleMs,
        },
        (answer) => {
          const parts: Buffer[] = [];
          let size = 0;
          answer.on('data', (part: Buffer) => {
            parts.push(part);
            size += part.length;
            deadline += part.length / LEAST_BYTES_PER_MS;
            if (size > MAX_BODY_BYTES) request.destroy(failed('EMSGSIZE', 'the answer is too large'));
          });
          answer.on('error', reject);
          answer.on('end', () => {
            if (!answer.complete) return reject(failed('ECONNRESET', 'the answer was cut'));
            const named = Object.entries(answer.headers).map(([k, v]) => [k, Array.isArray(v) ? v[0] : v]);
            resolve({
              status: answer.statusCode ?? 0,
              headers: Object.fromEntries(named) as HttpAnswer['headers'],
              body: Buffer.concat(parts),
            });
          });
        },
      );
      const cut = () => request.destroy(failed('ECANCELED', 'the command was interrupted'));
      over.signal.addEventListener('abort', cut);
      const check = () => {
        const left = deadline - performance.now();
        if (left <= 0) request.destroy(failed('ETIMEDOUT', 'the answer took too long'));
        else timer = setTimeout(check, left);
      };
      let timer = setTimeout(check, requestMs);
      request.on('close', () => {
        clearTimeout(timer);
        over.signal.removeEventListener('abort', cut);
      });
      request.on('timeout', () => request.destroy(failed('ETIMEDOUT', `no answer for ${idleMs / 1000} s`)));
      request.on('error', reject);
      request.end(body);
    });
  return {
    send: sendOnce,
    close: () => {
      signal?.removeEventListener('abort', interrupted);
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
}
