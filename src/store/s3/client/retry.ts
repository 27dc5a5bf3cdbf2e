import type { Clock } from '../../../core/effects.js';
import type { HttpAnswer } from '../../../fsx/http.js';
import { isCertificate } from './s3-errors.js';

export interface RetryEffects {
  /** The system's clock: it ends the tries, and requests are signed by it. */
  readonly clock: Clock;
  /** Resolves after so many milliseconds. */
  wait(ms: number): Promise<void>;
  /** A number from 0 up to 1, for the jitter of waits. */
  jitter(): number;
}

/** Waits double from the first to the last: 12 s in all on average. */
const TRIES = 9;
const FIRST_WAIT_MS = 50;
const LAST_WAIT_MS = 5_000;
/** After this no request is repeated: an endpoint may take the limit of time for each. */
const PATIENCE_MS = 180_000;

/** Whether a try is the last one; counts from now. */
export function patience({ clock }: RetryEffects): (tries: number) => boolean {
  const began = clock.now();
  return (tries) => tries >= TRIES || clock.now() - began > PATIENCE_MS;
}

/** Waits before the next try. */
export async function pause({ wait, jitter }: RetryEffects, tries: number): Promise<void> {
  await wait(Math.min(LAST_WAIT_MS, FIRST_WAIT_MS * 2 ** tries) * (0.5 + jitter()));
}

/** Whether the service asks to be asked again. */
export const isBusy = ({ status }: HttpAnswer) => (status >= 500 && status !== 501) || status === 429;

const codeOf = (e: unknown) => (e as { code?: string } | null)?.code ?? '';

/** The same answer would come again. */
export function isTooLarge(e: unknown): boolean {
  return codeOf(e) === 'EMSGSIZE';
}

/** Whether the request was cut, or not sent, because the command was interrupted. */
export function isCut(e: unknown): boolean {
  return /^(ECANCELED|EINTR)$/.test(codeOf(e));
}

/** Whether another try may help: a name that does not resolve, a certificate that is not trusted and an interruption stay. */
export function isTransient(e: unknown): boolean {
  const code = codeOf(e);
  return !isCertificate(code) && !/^(ECANCELED|EINTR|ENOTFOUND|ECONNREFUSED|ERR_TLS|ERR_INVALID)/.test(code);
}
