const UNITS = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** `512 B`, `1.5 KiB`, `20 MiB`: at most three digits, rounded to nearest. */
export function humanSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  let value = bytes / 1024;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value >= 9.95 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

/** `2026-01-31 12:00Z`, or to the second: a timestamp for display, with its zone. */
export function utcTime(at: string, to: 'minute' | 'second' = 'minute'): string {
  return `${at.slice(0, to === 'minute' ? 16 : 19).replace('T', ' ')}Z`;
}

/** `1 file`, `2 files`. */
export function counted(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}
