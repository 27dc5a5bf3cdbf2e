/** Long enough that what is quadratic takes many seconds. */
const LENGTH = 64 * 1024;

function filled(unit: string, begin = '', end = ''): Buffer {
  return Buffer.concat([Buffer.from(begin), Buffer.alloc(LENGTH, unit), Buffer.from(end)]);
}

/** What takes much more time or memory than its length, where nobody counts. */
export const DENSE: readonly Buffer[] = [
  Buffer.from('['.repeat(LENGTH / 2) + ']'.repeat(LENGTH / 2)),
  filled('['),
  filled('[],', '[', '[]]'),
  filled('{"a":'),
  filled('"a":1,', '{', '"a":1}'),
  filled('"'),
  filled('\\', '"', '"'),
  filled('\\u0000', '"', '"'),
  filled('1'),
  filled('a'),
  filled('a-'),
  filled('*'),
  filled('**/'),
  filled('{a,'),
  filled('[!'),
  filled('%('),
  filled('.'),
  filled('/'),
  filled(' '),
  filled('\t'),
  filled('\n'),
  filled('\0'),
  filled('\u00ff'),
  filled('e\u0301'),
  filled('='),
  filled('<Contents>', '<ListBucketResult>'),
  filled('<Contents><Key>', '200\n\n<ListBucketResult>'),
  filled('&amp;', '<ListBucketResult><Contents><Key>', '</Key><Size>1</Size></Contents>'),
  filled('{}\n'),
  filled('eyJ'),
  filled('password='),
  filled('-----BEGIN '),
  filled('a@a.'),
  filled('1.'),
];
