/** A bar of `width` columns for a fraction from 0 to 1. */
export function bar(share: number, width: number, unicode: boolean): string {
  const clipped = Number.isFinite(share) ? Math.min(1, Math.max(0, share)) : 0;
  const eighths = Math.round(clipped * width * 8);
  if (!unicode) return '#'.repeat(Math.round(eighths / 8)).padEnd(width, '.');
  const full = Math.floor(eighths / 8);
  const part = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'][eighths % 8]!;
  return ('█'.repeat(full) + part).padEnd(width);
}
