import { createHash } from 'node:crypto';

/** Made from a seed, put together here so that no line of this repository is itself a secret. */
class Letters {
  #n = 0;
  readonly #seed: string;
  constructor(seed: string) {
    this.#seed = seed;
  }
  take(alphabet: string, count: number): string {
    let out = '';
    while (out.length < count) {
      const bytes = createHash('sha256')
        .update(`${this.#seed} ${this.#n++}`)
        .digest();
      for (const byte of bytes) if (out.length < count) out += alphabet[byte % alphabet.length];
    }
    return out;
  }
}

const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const BASE32 = `${UPPER}234567`;
const ALNUM = `${UPPER}${UPPER.toLowerCase()}0123456789`;
const URL64 = `${ALNUM}_-`;

/** One secret of each kind, by the detector that is to find it. */
export function secrets(seed: string): Readonly<Record<string, string>> {
  const l = new Letters(seed);
  const a = (n: number) => l.take(ALNUM, n);
  const u = (n: number) => l.take(URL64, n);
  return {
    'private-key': `-----BEGIN ${'OPENSSH'} PRIVATE KEY-----`,
    'aws-access-key': `AKIA${l.take(BASE32, 16)}`,
    'github-token': `ghp_${a(36)}`,
    'gitlab-token': `glpat-${a(20)}`,
    'slack-token': `xoxb-${l.take('0123456789', 12)}-${a(24)}`,
    'slack-webhook': `hooks.slack.com/services/T${l.take(BASE32, 8)}/B${l.take(BASE32, 8)}/${a(24)}`,
    'stripe-key': `sk_live_${a(24)}`,
    'google-api-key': `AIza${a(35)}`,
    'model-api-key': `sk-ant-${a(40)}`,
    'npm-token': `npm_${a(36)}`,
    'pypi-token': `pypi-AgEIcHlwaS5vcmc${u(60)}`,
    'hugging-face-token': `hf_${a(34)}`,
    'sendgrid-key': `SG.${u(22)}.${u(43)}`,
    'json-web-token': `eyJ${u(20)}.eyJ${u(40)}.${u(43)}`,
    'url-password': `hunter${l.take('0123456789', 3)}z`,
    'bearer-token': `${a(40)}1a`,
    'assigned-secret': `${a(24)}1a`,
  };
}

/** The secret as it stands in real files. */
export function lines(detector: string, secret: string): readonly string[] {
  switch (detector) {
    case 'url-password':
      return [
        `DATABASE_URL=postgres://app:${secret}@db.internal:5432/app`,
        `git clone https://ci:${secret}@host/x.git`,
      ];
    case 'bearer-token':
      return [`curl -H "Authorization: Bearer ${secret}" host`];
    case 'assigned-secret':
      return [
        `password = "${secret}"`,
        `  api_key: ${secret}`,
        `export SERVICE_TOKEN='${secret}'`,
        `{"client_secret":"${secret}"}`,
      ];
    default:
      return [secret, `key=${secret};`, `  "k": "${secret}",`, `see ${secret} here`];
  }
}

/** What looks a little like one and is none. */
export function benign(seed: string): readonly string[] {
  const hash = createHash('sha256').update(seed).digest('hex');
  return [
    hash,
    `content_hash: ${hash}`,
    `sha256-${createHash('sha256').update(`${seed}i`).digest('base64')}`,
    `${hash.slice(0, 8)}-${hash.slice(8, 12)}-4${hash.slice(13, 16)}-a${hash.slice(17, 20)}-${hash.slice(20, 32)}`,
    `password: \${PASSWORD}`,
    'password=changeme',
    'the token is read from the environment',
    'const token = nextToken();',
    'secret: <redacted>',
    'https://example.org/a/b?c=d#e',
    'ssh://git@host/path.git',
    'sk-learn is a library',
    'eyJ is how a token begins',
    'github_pat is a prefix',
    'passwordless = true',
    '2026-01-31T12:00:00.000Z',
    'Bearer of bad news',
  ];
}
