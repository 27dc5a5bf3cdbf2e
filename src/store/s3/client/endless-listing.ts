import { HsError } from '../../../errors/hs-error.js';
import type { ListedPage } from './s3-xml.js';

/** Far more than a store has: 1,000 keys are a page. */
const MOST_PAGES = 100_000;
/** A service may find nothing in a part of its keys, but not for long. */
const MOST_EMPTY = 1_000;

/** Notices a listing that cannot be one: it goes round, goes on without end, or has what was not asked for. */
export class EndlessListing {
  readonly #start: string;
  readonly #tokens = new Set<string>();
  #last = '';
  #empty = 0;
  #pages = 0;

  constructor(start: string) {
    this.#start = start;
  }

  /** SYSTEM once it is noticed. */
  check({ keys, next }: ListedPage): void {
    for (const { key } of keys) {
      if (!key.startsWith(this.#start)) throw broken('it has keys that were not asked for');
      if (!isAfter(key, this.#last)) throw broken('its keys are not in order');
      this.#last = key;
    }
    this.#pages++;
    this.#empty = keys.length === 0 ? this.#empty + 1 : 0;
    if (this.#empty === 0) this.#tokens.clear();
    if (next === undefined) return;
    if (this.#tokens.has(next)) throw broken('it continues with the same page');
    if (this.#empty > MOST_EMPTY || this.#pages > MOST_PAGES) throw broken('it does not end');
    this.#tokens.add(next);
  }
}

/** In the order of their bytes, which differs from that of JavaScript beyond the basic plane. */
function isAfter(key: string, last: string): boolean {
  return key > last || Buffer.compare(Buffer.from(key), Buffer.from(last)) > 0;
}

function broken(why: string): HsError {
  return new HsError('SYSTEM', `the S3 service answered with a listing that cannot be one: ${why}`, {
    hint: 'check --endpoint or AWS_ENDPOINT_URL_S3; hs-s3(7) lists services',
  });
}
