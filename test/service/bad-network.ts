import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:net';

export interface BadNetwork {
  readonly endpoint: string;
  readonly counts: { requests: number; lost: number; late: number; cut: number };
  close(): Promise<void>;
}

/** A proxy that loses answers, cuts requests and lets some arrive seconds after their sender gave up. */
export async function badNetwork(target: URL, chance: number): Promise<BadNetwork> {
  const counts = { requests: 0, lost: 0, late: 0, cut: 0 };
  const server = createServer((client) => {
    const service = connect(Number(target.port), target.hostname);
    let fate: 'lost' | 'late' | 'cut' | undefined;
    let isNew = true;
    let held = Promise.resolve();
    client.on('data', (data) => {
      if (isNew) {
        isNew = false;
        counts.requests++;
        const dice = Math.random() / chance;
        fate = dice < 1 ? 'lost' : dice < 2 ? 'late' : dice < 3 ? 'cut' : undefined;
        if (fate !== undefined) counts[fate]++;
        if (fate === 'late') {
          held = new Promise((resolve) => setTimeout(resolve, 200 + Math.random() * 2000));
          setTimeout(() => client.destroy(), 20);
        }
        if (fate === 'cut') {
          service.end(data.subarray(0, data.length >> 1));
          client.destroy();
          return;
        }
      }
      void held.then(() => service.writable && service.write(data));
    });
    service.on('data', (data) => {
      isNew = true;
      if (fate === 'lost') client.destroy();
      else if (!client.destroyed) client.write(data);
    });
    client.on('close', () => setTimeout(() => service.destroy(), fate === 'late' ? 4000 : 0));
    service.on('close', () => client.destroy());
    for (const socket of [client, service]) socket.setNoDelay(true).on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    counts,
    close: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}
