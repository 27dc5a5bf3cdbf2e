import { ARCHIVE_READERS } from './archive-readers.js';
import { EVIDENCE_READERS } from './evidence-readers.js';
import type { Reader } from './fuzz.js';
import { RECORD_READERS } from './record-readers.js';
import { SERVICE_READERS } from './service-readers.js';
import { WORD_READERS } from './word-readers.js';

/** Every reader of bytes that another program, user or machine may have written: `npm run fuzz`. */
export const READERS: readonly Reader[] = [
  ...RECORD_READERS,
  ...ARCHIVE_READERS,
  ...EVIDENCE_READERS,
  ...SERVICE_READERS,
  ...WORD_READERS,
];
