import type { Writable } from 'node:stream';

/** Standard output or standard error; a terminal has columns. */
export type OutputStream = Writable & { readonly columns?: number };
