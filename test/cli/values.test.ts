import { integer as anyInteger, assert, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BadValue, parseBytes, parseDuration, parseInteger, parseTime } from '../../src/core/text/values.js';

const NOW = Date.UTC(2026, 0, 31, 12);

describe('integers', () => {
  it.each(['', ' 1', '1 ', '1e3', '0x10', '1.0', '+1', '١', 'NaN', '9007199254740992', '-0', '--1', '1_000'])(
    'refuses %j, which is not a whole number and nothing else',
    (raw) => expect(() => parseInteger(raw, { min: -10 })).toThrow(BadValue),
  );

  it('accepts every safe integer in its range', () => {
    assert(
      property(anyInteger({ min: -1_000_000_000, max: 1_000_000_000 }), (n) => {
        expect(parseInteger(String(n), { min: -1_000_000_000 })).toBe(n);
      }),
    );
  });

  it('says which bound was passed', () => {
    expect(() => parseInteger('0', { min: 1 })).toThrow('less than 1');
    expect(() => parseInteger('9', { max: 8 })).toThrow('more than 8');
  });
});

describe('bytes', () => {
  it.each([
    ['0', 0],
    ['1048576', 1048576],
    ['512K', 524288],
    ['1.5GiB', 1610612736],
    ['2GB', 2e9],
    ['10B', 10],
  ])('reads %s as %d', (raw, bytes) => expect(parseBytes(raw)).toBe(bytes));

  it.each(['', 'K', '1.5', '1,5K', '1 K', '-1', '1KiBs', '1k', '9999999999TiB', '1e3'])('refuses %j', (raw) =>
    expect(() => parseBytes(raw)).toThrow(BadValue),
  );
});

describe('durations', () => {
  it.each([
    ['90s', 90_000],
    ['36h', 129_600_000],
    ['1d12h', 129_600_000],
    ['2w', 1_209_600_000],
  ])('reads %s as %d ms', (raw, ms) => expect(parseDuration(raw)).toBe(ms));

  it.each(['', '1', '1h garbage', '1.5h', '-1h', '12h1d', '1h1h', 'h', '1 h'])('refuses %j', (raw) =>
    expect(() => parseDuration(raw)).toThrow(BadValue),
  );
});

describe('times', () => {
  it.each([
    ['2026-01-31', '2026-01-31T00:00:00.000Z'],
    ['2026-01-31T12:30', '2026-01-31T12:30:00.000Z'],
    ['2026-01-31 12:30:05.5Z', '2026-01-31T12:30:05.500Z'],
    ['2026-01-31T01:00:00+02:00', '2026-01-30T23:00:00.000Z'],
    ['2026-01-31T01:00:00-02:30', '2026-01-31T03:30:00.000Z'],
    ['@0', '1970-01-01T00:00:00.000Z'],
    ['now', '2026-01-31T12:00:00.000Z'],
    ['-7d', '2026-01-24T12:00:00.000Z'],
    ['+1d12h', '2026-02-02T00:00:00.000Z'],
  ])('reads %s as %s', (raw, time) => expect(parseTime(raw, NOW)).toBe(time));

  it.each([
    '2026-02-30',
    '2026-13-01',
    '2026-01-31T24:00:01',
    '26-01-31',
    'tomorrow',
    '',
    '@-1',
    '2026-01-31T12',
    '+',
    '2026-01-31Z',
  ])('refuses %j', (raw) => expect(() => parseTime(raw, NOW)).toThrow(BadValue));
});
