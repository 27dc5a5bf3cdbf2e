import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { HTTP_LIMITS, nodeHttp } from '../../src/fsx/http.js';

const closes: (() => void)[] = [];
afterEach(() => {
  for (const close of closes.splice(0)) close();
});

async function serverThat(answers: RequestListener): Promise<URL> {
  const server = createServer(answers);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closes.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

const get = (origin: URL) => ({ method: 'GET' as const, origin, target: '/', headers: {} });

describe('a request', () => {
  it('to an endpoint that drips bytes is given up', async () => {
    const drip = await serverThat((_, response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(timer));
    });
    const http = nodeHttp(undefined, { ...HTTP_LIMITS, requestMs: 300 });
    await expect(http.send(get(drip))).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    http.close();
  });

  it('of which no byte is answered is given up', async () => {
    const silent = await serverThat(() => undefined);
    const http = nodeHttp(undefined, { ...HTTP_LIMITS, idleMs: 100 });
    await expect(http.send(get(silent))).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    http.close();
  });

  it('may take longer the more bytes it has', async () => {
    const slow = await serverThat((request, response) => {
      request.resume().on('end', () => setTimeout(() => response.end('stored'), 100));
    });
    const http = nodeHttp(undefined, { ...HTTP_LIMITS, requestMs: 1 });
    const put = { ...get(slow), method: 'PUT' as const, body: Buffer.alloc(1024 * 1024) };
    expect(`${(await http.send(put)).body}`).toBe('stored');
    http.close();
  });

  it('that hangs ends with the command that is interrupted, and none is sent after it', async () => {
    const interrupt = new AbortController();
    const silent = await serverThat(() => interrupt.abort());
    const http = nodeHttp(interrupt.signal);
    await expect(http.send(get(silent))).rejects.toMatchObject({ code: 'ECANCELED' });
    await expect(http.send(get(silent))).rejects.toMatchObject({ code: 'EINTR' });
    http.close();
  });

  it('of many at once warns of nothing', async () => {
    const warnings: Error[] = [];
    const heard = (warning: Error) => warnings.push(warning);
    process.on('warning', heard);
    const quick = await serverThat((_, response) => response.end());
    const http = nodeHttp(new AbortController().signal);
    await Promise.all(Array.from({ length: 20 }, () => http.send(get(quick))));
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', heard);
    expect(warnings).toEqual([]);
    http.close();
  });
});
