import { createServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { HttpRequest } from '../../src/fsx/http.js';
import type { FakeS3 } from './fake-s3.js';

export interface FakeServer {
  readonly endpoint: string;
  close(): Promise<void>;
}

/** The fake on a port of this machine, with `tls` by https; a lost answer is a connection that is closed. */
export async function serve(
  fake: FakeS3,
  tls?: { readonly key: string; readonly cert: string },
): Promise<FakeServer> {
  const answer: RequestListener = (request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', async () => {
      try {
        const { status, headers, body } = await fake.send({
          method: request.method as HttpRequest['method'],
          origin: new URL('http://fake'),
          target: request.url ?? '/',
          headers: request.headers as Record<string, string>,
          body: Buffer.concat(parts),
        });
        response.writeHead(status, { 'content-length': String(body.length), ...headers });
        response.end(request.method === 'HEAD' ? undefined : body);
      } catch {
        response.destroy();
      }
    });
  };
  const server = tls === undefined ? createServer(answer) : createSecureServer(tls, answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
