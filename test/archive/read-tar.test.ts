import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { ArchiveLimits } from '../../src/archive/archive-limits.js';
import { gunzip } from '../../src/archive/gzip.js';
import { readArchive } from '../../src/archive/read-archive.js';
import { readTar } from '../../src/archive/read-tar.js';
import {
  base256,
  chunks,
  collect,
  END,
  entry,
  header,
  longName,
  pax,
  paxRecord,
  type RawEntry,
  tarball,
} from '../helpers/tar-writer.js';

type Parts = ReadonlyArray<RawEntry | Buffer>;

async function list(data: Uint8Array, limits: Partial<ArchiveLimits> = {}, chunk?: number) {
  const found: Array<{ path: string; kind: string; body: string; executable: boolean }> = [];
  for await (const e of readArchive(chunks(data, chunk), limits))
    found.push({
      path: e.path,
      kind: e.kind,
      body: (await collect(e.content)).toString(),
      executable: e.executable,
    });
  return found;
}

const refusal = (rule: string, name?: string) => ({
  name: 'HsError',
  code: 'HOSTILE_INPUT',
  exitStatus: 7,
  details: name === undefined ? { rule } : { rule, entry: name },
});

const GOOD = { name: 'ok', body: 'fine' };
const big = 'x'.repeat(2000);

describe('readTar accepts', () => {
  it('files and directories with their bytes, in chunks of any size', async () => {
    const data = tarball(
      { name: 'd/', type: '5', mode: 0o755 },
      { name: 'd/run', body: '#!', mode: 0o755 },
      { name: 'd/big', body: big, type: '\0' },
      { name: 'empty', magic: 'gnu' },
    );
    for (const chunk of [1, 7, 512, 513, 1 << 20])
      expect(await list(data, {}, chunk)).toEqual([
        { path: 'd', kind: 'directory', body: '', executable: false },
        { path: 'd/run', kind: 'file', body: '#!', executable: true },
        { path: 'd/big', kind: 'file', body: big, executable: false },
        { path: 'empty', kind: 'file', body: '', executable: false },
      ]);
  });

  it.each<[string, Parts, string]>([
    [
      'a PAX path',
      [
        pax([
          ['path', 'long/é'],
          ['mtime', '0.5'],
        ]),
        { name: 'short' },
      ],
      'long/é',
    ],
    ['a PAX size that repeats the header', [pax([['size', '4']]), GOOD], 'ok'],
    ['a GNU long name', [longName(`d/${'n'.repeat(200)}`), { magic: 'gnu' }], `d/${'n'.repeat(200)}`],
    [
      'a GNU long name, whose first 100 bytes end within a character',
      [longName('é'.repeat(80)), { name: Buffer.from(`x${'é'.repeat(60)}`).subarray(0, 100), magic: 'gnu' }],
      'é'.repeat(80),
    ],
    [
      'a PAX path, whose short form is not UTF-8',
      [pax([['path', 'é'.repeat(80)]]), { name: Buffer.from([0xe9, 0, 0x41]) }],
      'é'.repeat(80),
    ],
    ['a POSIX prefix', [{ prefix: 'some/dir', name: 'f' }], 'some/dir/f'],
    ['a global comment, as git archive writes it', [pax([['comment', 'a'.repeat(40)]], 'g'), GOOD], 'ok'],
    ['a size in base 256', [{ name: 'b', body: 'xy', size: base256(2n) }], 'b'],
    ['set-id bits, without passing them on', [{ name: 's', mode: 0o6755 }], 's'],
  ])('%s', async (_what, parts, path) => {
    expect((await list(tarball(...parts))).map((e) => e.path)).toEqual([path]);
  });

  it('an empty archive, and zeros after the end', async () => {
    expect(await list(END)).toEqual([]);
    expect(await list(Buffer.concat([tarball(GOOD), Buffer.alloc(9000)]))).toHaveLength(1);
  });

  it('a content that the caller does not read, by skipping it', async () => {
    const paths: string[] = [];
    for await (const e of readTar(chunks(tarball({ name: 'a', body: big }, { name: 'b', body: big }), 100)))
      paths.push(e.path);
    expect(paths).toEqual(['a', 'b']);
  });

  it('gzip of it', async () => {
    expect(await list(gzipSync(tarball(GOOD)), {}, 1)).toHaveLength(1);
  });
});

describe('readTar refuses', () => {
  it.each<[string, string, string, Parts]>([
    ['..', 'path', '../evil', [{ name: '../evil' }]],
    ['.. inside', 'path', 'a/../../evil', [{ name: 'a/../../evil' }]],
    ['an absolute name', 'path', '/etc/cron.d/x', [{ name: '/etc/cron.d/x' }]],
    ['an absolute directory', 'path', '/', [{ name: '/', type: '5' }]],
    ['an empty name', 'path', '', [{ name: '' }]],
    ['an empty component', 'path', 'a//b', [{ name: 'a//b' }]],
    ['a . component', 'path', './a', [{ name: './a' }]],
    ['a file named as a directory', 'path', 'a/', [{ name: 'a/' }]],
    ['a directory with two slashes', 'path', 'a//', [{ name: 'a//', type: '5' }]],
    ['an absolute prefix', 'path', '/etc/x', [{ prefix: '/etc', name: 'x' }]],
    ['.. in a prefix', 'path', '../x', [{ prefix: '..', name: 'x' }]],
    ['a control character', 'path', 'a\\x1b[2J', [{ name: 'a\x1b[2J' }]],
    ['a C1 control character', 'path', 'a\\x9b', [{ name: 'a\u009b' }]],
    ['a NUL in a name', 'path', 'safe\\x00/../evil', [{ name: 'safe\0/../evil' }]],
    ['a NUL in a prefix', 'path', 'x', [{ prefix: 'a\0b', name: 'x' }]],
    ['a NUL in a PAX path', 'path', 'a\\x00b', [pax([['path', 'a\0b']]), GOOD]],
    ['a NUL in a long name', 'path', 'a\\x00b', [longName('a\0b'), GOOD]],
    ['a name that is not UTF-8', 'path', 'a\ufffd', [{ name: Buffer.from('a\xff', 'latin1') }]],
    ['a component of 256 bytes', 'path', 'x'.repeat(256), [pax([['path', 'x'.repeat(256)]]), GOOD]],
    ['a PAX path with ..', 'path', '../x', [pax([['path', '../x']]), GOOD]],
    ['a PAX path that is empty', 'path', '', [pax([['path', '']]), GOOD]],
    ['a long name that is absolute', 'path', '/x', [longName('/x'), GOOD]],
    ['a backslash', 'not-portable', 'a\\\\b', [{ name: 'a\\b' }]],
    ['a bidi override', 'not-portable', 'a\\u{202e}b', [{ name: 'a\u202eb' }]],
    ['a Windows name', 'not-portable', 'd/NUL.txt', [{ name: 'd/NUL.txt' }]],
    ['a trailing dot', 'not-portable', 'a.', [{ name: 'a.' }]],
    ['a case collision', 'not-portable', 'A', [{ name: 'a/b' }, { name: 'A/c' }]],
    ['a normal-form collision', 'not-portable', 'e\u0301', [{ name: 'é' }, { name: 'e\u0301' }]],
    ['a hard link', 'type', 'h', [GOOD, { name: 'h', type: '1', linkname: 'ok' }]],
    ['a symbolic link', 'type', 'l', [{ name: 'l', type: '2', linkname: '/etc' }]],
    ['a character device', 'type', 'c', [{ name: 'c', type: '3' }]],
    ['a block device', 'type', 'b', [{ name: 'b', type: '4' }]],
    ['a FIFO', 'type', 'p', [{ name: 'p', type: '6' }]],
    ['a contiguous file', 'type', 'f', [{ name: 'f', type: '7' }]],
    ['a GNU sparse file', 'type', 's', [{ name: 's', type: 'S', magic: 'gnu' }]],
    [
      'a GNU sparse map in a plain entry',
      'header',
      's',
      [{ name: 's', magic: 'gnu', patch: { 386: '00000000001' } }],
    ],
    ['a long link target', 'type', '././@LongLink', [{ name: '././@LongLink', type: 'K', body: 'x\0' }]],
    ['an unknown type', 'type', 'v', [{ name: 'v', type: 'V' }]],
    ['a file with a link target', 'header', 'f', [{ name: 'f', linkname: '/etc/passwd' }]],
    ['a PAX sparse file', 'pax', 'PaxHeader', [pax([['GNU.sparse.major', '1']]), GOOD]],
    ['a PAX sparse name', 'pax', 'PaxHeader', [pax([['GNU.sparse.name', '../x']]), GOOD]],
    ['a PAX link target', 'pax', 'PaxHeader', [pax([['linkpath', '/etc']]), GOOD]],
    ['a PAX character set', 'pax', 'PaxHeader', [pax([['hdrcharset', 'BINARY']]), GOOD]],
    ['a PAX extended attribute', 'pax', 'PaxHeader', [pax([['SCHILY.xattr.user.a', 'b']]), GOOD]],
    [
      'a PAX key twice',
      'pax',
      'PaxHeader',
      [
        pax([
          ['path', 'a'],
          ['path', 'b'],
        ]),
        GOOD,
      ],
    ],
    ['a PAX __proto__', 'pax', 'PaxHeader', [pax([['__proto__', 'x']]), GOOD]],
    ['a global PAX path', 'pax', 'PaxHeader', [pax([['path', 'a']], 'g'), GOOD]],
    ['a global PAX size', 'pax', 'PaxHeader', [pax([['size', '0']], 'g'), GOOD]],
    ['a PAX record that is too long', 'pax', 'PaxHeader', [pax('99 path=a\n'), GOOD]],
    ['a PAX record that is too short', 'pax', 'PaxHeader', [pax('5 path=abc\n'), GOOD]],
    ['a PAX record of length 0', 'pax', 'PaxHeader', [pax('0 path=a\n'), GOOD]],
    ['a PAX record with a padded length', 'pax', 'PaxHeader', [pax('011 path=ab\n'), GOOD]],
    ['a PAX record without =', 'pax', 'PaxHeader', [pax('8 path\nx\n'), GOOD]],
    [
      'a PAX record that is not UTF-8',
      'pax',
      'PaxHeader',
      [pax(Buffer.from(paxRecord('path', 'ab').replace('b', '\xff'), 'latin1')), GOOD],
    ],
    ['two PAX headers', 'pax', 'PaxHeader', [pax([['path', 'a']]), pax([['path', 'b']]), GOOD]],
    ['a PAX header and a long name', 'pax', '././@LongLink', [pax([['path', 'a']]), longName('b'), GOOD]],
    ['a PAX size smaller than the body', 'size', 'ok', [pax([['size', '0']]), GOOD]],
    ['a PAX size larger than the body', 'size', 'ok', [pax([['size', '512']]), GOOD]],
    ['a PAX size where the header says 0', 'size', 'ok', [pax([['size', '4']]), { ...GOOD, size: 0 }]],
    ['a PAX size that is negative', 'pax', 'PaxHeader', [pax([['size', '-1']]), GOOD]],
    ['a PAX size in hex', 'pax', 'PaxHeader', [pax([['size', '0x4']]), GOOD]],
    ['a PAX size past 2^53', 'pax', 'PaxHeader', [pax([['size', '9007199254740993']]), GOOD]],
    ['a negative size', 'size', 'n', [{ name: 'n', size: base256(-1n) }]],
    ['a negative size in octal', 'size', 'n', [{ name: 'n', size: Buffer.from('-0000000001\0') }]],
    ['a size past 2^53', 'size', 'n', [{ name: 'n', size: base256(1n << 60n) }]],
    [
      'a size with high bits',
      'size',
      'n',
      [{ name: 'n', size: Buffer.from('8100000000000000000000000', 'hex') }],
    ],
    ['a huge size', 'limit', 'n', [{ name: 'n', size: base256(1n << 50n) }]],
    ['a huge PAX size', 'limit', 'n', [pax([['size', String(2 ** 50)]]), { name: 'n', size: 0 }]],
    ['a size that is not a number', 'size', 'n', [{ name: 'n', size: Buffer.from('abc') }]],
    ['a size that is not there', 'size', 'n', [{ name: 'n', size: Buffer.alloc(12) }]],
    ['a directory with a content', 'size', 'd/', [{ name: 'd/', type: '5', body: 'x' }]],
    ['an entry twice', 'duplicate', 'ok', [GOOD, GOOD]],
    [
      'a directory twice',
      'duplicate',
      'd',
      [
        { name: 'd', type: '5' },
        { name: 'd/', type: '5' },
      ],
    ],
    ['a file below a file', 'file-is-directory', 'ok/x', [GOOD, { name: 'ok/x' }]],
    ['a file where a directory is', 'file-is-directory', 'd', [{ name: 'd/x' }, { name: 'd' }]],
    ['a directory where a file is', 'file-is-directory', 'ok', [GOOD, { name: 'ok/', type: '5' }]],
    ['a mode that is not a number', 'header', 'ok', [{ ...GOOD, patch: { 100: '0000=44' } }]],
    ['an owner that is not a number', 'header', 'ok', [{ ...GOOD, patch: { 108: '..00000' } }]],
    ['a time that is not a number', 'header', 'ok', [{ ...GOOD, patch: { 136: '\xe0' } }]],
    ['a device number', 'header', 'ok', [{ ...GOOD, patch: { 329: '0000010\0' } }]],
    ['a wrong checksum', 'checksum', 'ok', [{ ...GOOD, checksum: 1 }]],
    ['a format before POSIX', 'header', 'ok', [{ ...GOOD, magic: 'v7' }]],
    ['bytes behind the last header field', 'header', 'ok', [{ ...GOOD, patch: { 508: 'tar\0' } }]],
    ['bytes hidden in the padding', 'padding', 'ok', [{ ...GOOD, padding: 0x41 }]],
  ])('%s', async (_what, rule, name, parts) => {
    await expect(list(tarball(...parts))).rejects.toMatchObject(refusal(rule, name));
  });

  it('what is no tar at all, by saying so', async () => {
    for (const data of [Buffer.alloc(2048, 'no tar'), Buffer.alloc(3 * 1024 * 1024)]) {
      const rejected = expect(list(data)).rejects;
      await rejected.toMatchObject({
        ...refusal('not-a-tar'),
        message: expect.stringContaining('neither a tar'),
      });
    }
  });

  const one = entry(GOOD);
  it.each<[string, string, Buffer]>([
    ['nothing', 'no-end-marker', Buffer.alloc(0)],
    ['a missing end marker', 'no-end-marker', one],
    ['half an end marker', 'no-end-marker', Buffer.concat([one, Buffer.alloc(512)])],
    [
      'a header behind one block of zeros',
      'trailing-bytes',
      Buffer.concat([one, Buffer.alloc(512), one, END]),
    ],
    [
      'bytes in the second half of the end marker',
      'trailing-bytes',
      Buffer.concat([one, Buffer.alloc(600), Buffer.from('x'), Buffer.alloc(935)]),
    ],
    ['an archive behind the end', 'trailing-bytes', Buffer.concat([one, END, one, END])],
    [
      'one byte behind the end',
      'trailing-bytes',
      Buffer.concat([one, END, Buffer.alloc(3000), Buffer.from('x')]),
    ],
    ['an extension header before the end', 'pax', Buffer.concat([one, pax([['path', 'a']]), END])],
    ['a gzip that is cut', 'compression', gzipSync(tarball(GOOD)).subarray(0, -4)],
    ['a gzip with a flipped byte', 'compression', flip(gzipSync(tarball({ name: 'z', body: big })), 30)],
    [
      'bytes behind a gzip',
      'trailing-bytes',
      Buffer.concat([gzipSync(tarball(GOOD)), Buffer.from('\0tail')]),
    ],
    [
      'a second archive behind a gzip',
      'trailing-bytes',
      Buffer.concat([gzipSync(tarball(GOOD)), gzipSync(one)]),
    ],
  ])('%s', async (_what, rule, data) => {
    for (const chunk of [1 << 20, 1])
      await expect(list(data, {}, chunk)).rejects.toMatchObject(refusal(rule));
  });

  it('text after a gzip, which zlib skips depending on chunk boundaries', async () => {
    const data = Buffer.concat([gzipSync(tarball(GOOD)), Buffer.from('tail')]);
    for (const chunk of [1 << 20, 1, 50])
      await expect(list(data, {}, chunk)).rejects.toMatchObject({ code: 'HOSTILE_INPUT' });
  });

  it.each<[string, Buffer, object]>([
    ['a header', one.subarray(0, 100), refusal('truncated')],
    ['a content', one.subarray(0, 514), refusal('truncated', 'ok')],
    ['a padding', one.subarray(0, 1000), refusal('truncated', 'ok')],
    ['an extension header', pax([['path', 'a']]).subarray(0, 515), refusal('truncated', 'PaxHeader')],
    [
      'a content of whole blocks',
      tarball({ name: 'ok', body: 'x'.repeat(1024) }).subarray(0, 1024),
      refusal('truncated', 'ok'),
    ],
    [
      'an extension header of whole blocks',
      pax([['comment', 'c'.repeat(499)]]).subarray(0, 700),
      refusal('truncated', 'PaxHeader'),
    ],
    ['the padding of one', pax([['path', 'a']]).subarray(0, 600), refusal('truncated', 'PaxHeader')],
  ])('an archive that is cut inside %s, by saying so', async (_what, data, expected) => {
    await expect(list(data)).rejects.toMatchObject(expected);
  });

  it('an archive that is cut at any byte', async () => {
    const whole = tarball(pax([['path', 'a']]), { name: 'x', body: big }, { name: 'b' }, longName('c'), GOOD);
    for (let end = 0; end < whole.length; end += 37)
      await expect(list(whole.subarray(0, end))).rejects.toMatchObject({ code: 'HOSTILE_INPUT' });
    await expect(list(whole.subarray(0, -1))).rejects.toMatchObject(refusal('no-end-marker'));
  });

  it('unportable names only until they are allowed, and unsafe ones always', async () => {
    const odd = tarball({ name: 'a\\b' }, { name: 'CON' }, { name: 'con' }, { name: 'x\u202e' });
    expect(await list(odd, { nonPortable: true })).toHaveLength(4);
    await expect(list(tarball({ name: '../x' }), { nonPortable: true })).rejects.toMatchObject(
      refusal('path', '../x'),
    );
  });

  it('shows at most some of a very long name', async () => {
    const error = await list(tarball(longName(`/${'y'.repeat(60_000)}`), GOOD)).catch((e) => e);
    expect(error).toMatchObject({ code: 'HOSTILE_INPUT' });
    expect(error.message.length).toBeLessThan(500);
  });

  it('the content of an entry after the next one was asked for', async () => {
    const reader = readTar(chunks(tarball({ name: 'a', body: big }, { name: 'b' })));
    const first = (await reader.next()).value!;
    await reader.next();
    await expect(collect(first.content)).rejects.toMatchObject({ code: 'BUG' });
  });
});

function flip(data: Buffer, at: number): Buffer {
  data[at]! ^= 0xff;
  return data;
}

describe('the limits', () => {
  /** Entries without end; `read` counts the bytes that were asked for. */
  function endless(make: (i: number) => Buffer) {
    const state = { read: 0, closed: false };
    const source = async function* () {
      try {
        for (let i = 0; ; i++) {
          const part = make(i);
          state.read += part.length;
          yield part;
        }
      } finally {
        state.closed = true;
      }
    };
    return { state, source: source() };
  }
  const drainAll = async (source: AsyncIterable<Uint8Array>, limits: Partial<ArchiveLimits>) => {
    for await (const e of readArchive(source, limits)) for await (const _ of e.content);
  };

  it.each<[string, Partial<ArchiveLimits>, (i: number) => Buffer]>([
    ['a million tiny entries', { maxEntries: 1000 }, (i) => entry({ name: `f${i}` })],
    ['implied directories', { maxEntries: 1000 }, (i) => entry({ name: `${i}/a/b/c/d/e/f/g/h` })],
    ['global headers without end', { maxEntries: 1000 }, () => pax([['comment', 'x']], 'g')],
    ['names without end', { maxNameBytes: 10_000 }, (i) => entry({ name: `${i}-`.padEnd(99, 'n') })],
    ['bytes without end', { maxBytes: 1e6 }, (i) => entry({ name: `f${i}`, body: big })],
    ['zeros behind the end', { maxBytes: 1e6 }, () => END],
  ])('stop %s early and close the source', async (_what, limits, make) => {
    const { state, source } = endless(make);
    await expect(drainAll(source, limits)).rejects.toMatchObject(refusalOf('limit'));
    expect(state.read).toBeLessThan(2.5e6);
    expect(state.closed).toBe(true);
  });

  const refusalOf = (rule: string) => ({ code: 'HOSTILE_INPUT', details: { rule } });

  it('refuse a file by the size it states, before its first byte is read', async () => {
    const { state, source } = endless((i) =>
      i === 0 ? header({ name: 'big', size: 5000 }) : Buffer.alloc(512),
    );
    await expect(drainAll(source, { maxFileBytes: 4999 })).rejects.toMatchObject(refusalOf('limit'));
    expect(state.read).toBe(512);
    await expect(
      drainAll(chunks(tarball({ name: 'b', size: 9000 })), { maxBytes: 8192 }),
    ).rejects.toMatchObject(refusalOf('limit'));
  });

  it('refuse an extension header by the size it states', async () => {
    await expect(list(tarball({ type: 'x', size: 2 ** 30 }))).rejects.toMatchObject(refusalOf('limit'));
  });

  it('refuse a gzip bomb by its ratio', async () => {
    const bomb = gzipSync(tarball({ name: 'zeros', body: Buffer.alloc(4e6) }));
    const limits = { maxRatio: 100, ratioFreeBytes: 1e6 };
    await expect(drainAll(chunks(bomb, 1024), limits)).rejects.toMatchObject(refusalOf('compression'));
    await drainAll(chunks(bomb, 1024), {});
  });

  it('accept deflated zeros, as hs exports them', async () => {
    const zeros = gzipSync(tarball({ name: 'zeros', body: Buffer.alloc(40e6) }));
    expect(40e6 / zeros.length).toBeGreaterThan(900);
    await drainAll(chunks(zeros, 1024), {});
  });

  it('pass a failure of the source on as it is', async () => {
    const eio = Object.assign(new Error('read'), { code: 'EIO' });
    const failing = async function* () {
      yield gzipSync(tarball({ name: 'a', body: big })).subarray(0, 40);
      throw eio;
    };
    await expect(drainAll(failing(), {})).rejects.toBe(eio);
  });

  it('close the source when the caller stops early', async () => {
    for (const zip of [false, true]) {
      const { state, source } = endless((i) => {
        const part = entry({ name: `f${i}`, body: big });
        return zip ? gzipSync(part) : part;
      });
      for await (const _ of readArchive(source)) break;
      expect(state.closed).toBe(true);
    }
    const plain = endless((i) => entry({ name: `f${i}`, body: big }));
    for await (const _ of readTar(plain.source)) break;
    expect(plain.state.closed).toBe(true);
    const { state, source } = endless(() => gzipSync('x'.repeat(1000)));
    for await (const _ of gunzip(source)) break;
    expect(state.closed).toBe(true);
  });
});
