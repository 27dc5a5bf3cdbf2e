import { check, text } from '../json/schema.js';
import { findSecrets } from '../secrets/find-secrets.js';
import { escapeText } from './escape-control.js';
import { normalText } from './normal-form.js';

const MAX_TEXT = 2000;
const reason = text(1024);

/**
 * A message of hs in the form records require: bounded, in NFC, without control characters, never empty. Truncation
 * never splits a secret, whose first half no detector would find (I6).
 */
export function recordText(message: string, maxLength = MAX_TEXT): string {
  const line = normalText(escapeText(message)) || '-';
  if (line.length <= maxLength) return line;
  const cut = findSecrets(line, ['credential', 'personal']).find(
    ({ start, end }) => start < maxLength - 1 && end > maxLength - 1,
  );
  return `${line.slice(0, cut?.start ?? maxLength - 1).toWellFormed()}…`.slice(0, maxLength);
}

/** A user's reason in the form records require: in NFC, one line of at most 1024 characters (USAGE). */
export function toReason(given: string): string;
export function toReason(given: string | undefined): string | undefined;
export function toReason(given: string | undefined): string | undefined {
  return given === undefined ? undefined : check(reason, normalText(given), 'USAGE', 'the reason');
}
