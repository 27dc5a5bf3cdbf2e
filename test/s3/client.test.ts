import { describe, expect, it } from 'vitest';
import type { Http } from '../../src/fsx/http.js';
import { EndlessListing } from '../../src/store/s3/client/endless-listing.js';
import { parseS3Url } from '../../src/store/s3/client/endpoint.js';
import { S3Client } from '../../src/store/s3/client/s3-client.js';
import { Rng } from '../sim/rng.js';
import { answer, FakeS3, type Fate } from './fake-s3.js';

function clientOf(fake: FakeS3 | Http): S3Client {
  const endpoint = { origin: new URL('http://127.0.0.1:1'), base: '/bucket', region: 'us-east-1' };
  const keys = { accessKeyId: 'id', secretAccessKey: 'secret' };
  return new S3Client(parseS3Url('s3://bucket/p'), endpoint, async () => keys, {
    http: fake instanceof FakeS3 ? fake.http() : fake,
    clock: { now: () => 0 },
    wait: async () => undefined,
    jitter: () => 0.5,
  });
}

type Append = (client: S3Client, key: string, body: Buffer) => Promise<'mine' | 'other' | 'again'>;

const real: Append = async (client, key, body) => {
  const outcome = await client.putIfAbsent(key, body);
  return outcome === 'stored' ? 'mine' : outcome === 'taken' ? 'other' : 'again';
};

/** Takes every 412 for a lost race, as a client that retries by itself makes its caller do. */
const naive: Append = async (client, key, body) => {
  const status = await client.probePut(key, body).catch(() => 0);
  return status === 200 ? 'mine' : status === 412 ? 'other' : 'again';
};

/** Two writers append 60 entries each; how often each event is in the ledger. */
async function ledgerOf(append: Append, seed: number): Promise<number[]> {
  const rng = new Rng(seed);
  const fake = new FakeS3();
  const fates: readonly Fate[] = ['unanswered', 'dropped', 'late', 'repeated', 'busy'];
  fake.fate = () => (rng.chance(0.2) ? rng.pick(fates) : 'served');
  const client = clientOf(fake);
  const write = async (writer: string) => {
    for (let event = 0, seq = 0; event < 60; seq++) {
      const body = Buffer.from(`${writer} ${event}`);
      let outcome = await append(client, `n${seq}`, body);
      while (outcome === 'again') {
        if (fake.inFlight > 0 && rng.chance(0.5)) fake.land();
        outcome = await append(client, `n${seq}`, body);
      }
      if (outcome === 'mine') event++;
    }
  };
  await Promise.all([write('one'), write('two')]);
  while (fake.inFlight > 0) fake.land();
  const times = new Map<string, number>();
  for (const bytes of fake.objects.values()) times.set(`${bytes}`, (times.get(`${bytes}`) ?? 0) + 1);
  return [...times.values()];
}

describe('an append whose answer is lost, late or repeated', () => {
  it('is in the ledger once', async () => {
    for (let seed = 1; seed <= 10; seed++) {
      expect(await ledgerOf(real, seed), `seed ${seed}`).toEqual(Array.from({ length: 120 }, () => 1));
    }
  });

  it('is there twice when every 412 is taken for a lost race: the test bites', async () => {
    const times: number[] = [];
    for (let seed = 1; seed <= 10; seed++) times.push(...(await ledgerOf(naive, seed)));
    expect(times.filter((n) => n > 1).length).toBeGreaterThan(0);
  });

  it('is of unknown outcome when no answer comes for long, and is not said to be there', async () => {
    const fake = new FakeS3();
    fake.fate = () => 'dropped';
    expect(await clientOf(fake).putIfAbsent('n0', Buffer.from('x'))).toBe('unknown');
    expect(fake.log.length).toBeLessThan(20);
  });
});

describe('an append that may be there when the service refuses the next try', () => {
  const body = Buffer.from('x');
  it.each<[string, Fate]>([
    ['its answer was lost', 'unanswered'],
    ['the service was busy', 'busy'],
  ])('%s: is of unknown outcome', async (_, fate) => {
    const fake = new FakeS3();
    fake.fate = () => {
      fake.accessKeyId = 'another';
      return fate;
    };
    expect(await clientOf(fake).putIfAbsent('n0', body)).toBe('unknown');
  });

  it('and the one that took its place cannot be read: is of unknown outcome', async () => {
    const fake = new FakeS3();
    fake.objects.set('p/n0', body);
    fake.fate = (what) => (what.startsWith('GET') ? 'dropped' : 'served');
    expect(await clientOf(fake).putIfAbsent('n0', body)).toBe('unknown');
  });

  it('is a failure when the first try is refused', async () => {
    const fake = new FakeS3();
    fake.accessKeyId = 'another';
    await expect(clientOf(fake).putIfAbsent('n0', body)).rejects.toMatchObject({ code: 'SYSTEM' });
  });
});

describe('requests that may be served twice', () => {
  it('are repeated while the service is busy, a bounded number of times', async () => {
    const fake = new FakeS3();
    let busy = 3;
    fake.fate = () => (busy-- > 0 ? 'busy' : 'served');
    await clientOf(fake).put('key', Buffer.from('x'));
    expect(fake.log).toHaveLength(4);
    busy = Number.POSITIVE_INFINITY;
    await expect(clientOf(fake).get('key')).rejects.toMatchObject({ code: 'SYSTEM' });
    expect(fake.log.length).toBeLessThan(20);
  });

  it('of which none is answered end in an error that names the host', async () => {
    const fake = new FakeS3();
    fake.fate = () => 'dropped';
    await expect(clientOf(fake).get('key')).rejects.toMatchObject({
      code: 'SYSTEM',
      message: expect.stringContaining("'127.0.0.1:1' gave no answer (ECONNRESET)"),
    });
  });

  it('are not repeated for an answer that is too large', async () => {
    const fake = new FakeS3();
    const large = Object.assign(new Error('the answer is too large'), { code: 'EMSGSIZE' });
    fake.fate = () => {
      throw large;
    };
    await expect(clientOf(fake).get('key')).rejects.toMatchObject({ code: 'SYSTEM' });
    expect(fake.log).toHaveLength(1);
  });

  it('for a part are answered with the size of the whole, or fail', async () => {
    const http = {
      send: async () => ({ status: 206, headers: {}, body: Buffer.from('x') }),
      close: () => {},
    };
    await expect(clientOf(http).getPart('key', 'bytes=0-0')).rejects.toMatchObject({ code: 'SYSTEM' });
  });

  it('for a part behind the end are not answered as by an empty object', async () => {
    const fake = new FakeS3();
    fake.objects.set('p/empty', Buffer.alloc(0));
    fake.objects.set('p/short', Buffer.from('short'));
    const client = clientOf(fake);
    expect(await client.getPart('empty', 'bytes=0-9')).toMatchObject({ size: 0 });
    expect(await client.getPart('short', 'bytes=10-19')).toMatchObject({ bytes: new Uint8Array(), size: 5 });
    fake.says = () => answer(416, '', { 'content-range': 'bytes */7' });
    expect(await client.getPart('short', 'bytes=10-19')).toMatchObject({ size: 7 });
  });

  it('upload parts, also when the answer to their completion is lost', async () => {
    const fake = new FakeS3();
    let posts = 0;
    fake.fate = (what) => (what.startsWith('POST') && ++posts === 2 ? 'unanswered' : 'served');
    await clientOf(fake).putParts({
      key: 'key',
      count: 3,
      partBytes: 5,
      part: async (n) => Buffer.alloc(5, `${n}`),
    });
    expect(`${fake.objects.get('p/key')}`).toBe('000001111122222');
  });
});

describe('an upload in parts', () => {
  const failing = async (failure: () => ReturnType<typeof answer>) => {
    const fake = new FakeS3();
    let posts = 0;
    fake.says = (what) => (what.startsWith('POST') && ++posts === 2 ? failure() : undefined);
    await clientOf(fake).putParts({
      key: 'key',
      count: 2,
      partBytes: 5,
      part: async (n) => Buffer.alloc(5, `${n}`),
    });
    return `${fake.objects.get('p/key')}`;
  };

  it.each([200, 500])('is completed again after an error that is answered with status %d', async (status) => {
    expect(await failing(() => answer(status, '<Error><Code>InternalError</Code></Error>'))).toBe(
      '0000011111',
    );
  });

  it('fails, and is given up, when its completion goes on failing', async () => {
    const fake = new FakeS3();
    let posts = 0;
    fake.says = (what) =>
      what.startsWith('POST') && ++posts > 1
        ? answer(200, '<Error><Code>InternalError</Code></Error>')
        : undefined;
    await expect(
      clientOf(fake).putParts({ key: 'key', count: 2, partBytes: 5, part: async () => Buffer.alloc(5) }),
    ).rejects.toMatchObject({
      code: 'SYSTEM',
      message: expect.stringContaining('InternalError'),
    });
    expect(posts).toBeLessThan(20);
    expect(fake.log.at(-1)).toBe('DELETE p/key');
  });

  it('that is no more is not there unless the whole object is', async () => {
    const fake = new FakeS3();
    fake.objects.set('p/key', Buffer.from('older'));
    let posts = 0;
    fake.says = (what) =>
      what.startsWith('POST') && ++posts > 1
        ? answer(404, '<Error><Code>NoSuchUpload</Code></Error>')
        : undefined;
    await expect(
      clientOf(fake).putParts({ key: 'key', count: 2, partBytes: 5, part: async () => Buffer.alloc(5) }),
    ).rejects.toMatchObject({
      message: expect.stringContaining('NoSuchUpload'),
    });
  });
});

describe('a listing', () => {
  const contents = (key: string, size = '1') => `<Contents><Key>${key}</Key><Size>${size}</Size></Contents>`;
  const next = (token: string) => `<NextContinuationToken>${token}</NextContinuationToken>`;
  const page = (...inside: string[]) =>
    answer(200, `<ListBucketResult>${inside.join('')}</ListBucketResult>`);
  const listed = async (...pages: ReturnType<typeof answer>[]) => {
    const fake = new FakeS3();
    let n = 0;
    fake.says = () => pages[n++ % pages.length];
    const keys: string[] = [];
    for await (const { key } of clientOf(fake).list('o/')) keys.push(key);
    return keys;
  };

  it('may have empty pages', async () => {
    const pages = [page(contents('p/o/a'), next('1')), page(next('2')), page(contents('p/o/b'))];
    expect(await listed(...pages)).toEqual(['o/a', 'o/b']);
  });

  it.each([
    ['goes on with the page that it ends', [page(next('same'))], 'the same page'],
    ['goes round', [page(next('1')), page(next('2')), page(next('3'))], 'the same page'],
    ['begins again', [page(contents('p/o/a'), next('1'))], 'not in order'],
    ['has keys of others', [page(contents('p/x'))], 'not asked for'],
    ['is cut off', [page('<IsTruncated>true</IsTruncated>', contents('p/o/a'))], 'not an S3 service'],
    ['has a size that is no number', [page(contents('p/o/a', '-1e9'))], 'not an S3 service'],
    ['opens elements without end', [page('<Contents>'.repeat(800_000))], 'not an S3 service'],
    ['opens tags without end', [page(contents('<Key '.repeat(800_000)))], 'not an S3 service'],
  ])('that %s is an error', async (_, pages, message) => {
    await expect(listed(...pages)).rejects.toMatchObject({
      code: 'SYSTEM',
      message: expect.stringContaining(message),
    });
  });

  it('that never ends is an error', async () => {
    const fake = new FakeS3();
    let n = 0;
    fake.says = () => page(next(String(n++)));
    const all = async () => {
      for await (const _ of clientOf(fake).list('o/'));
    };
    await expect(all()).rejects.toMatchObject({ message: expect.stringContaining('does not end') });
    const endless = new EndlessListing('o/');
    const name = (k: number) => `o/${String(k).padStart(9, '0')}`;
    const go = () => {
      for (let k = 0; ; k++) endless.check({ keys: [{ key: name(k), size: 0, etag: '' }], next: `${k}` });
    };
    expect(go).toThrow('does not end');
  });
});

describe('what is not the service that it should be', () => {
  it('has a clock 16 minutes off, or this machine has', async () => {
    const fake = new FakeS3();
    fake.now = () => 14 * 60_000;
    await clientOf(fake).put('key', Buffer.from('x'));
    for (const minutes of [-16, 16]) {
      fake.now = () => minutes * 60_000;
      await expect(clientOf(fake).get('key')).rejects.toMatchObject({
        code: 'SYSTEM',
        message: expect.stringMatching(/clock of this machine .*RequestTimeTooSkewed/),
      });
    }
  });

  it('is a web page that says 200 to everything: nothing is said to be stored', async () => {
    const fake = new FakeS3();
    fake.says = () => answer(200, '<html>', { 'content-type': 'text/html; charset=utf-8' });
    const client = clientOf(fake);
    const calls = [client.get('key'), client.put('key', Buffer.of(1)), client.probePut('key', Buffer.of(1))];
    for (const call of [...calls, client.size('key'), client.list('').next()]) {
      await expect(call).rejects.toMatchObject({
        code: 'SYSTEM',
        message: expect.stringContaining('not an S3 service: it answered 200 with text/html'),
      });
    }
    expect(await client.putIfAbsent('n0', Buffer.of(1))).toBe('unknown');
  });
});

describe('a service that calls its answers HTML', () => {
  const html = { 'content-type': 'text/html; charset=utf-8' };

  it('is believed where it says nothing: an empty body', async () => {
    const fake = new FakeS3();
    fake.says = (what) => (what.startsWith('PUT') ? answer(200, '', html) : undefined);
    await clientOf(fake).put('key', Buffer.of(1));
    expect(await clientOf(fake).putIfAbsent('n0', Buffer.of(1))).toBe('stored');
    expect(fake.log).toHaveLength(2);
  });

  it('is believed for objects, whose bytes prove themselves, and for nothing else', async () => {
    const fake = new FakeS3();
    fake.says = () => answer(200, '<p>', html);
    const key = `o/${'a'.repeat(64)}/0000000000`;
    expect(Buffer.from((await clientOf(fake).get(key))!).toString()).toBe('<p>');
    for (const other of ['format.json', 'ledger/0000000000.json', 'trash/a.json']) {
      await expect(clientOf(fake).get(other), other).rejects.toMatchObject({ code: 'SYSTEM' });
    }
    await expect(clientOf(fake).size(key)).rejects.toMatchObject({ code: 'SYSTEM' });
  });
});

describe('an append that was served, and whose success came as a proxy has it', () => {
  const body = Buffer.from('x');
  const proxied = (status: number, more: (tries: number) => boolean) => {
    const fake = new FakeS3();
    let tries = 0;
    const send: Http['send'] = async (request) => {
      const served = await fake.send(request);
      if (request.method !== 'PUT' || !more(++tries)) return served;
      return answer(status, '<html>', { 'content-type': 'text/html' });
    };
    return { fake, client: clientOf({ send, close: () => undefined }) };
  };

  it.each([200, 202])('(%d): is found by the next try', async (status) => {
    const { fake, client } = proxied(status, (tries) => tries === 1);
    expect(await client.putIfAbsent('n0', body)).toBe('stored');
    expect(fake.log).toEqual(['PUT p/n0', 'PUT p/n0', 'GET p/n0']);
  });

  it('is of unknown outcome when that goes on', async () => {
    const { client } = proxied(200, () => true);
    expect(await client.putIfAbsent('n0', body)).toBe('unknown');
  });

  it('is of unknown outcome when the next try is refused', async () => {
    const { fake, client } = proxied(200, (tries) => {
      fake.accessKeyId = 'another';
      return tries === 1;
    });
    expect(await client.putIfAbsent('n0', body)).toBe('unknown');
  });
});
