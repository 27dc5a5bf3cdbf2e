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
  /** Fails with an errno error when no complete answer came: nobody knows then whether the request was served. */
  send(request: HttpRequest): Promise<HttpAnswer>;
  close(): void;
}

const SOCKETS = 32;
const IDLE_MS = 30_000;
/** More than any answer hs asks for; a hostile service cannot fill the memory. */
const MAX_BODY_BYTES = 80 * 1024 * 1024;

function failed(code: string, message: string): Error {
  return Object.assign(new Error(message), { code, errno: -1 });
}

/** HTTP(S) with connections that are kept. TLS certificates are verified. */
export function nodeHttp(): Http {
  const agents = {
    'http:': new http.Agent({ keepAlive: true, maxSockets: SOCKETS }),
    'https:': new https.Agent({ keepAlive: true, maxSockets: SOCKETS }),
  };
  const sendOnce = ({ method, origin, target, headers, body }: HttpRequest) =>
    new Promise<HttpAnswer>((resolve, reject) => {
      const secure = origin.protocol === 'https:';
      const request = (secure ? https : http).request(
        {
          method,
          // Brackets of an IPv6 address are part of the URL alone.
          hostname: origin.hostname.replace(/^\[(.*)\]$/, '$1'),
          port: origin.port,
          path: target,
          headers: { ...headers, 'content-length': String(body?.byteLength ?? 0) },
          agent: agents[secure ? 'https:' : 'http:'],
          timeout: IDLE_MS,
        },
        (answer) => {
          const parts: Buffer[] = [];
          let size = 0;
          answer.on('data', (part: Buffer) => {
            parts.push(part);
            size += part.length;
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
      request.on('timeout', () => request.destroy(failed('ETIMEDOUT', `no answer for ${IDLE_MS / 1000} s`)));
      request.on('error', reject);
      request.end(body);
    });
  return {
    send: sendOnce,
    close: () => {
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
}
