import { describe, expect, it } from 'vitest';
import { command, listing } from '../../src/cli/command.js';
import { choice, flag, integer, list, onOff, optionalText, text, time } from '../../src/cli/options.js';
import { parse } from '../../src/cli/parse/parse.js';
import { afterDashes, many, maybe, one } from '../../src/cli/positionals.js';

const everything = listing({
  name: 'every',
  class: 'plumbing',
  opens: 'none',
  summary: 'take every form of option',
  nul: true,
  resultSchema: 'hs.every/1',
  positionals: { first: maybe('FIRST'), rest: many('REST') },
  options: {
    write: flag('w', 'write'),
    each: flag(undefined, 'each'),
    name: text('NAME', 'name', { short: 'n' }),
    source: list('ID', 'source'),
    ttl: integer('DAYS', 'days', { min: 0 }),
    kind: choice(['file', 'report'], 'KIND', 'kind'),
    until: time('TIME', 'until'),
    exportable: onOff('exportable'),
    batchCheck: optionalText('FORMAT', 'batch', { withoutJson: true }),
    noTtl: flag(undefined, 'no ttl'),
  },
  run: async () => [],
  line: () => '',
});

const tool = command({
  name: 'tool',
  class: 'porcelain',
  opens: 'write',
  summary: 'run a tool',
  options: { name: text('NAME', 'name') },
  positionals: { words: afterDashes('COMMAND') },
  run: async () => undefined,
});

const surroundings = { now: Date.UTC(2026, 0, 31, 12), hsNow: undefined };
const read = (...argv: string[]) => parse(everything, argv, surroundings);
const usage = (...argv: string[]) => {
  try {
    read(...argv);
  } catch (e) {
    return (e as Error).message;
  }
  throw new Error(`${argv.join(' ')} was accepted`);
};

describe('values', () => {
  it.each(['1e10', '0x1f', '007', '1e400', '-5', 'true', 'NaN', '', '__proto__', '"quoted"'])(
    'keeps %j as the string that was typed',
    (value) => {
      expect(read(`--name=${value}`).options.name).toBe(value);
      expect(read('--name', value).options.name).toBe(value);
      expect(read('--source', value, '--source', value).options.source).toEqual([value, value]);
    },
  );

  it('keeps an argument that looks like a number', () => {
    expect(read('1e5', '00', '-5').args).toEqual({ first: '1e5', rest: ['00', '-5'] });
  });

  it('does not take a word after a flag as its value', () => {
    const { options, args } = read('--each', 'true', '-w', 'false');
    expect(options).toMatchObject({ each: true, write: true });
    expect(args).toEqual({ first: 'true', rest: ['false'] });
  });

  it('does not let a list swallow the arguments', () => {
    const { options, args } = read('--source', 'a', 'b');
    expect(options.source).toEqual(['a']);
    expect(args.first).toBe('b');
  });

  it('parses relative times against a set clock', () => {
    const { options, setClock } = read('--now', '2026-03-01', '--until', '+1d');
    expect(options.until).toBe('2026-03-02T00:00:00.000Z');
    expect(setClock).toBe(Date.UTC(2026, 2, 1));
  });

  it('reads the clock from HS_NOW; --now overrides it', () => {
    const hsNow = { ...surroundings, hsNow: '2026-05-05' };
    expect(parse(everything, [], hsNow).setClock).toBe(Date.UTC(2026, 4, 5));
    expect(parse(everything, ['--now=2026-06-06'], hsNow).setClock).toBe(Date.UTC(2026, 5, 6));
  });

  it('reads the forms of a short option', () => {
    for (const argv of [['-n', 'x'], ['-nx'], ['-n=x'], ['-wn', 'x'], ['-wnx']]) {
      expect(read(...argv).options.name).toBe('x');
    }
    expect(read('-n5').options.name).toBe('5');
  });

  it('distinguishes an absent, a bare and a given optional value', () => {
    expect(read().options.batchCheck).toBeUndefined();
    expect(read('--batch-check').options.batchCheck).toBe(true);
    expect(read('--batch-check=%(id)').options.batchCheck).toBe('%(id)');
    expect(read('--batch-check', 'x').args.first).toBe('x');
  });

  it('distinguishes on, off and unset; --no-ttl is a separate option', () => {
    expect(read().options.exportable).toBeUndefined();
    expect(read('--exportable').options.exportable).toBe(true);
    expect(read('--no-exportable').options.exportable).toBe(false);
    expect(read('--no-ttl').options).toMatchObject({ noTtl: true, ttl: undefined });
  });
});

describe('two dashes', () => {
  it('make arguments of everything after them', () => {
    expect(read('a', '--', '--name', '-w', '--').args).toEqual({ first: 'a', rest: ['--name', '-w', '--'] });
  });

  it('hand the rest to a tool untouched', () => {
    const argv = ['--name', 'x', '--', 'sh', '-c', 'echo "$1"', '--', '--json', '', '-5', '1e5', '--help'];
    const { args, options } = parse(tool, argv, surroundings);
    expect(args.words).toEqual(argv.slice(3));
    expect(options.name).toBe('x');
  });

  it('are asked for where a tool is to be run', () => {
    expect(() => parse(tool, [], surroundings)).toThrow("COMMAND is missing after '--'");
    for (const argv of [['sh'], ['--name', 'n', '-qC', 'd', 'sh', '-O2'], ['sh', '--', 'x']]) {
      expect(() => parse(tool, argv, surroundings)).toThrow(
        expect.objectContaining({
          message: "unexpected argument 'sh'",
          hint: "put '--' before the command to run",
        }),
      );
    }
    expect(parse(tool, ['-qC', 'd', '--name', 'n', '--', 'sh', '-O2'], surroundings).args.words).toEqual([
      'sh',
      '-O2',
    ]);
    expect(() => parse(tool, ['sh', '--', 'x'], surroundings)).toThrow("unexpected argument 'sh'");
  });
});

describe('usage errors', () => {
  it.each([
    [['--nam', 'x'], "unknown option '--nam'"],
    [['--constructor'], "unknown option '--constructor'"],
    [['--__proto__=x'], "unknown option '--__proto__'"],
    [['---'], "unknown option '---'"],
    [['-x'], "unknown option '-x'"],
    [['--no-write'], "unknown option '--no-write'"],
    [['--each=false'], "option '--each' takes no value"],
    [['-w=1'], "option '-w' takes no value"],
    [['--name'], "option '--name' needs a value"],
    [['--name', '--each'], "option '--name' needs a value, and '--each' is an option"],
    [['--name', 'a', '--name', 'b'], "option '--name' was given 2 times"],
    [['--ttl', '1.5'], "invalid value '1.5' for '--ttl': not a whole number"],
    [['--ttl', '-5'], "invalid value '-5' for '--ttl': less than 0"],
    [['--kind', 'File'], "invalid value 'File' for '--kind': not one of file, report"],
    [['--exportable', '--no-exportable'], "'--exportable' and '--no-exportable' say opposite things"],
    [['--json', '--jsonl'], "'--json' cannot be given together with '--jsonl'"],
    [['--json', '-z'], "'--json' cannot be given together with '-z'"],
    [['--jsonl', '-z'], "'--jsonl' cannot be given together with '-z'"],
    [['--json', '--batch-check'], "'--json' cannot be given together with '--batch-check'"],
    [['--quiet', '--verbose'], "'--quiet' cannot be given together with '--verbose'"],
    [['--now', 'soon'], "invalid value 'soon' for '--now': not a time"],
  ])('%j', (argv, message) => expect(usage(...argv)).toContain(message));

  it('count the arguments', () => {
    const exact = command({
      name: 'exact',
      class: 'plumbing',
      opens: 'none',
      summary: 'take one',
      positionals: { id: one('ID', { choices: ['a', 'b'] }) },
      run: async () => undefined,
    });
    expect(() => parse(exact, [], surroundings)).toThrow('ID is missing');
    expect(() => parse(exact, ['a', 'b'], surroundings)).toThrow("unexpected argument 'b'");
    expect(() => parse(exact, ['c'], surroundings)).toThrow("invalid value 'c' for ID: not one of a, b");
  });
});

describe('yargs, with its guessing switched off', () => {
  const texts = [
    '',
    '-',
    '--',
    '-5',
    '-7d',
    '-5x',
    '1e10',
    '0x1f',
    '"q"',
    "'q'",
    '""',
    'true',
    'false',
    '=',
    'a=b',
    '-w',
    '--each',
    '-n.5',
    '[x]',
    'x\ny',
  ];

  it('passes on a joined value literally, whatever it looks like', () => {
    for (const value of texts) {
      expect(read(`--name=${value}`).options.name).toBe(value);
      expect(read(`-wn=${value}`).options).toMatchObject({ name: value, write: true });
      expect(read(`--batch-check=${value}`).options.batchCheck).toBe(value === '' ? true : value);
    }
  });

  it('hands on every argument after two dashes to the letter', () => {
    expect(read('--', ...texts).args).toEqual({ first: '', rest: texts.slice(1) });
  });
});
