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

/** A file as projects have them, and which detector is to find something in which of its lines. */
export interface CorpusFile {
  readonly name: string;
  readonly text: string;
  /** By line, from 1. */
  readonly expected: ReadonlyMap<number, string>;
}

/** What stands in real files beside secrets, and between them. */
function fillers(seed: string): readonly string[] {
  const l = new Letters(`filler ${seed}`);
  const hex = (n: number) => l.take('0123456789abcdef', n);
  const base64 = (n: number) => l.take(`${ALNUM}+/`, n);
  return [
    `    "integrity": "sha512-${base64(86)}==",`,
    `      "resolved": "https://registry.npmjs.org/left-pad/-/left-pad-1.3.0.tgz",`,
    `commit ${hex(40)}`,
    `index ${hex(7)}..${hex(7)} 100644`,
    `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5${base64(48)} build@host`,
    `  background: url(data:image/png;base64,iVBORw0KGgo${base64(120)}=);`,
    `-----BEGIN CERTIFICATE-----`,
    `-----BEGIN PUBLIC KEY-----`,
    `MIIB${base64(60)}`,
    `const token = lexer.next(tokens[1], { start: 12 });`,
    `lastToken = match[0];`,
    `if (password !== confirmation2) return errors.mismatch1;`,
    `password: process.env.DB_PASSWORD_1,`,
    `token: \${{ secrets.GITHUB_TOKEN }}`,
    `export API_KEY="<your-api-key-1>"`,
    `  secretKeyRef: { name: db-credentials-2, key: password }`,
    `docker run -e PASSWORD=$PASSWORD1 image`,
    `2026-03-04T05:06:07.890Z INFO request ${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)} 200 12ms`,
    `GET /api/v1/items?page=2&limit=50 HTTP/1.1`,
    `git+ssh://git@github.com/org/repo.git#v1.2.3`,
    `postgres://localhost:5432/app?sslmode=disable`,
    `redis://:@127.0.0.1:6379/0`,
    `https://user:password@example.org/ is how a URL with a password looks`,
    `The passphrase: see the vault, entry 12.`,
    `credentials: 'same-origin',`,
    `x-request-id: ${hex(32)}`,
    `etag: W/"${hex(40)}"`,
    `sk_test_ is the prefix of test keys`,
    `AKIAIOSFODNN7 is cut short`,
    `var eyJ = decode(header);`,
  ];
}

/** A corpus made from a seed: files with one secret of each kind in each of its forms, and files with none. */
export function corpus(seed: string, files: number): readonly CorpusFile[] {
  const l = new Letters(`corpus ${seed}`);
  const pick = (n: number) => Number.parseInt(l.take('0123456789abcdef', 6), 16) % n;
  return Array.from({ length: files }, (_, i) => {
    const around = [...fillers(`${seed} ${i}`), ...benign(`${seed} ${i}`)];
    const kinds = i % 2 === 0 ? Object.entries(secrets(`${seed} ${i}`)) : [];
    const secretLines = kinds.flatMap(([detector, secret]) =>
      lines(detector, secret).map((text) => ({ text, detector })),
    );
    const all: { text: string; detector?: string }[] = around.map((text) => ({ text }));
    for (const line of secretLines) all.splice(pick(all.length + 1), 0, line);
    return {
      name: `file-${i}`,
      text: `${all.map((line) => line.text).join('\n')}\n`,
      expected: new Map(
        all.flatMap((line, n) => (line.detector === undefined ? [] : [[n + 1, line.detector]])),
      ),
    };
  });
}
