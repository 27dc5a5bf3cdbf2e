import { canonicalBytes } from '../../src/core/json/canonical.js';
import { isHsError } from '../../src/errors/hs-error.js';
import type { Disk } from '../../src/fsx/disk.js';
import { AnchorFile } from '../../src/store/local/anchor-file.js';
import { JournalSeal, readJournal, sealedRecord } from '../../src/store/local/journal-seal.js';
import { Layout } from '../../src/store/local/layout.js';
import { Trash } from '../../src/store/local/trash/trash.js';
import { CredentialChain } from '../../src/store/s3/client/credentials.js';
import { S3Client } from '../../src/store/s3/client/s3-client.js';
import type { S3Effects } from '../../src/store/s3/client/s3-requests.js';
import { parseListing } from '../../src/store/s3/client/s3-xml.js';
import { testEnvironment } from '../helpers/store.js';
import type { Reader } from './fuzz.js';
import { demand } from './record-readers.js';

const id = (digit: string) => digit.repeat(64);
const UUID = '00000008-0000-4000-8000-000000000000';
const TIME = '2026-01-31T12:00:00.000Z';

const diskWith = (data: Buffer) =>
  ({
    readFile: async () => data,
    find: async () => undefined,
    realpath: async (path: string) => path,
  }) as unknown as Disk;

const seal = () => new JournalSeal('secret', { store_id: UUID, lease: '0'.repeat(24), inode: '5' });

/** Status line, headers and body, as a service that is broken or hostile may answer to everything. */
function answerOf(data: Buffer) {
  const end = data.indexOf('\n\n');
  const [first = '', ...lines] = data.toString('latin1', 0, end < 0 ? data.length : end).split('\n');
  const headers = Object.fromEntries(
    lines.map((line) => [line.split(':')[0]!.toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  return {
    status: Number.parseInt(first, 10) || 0,
    headers,
    body: end < 0 ? Buffer.alloc(0) : data.subarray(end + 2),
  };
}

/** A service that answers all with these bytes. */
function effectsOf(data: Buffer): S3Effects {
  const answer = answerOf(data);
  return {
    http: { send: async () => answer, close: () => undefined },
    clock: { now: () => 0 },
    wait: async () => undefined,
    jitter: () => 0,
  };
}

async function readAnswers(data: Buffer): Promise<string> {
  const client = new S3Client(
    { bucket: 'bucket', prefix: 'p' },
    { origin: new URL('http://127.0.0.1'), base: '/bucket', region: 'r' },
    async () => ({ accessKeyId: 'id', secretAccessKey: 'secret', sessionToken: undefined }),
    effectsOf(data),
  );
  const each = [
    async () => {
      for await (const { key, size } of client.list('objects/'))
        demand(key.startsWith('objects/') && Number.isSafeInteger(size), 'a key that was not asked for');
    },
    async () => {
      const part = await client.getPart('format.json', 'bytes=0-9');
      demand(part === undefined || Number.isSafeInteger(part.size), 'a size that is none');
    },
    async () => {
      const size = await client.size('format.json');
      demand(size === undefined || Number.isSafeInteger(size), 'a size that is none');
    },
    () => client.putIfAbsent('ledger/0', Buffer.from('x')),
    () => client.delete('leases/x'),
  ];
  const said: string[] = [];
  for (const ask of each) {
    try {
      await ask();
      said.push('-');
    } catch (e) {
      if (!isHsError(e)) throw e;
      said.push(e.message.replace(/\(.*|with .*/, ''));
    }
  }
  return said.join();
}

const LISTING =
  '<?xml version="1.0"?><ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>p/objects/a&amp;b</Key>' +
  '<Size>12</Size><ETag>&quot;e&quot;</ETag></Contents><Contents><Key>p/objects/c</Key><Size>0</Size></Contents></ListBucketResult>';
const TRUNCATED = LISTING.replace(
  'false</IsTruncated>',
  'true</IsTruncated><NextContinuationToken>t</NextContinuationToken>',
);

const TEMPORARY_KEYS =
  '<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>A</AccessKeyId>' +
  '<SecretAccessKey>s+/=</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2026-01-31T12:00:00Z</Expiration>' +
  '</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>';

/** What a service answers, and the small files that a user's hs keeps. */
export const SERVICE_READERS: readonly Reader[] = [
  {
    name: 'journal of a lease',
    limit: ['MAX_JOURNAL_BYTES', 16 * 1024 * 1024],
    seeds: [Buffer.concat([sealedRecord(seal(), { a: 1 }), Buffer.from('{"torn')])],
    read: (data) => `${readJournal(data, seal()).records.length}`,
  },
  {
    name: 'anchor',
    limit: ['MAX_ANCHOR_BYTES', 4096],
    seeds: [canonicalBytes({ hash: id('1'), seq: 3, store_id: UUID })],
    read: async (data) => {
      const head = await new AnchorFile(diskWith(data), { path: '/state' } as never, UUID).look();
      demand(head === 'lost' || Number.isSafeInteger(head?.seq), 'a head that is none');
      return head === 'lost' ? head : 'read';
    },
  },
  {
    name: 'record of a trash batch',
    limit: ['MAX_RECORD_BYTES', 64 * 1024 * 1024],
    seeds: [canonicalBytes({ leases: ['0'.repeat(24)], schema: 'hs.trash-seal/1', sealed_at: TIME })],
    read: (data) =>
      new Trash(diskWith(data), new Layout('/s'), undefined as never).problemOf(
        '20260131120000000-000000000000-kept',
        'seal.json',
      ),
  },
  {
    name: 'listing of a bucket',
    limit: ['MAX_LISTING_CHARS', 16 * 1024 * 1024],
    seeds: [LISTING, TRUNCATED],
    read: (data) => {
      const page = parseListing(data.toString());
      for (const { size } of page?.keys ?? []) demand(Number.isSafeInteger(size), 'a size that is none');
      return `${page?.keys.length} ${page?.next !== undefined}`;
    },
  },
  {
    name: 'answer of a service',
    costly: true,
    limit: ['MAX_BODY_BYTES', 80 * 1024 * 1024],
    seeds: [
      `200\ncontent-type: application/xml\n\n${LISTING}`,
      `200\n\n${TRUNCATED}`,
      '404\ncontent-type: application/xml\n\n<Error><Code>NoSuchKey</Code></Error>',
      '403\n\n<Error><Code>AccessDenied</Code><Message>&#27;[2J</Message></Error>',
      '206\ncontent-range: bytes 0-9/1234\ncontent-length: 10\n\n0123456789',
      '503\nretry-after: 3\n\n',
      '412\n\n',
      '301\nlocation: http://x/\ncontent-type: text/html\n\n<html>',
    ],
    read: readAnswers,
  },
  {
    name: 'credentials of a profile',
    limit: ['MAX_FILE_BYTES', 256 * 1024],
    seeds: [
      '[default]\naws_access_key_id = id\naws_secret_access_key = s\n[profile other]\nregion=eu\n',
      '[default]\ncredential_process = x\n',
    ],
    read: async (data) => {
      const env = testEnvironment('/home');
      const ports = { env, disk: diskWith(data), runProcess: async () => data.toString() };
      const chain = new CredentialChain(ports, effectsOf(data));
      await chain.profile();
      await chain.get(0);
    },
  },
  {
    name: 'answer of the service of temporary keys',
    limit: ['MAX_ANSWER_BYTES', 64 * 1024],
    seeds: [
      `200\n\n${TEMPORARY_KEYS}`,
      '400\n\n<ErrorResponse><Error><Code>ExpiredTokenException</Code><Message>m</Message></Error></ErrorResponse>',
      '403\n\n<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>',
      '503\n\n',
      '200\ncontent-type: text/html\n\n<html>',
    ],
    read: async (data) => {
      const env = testEnvironment('/home', {
        AWS_WEB_IDENTITY_TOKEN_FILE: '/token',
        AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/r',
      });
      const ports = { env, disk: diskWith(Buffer.from('a.web.token')), runProcess: async () => '' };
      const keys = await new CredentialChain(ports, effectsOf(data)).get(0);
      for (const key of Object.values(keys)) demand(/^[!-~]+$/.test(key), 'a key that cannot be in a header');
    },
  },
];
