import { escapeText } from '../../../core/text/escape-control.js';
import { errnoMeaning } from '../../../errors/errno-meaning.js';
import { HsError, isErrno } from '../../../errors/hs-error.js';
import type { Disk } from '../../../fsx/disk.js';
import type { HttpAnswer } from '../../../fsx/http.js';
import { isBusy, isCut, isTooLarge, isTransient, patience, pause } from './retry.js';
import { errorCode, noAnswer } from './s3-errors.js';
import type { S3Effects } from './s3-requests.js';
import { element } from './s3-xml.js';
import { type Credentials, encodeQuery } from './sign.js';

/** As the service allows (AssumeRoleWithWebIdentity, WebIdentityToken). */
const MAX_TOKEN_BYTES = 20_000;
/** Temporary keys take some 2 KiB. */
const MAX_ANSWER_BYTES = 64 * 1024;
const ROLE = /^[\w+=/:,.@-]{20,2048}$/;
const SESSION_NAME = /^[\w+=,.@-]{2,64}$/;

/** A role that whoever shows the token in a file may take. */
export interface WebIdentity {
  /** Written anew by others before the token in it ends. */
  readonly tokenFile: string;
  readonly role: string | undefined;
  /** What the logs of the service call the session; `hs` where it is left out. */
  readonly sessionName: string | undefined;
}

export interface TemporaryKeys {
  readonly keys: Credentials;
  /** When they end, in milliseconds since 1970. */
  readonly until: number;
}

function failed(why: string, hint: string, cause?: unknown): HsError {
  return new HsError('SYSTEM', `there are no credentials for the S3 service: ${why}`, { hint, cause });
}

async function readToken(disk: Disk, path: string): Promise<string> {
  const named = `the web identity token in '${escapeText(path)}'`;
  let bytes: Uint8Array;
  try {
    // In a pod it is a link to where the newest one is.
    bytes = await disk.readFile(await disk.realpath(path), MAX_TOKEN_BYTES);
  } catch (e) {
    if (!isErrno(e)) throw e;
    throw failed(`${named} cannot be read: ${errnoMeaning(e)}`, 'check AWS_WEB_IDENTITY_TOKEN_FILE', e);
  }
  const token = Buffer.from(bytes).toString().trim();
  // Of the file, which may be another one with secrets, nothing is repeated.
  if (!/^[!-~]{4,}$/.test(token)) {
    throw failed(`${named} is not a token`, 'check AWS_WEB_IDENTITY_TOKEN_FILE');
  }
  return token;
}

/** Takes a role for some time, by a token (STS, AssumeRoleWithWebIdentity). SYSTEM; it names neither token nor keys. */
export async function assumeRole(
  { tokenFile, role = '', sessionName }: WebIdentity,
  { origin, path }: { readonly origin: URL; readonly path: string },
  disk: Disk,
  effects: S3Effects,
): Promise<TemporaryKeys> {
  if (!ROLE.test(role)) {
    throw failed(
      role === '' ? 'a web identity is for a role, and there is none' : 'the role of a web identity is none',
      'set AWS_ROLE_ARN, or role_arn of the profile, to arn:aws:iam::ACCOUNT:role/NAME',
    );
  }
  const session = sessionName || 'hs';
  if (!SESSION_NAME.test(session)) {
    throw failed(
      'the name of the session of a web identity is not allowed',
      'AWS_ROLE_SESSION_NAME has 2 to 64 letters, digits and +=,.@_-',
    );
  }
  const form = encodeQuery({
    Action: 'AssumeRoleWithWebIdentity',
    Version: '2011-06-15',
    RoleArn: role,
    RoleSessionName: session,
    WebIdentityToken: await readToken(disk, tokenFile),
  });
  const answer = await ask(Buffer.from(form), origin, `${path}/`, effects);
  if (answer.status !== 200) throw refusal(answer, origin.host);
  return keysIn(answer, origin.host, effects.clock.now());
}

/** Asks until there is an answer. The token is in the body: what lies on the way logs only paths. */
async function ask(body: Uint8Array, origin: URL, target: string, effects: S3Effects): Promise<HttpAnswer> {
  const { http, clock, trace } = effects;
  const headers = {
    host: origin.host,
    accept: 'application/xml',
    'content-type': 'application/x-www-form-urlencoded',
  };
  const isLast = patience(effects);
  for (let attempt = 1; ; attempt++) {
    const began = clock.now();
    const told = (facts: object) => trace?.({ event: 'sts', attempt, ...facts, ms: clock.now() - began });
    try {
      const answer = await http.send({ method: 'POST', origin, target, headers, body });
      told({ status: answer.status });
      // The provider of identities could not be asked whether the token is one.
      const isWaiting = isBusy(answer) || errorCode(answer) === 'IDPCommunicationError';
      if (!isWaiting || isLast(attempt)) return answer;
    } catch (e) {
      told({ error: (e as NodeJS.ErrnoException).code });
      // The request that the keys are for was not sent.
      if (isCut(e))
        throw Object.assign(new Error('the command was interrupted'), { code: 'EINTR', errno: -4 });
      if (isLast(attempt) || !isTransient(e) || isTooLarge(e))
        throw noAnswer(e, origin.host, 'the service of temporary keys');
    }
    await pause(effects, attempt);
  }
}

function refusal(answer: HttpAnswer, host: string): HsError {
  // Anything else may repeat what was sent.
  const code = /^[A-Za-z]{1,64}$/.exec(errorCode(answer) ?? '')?.[0];
  const said = `'${escapeText(host)}' answered ${answer.status}${code === undefined ? '' : ` (${code})`} to the web identity`;
  switch (code) {
    case 'ExpiredTokenException':
      return failed(said, 'the token in AWS_WEB_IDENTITY_TOKEN_FILE has ended: get a new one');
    case 'AccessDenied':
    case 'InvalidIdentityToken':
      return failed(said, 'check AWS_ROLE_ARN, and whom the trust policy of the role names');
    default:
      return failed(said, 'check AWS_REGION and AWS_ENDPOINT_URL_STS');
  }
}

function keysIn({ body }: HttpAnswer, host: string, nowMs: number): TemporaryKeys {
  const junk = (why: string, hint: string) => failed(`'${escapeText(host)}' answered with ${why}`, hint);
  const xml = body.length > MAX_ANSWER_BYTES ? '' : Buffer.from(body).toString();
  const keyIn = (name: string) => {
    const text = element(xml, name) ?? '';
    // They go into headers.
    if (/^[!-~]+$/.test(text)) return text;
    throw junk('what are no temporary keys', 'check AWS_ENDPOINT_URL_STS');
  };
  const keys = {
    accessKeyId: keyIn('AccessKeyId'),
    secretAccessKey: keyIn('SecretAccessKey'),
    sessionToken: keyIn('SessionToken'),
  };
  const until = Date.parse(keyIn('Expiration'));
  if (Number.isNaN(until)) throw junk('keys without an end', 'check AWS_ENDPOINT_URL_STS');
  if (until <= nowMs) throw junk('keys that have ended', 'correct the clock of this machine');
  return { keys, until };
}
