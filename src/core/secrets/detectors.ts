/**
 * Patterns of secrets, and of data that identifies a person or a machine; shared by every scan (I6). Formats are as
 * documented by their issuers: a fixed prefix, an alphabet and a length.
 */
export interface Detector {
  readonly id: string;
  /** `credential` gives access; `personal` identifies a person or place. */
  readonly kind: 'credential' | 'personal';
  /** Global. No nested repetition, so that matching takes linear time. */
  readonly pattern: RegExp;
  /** The group that is the secret itself, if the match is longer. */
  readonly group?: number;
  /** Rejects false positives. */
  readonly accepts?: (secret: string, match: RegExpExecArray) => boolean;
}

/** Bits per character: from eight characters on, 3 separates random strings from written words. */
const RANDOM_BITS = 3;
const PLACEHOLDER =
  /^(?:x{4,}|\*{3,}|\.{3,}|<.*>|\$\{?.*|%.*%|changeme|passw(?:or)?d|pass|pwd|secret|token|example|test|foo|bar|redacted|null|undefined|true|false)$/i;

function bitsPerCharacter(text: string): number {
  const counts = new Map<string, number>();
  for (const c of text) counts.set(c, (counts.get(c) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}

/** Code assigned without quotes: something with brackets, or a member expression. */
const IN_PROGRAM = /[()[\]{}<>`]|^[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)+$/;

/** A value assigned to a name such as `password`. */
function looksRandom(value: string): boolean {
  if (PLACEHOLDER.test(value)) return false;
  const mixed = /\d/.test(value) && /[A-Za-z]/.test(value);
  return mixed && bitsPerCharacter(value) >= RANDOM_BITS;
}

/** Nine to fifteen digits (E.164 allows at most 15); fewer may just be a signed number. */
function isPhoneNumber(text: string): boolean {
  const digits = text.replace(/\D/g, '').length;
  return digits >= 9 && digits <= 15;
}

/** Category of a finding in redacted text: `[REDACTED:CATEGORY:DETECTOR]`. */
export function categoryOf({ id, kind }: Pick<Detector, 'id' | 'kind'>): string {
  if (id === 'absolute-path') return 'path';
  return kind === 'personal' ? 'pii' : 'secret';
}

export const DETECTORS: readonly Detector[] = [
  {
    id: 'private-key',
    kind: 'credential',
    // Matches the whole key, even if its end was cut off; `\\n` is a line break in JSON.
    pattern:
      /-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----(?:[A-Za-z0-9+/=:,.()\s\\-]{0,12000}?-----END [A-Z0-9 ]{1,60}-----|(?:(?:\s|\\[rn]){1,4}[A-Za-z0-9+/=]{40,80}){0,300})/g,
  },
  { id: 'aws-access-key', kind: 'credential', pattern: /\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b/g },
  {
    id: 'github-token',
    kind: 'credential',
    pattern: /\b(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{60,255})/g,
  },
  { id: 'gitlab-token', kind: 'credential', pattern: /\bgl(?:pat|ptt|dt|rt|cbt|soat)-[A-Za-z0-9_-]{20,64}/g },
  { id: 'slack-token', kind: 'credential', pattern: /\bxox[abeoprs]-[A-Za-z0-9-]{10,250}/g },
  {
    id: 'slack-webhook',
    kind: 'credential',
    pattern: /\bhooks\.slack\.com\/services\/T[A-Z0-9]{6,12}\/B[A-Z0-9]{6,12}\/[A-Za-z0-9]{20,32}/g,
  },
  { id: 'stripe-key', kind: 'credential', pattern: /\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,128}/g },
  { id: 'google-api-key', kind: 'credential', pattern: /\bAIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])/g },
  { id: 'model-api-key', kind: 'credential', pattern: /\bsk-(?:ant-|proj-|svcacct-)?[A-Za-z0-9_-]{32,200}/g },
  { id: 'npm-token', kind: 'credential', pattern: /\bnpm_[A-Za-z0-9]{36}\b/g },
  { id: 'pypi-token', kind: 'credential', pattern: /\bpypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,500}/g },
  { id: 'hugging-face-token', kind: 'credential', pattern: /\bhf_[A-Za-z0-9]{34}\b/g },
  { id: 'sendgrid-key', kind: 'credential', pattern: /\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}/g },
  {
    id: 'json-web-token',
    kind: 'credential',
    pattern: /\beyJ[A-Za-z0-9_-]{8,4096}\.eyJ[A-Za-z0-9_-]{8,8192}\.[A-Za-z0-9_-]{8,2048}/g,
  },
  {
    id: 'url-password',
    kind: 'credential',
    // Starts with the rare part, which the engine searches for; the scheme before it is irrelevant.
    pattern: /:\/\/[^\s/:@'"]{0,128}:([^\s/@'"]{3,256})@/g,
    group: 1,
    accepts: (secret) => !PLACEHOLDER.test(secret),
  },
  {
    id: 'bearer-token',
    kind: 'credential',
    pattern: /\bBearer\s{1,4}([A-Za-z0-9._~+/-]{20,4096}=*)/g,
    group: 1,
    accepts: looksRandom,
  },
  {
    id: 'assigned-secret',
    kind: 'credential',
    pattern:
      /(?:password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key|client[_-]?secret|credentials?)["']?\s{0,4}[:=]\s{0,4}(["']?)([^\s"',;&]{8,512})/gi,
    group: 2,
    accepts: (secret, [, quote]) => (quote !== '' || !IN_PROGRAM.test(secret)) && looksRandom(secret),
  },
  {
    id: 'e-mail',
    kind: 'personal',
    pattern: /\b[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}\b/g,
  },
  {
    id: 'phone',
    kind: 'personal',
    pattern: /(?<![\w.+])\+\d{1,3}[ .-]?\(?\d{1,4}\)?(?:[ .-]?\d{2,4}){2,4}(?![\w.])/g,
    accepts: isPhoneNumber,
  },
  {
    id: 'absolute-path',
    kind: 'personal',
    pattern:
      /(?<![\w./-])(?:\/(?:home|Users|root|mnt|media|srv|opt|var|tmp|etc)\/[^\s"'`:;,<>|]{1,1024}|[A-Za-z]:\\[^\s"'`:;,<>|]{1,1024})/g,
  },
];
