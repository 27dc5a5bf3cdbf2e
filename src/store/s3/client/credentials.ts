import type { Environment } from '../../../core/effects.js';
import { HsError, isErrno } from '../../../errors/hs-error.js';
import type { Disk } from '../../../fsx/disk.js';
import { stsEndpointOf } from './endpoint.js';
import type { S3Effects } from './s3-requests.js';
import type { Credentials } from './sign.js';
import { assumeRole, type TemporaryKeys, type WebIdentity } from './web-identity.js';

const MAX_FILE_BYTES = 256 * 1024;
/** Keys that end are asked for again this long before. */
const EARLY_MS = 5 * 60_000;

export interface CredentialPorts {
  readonly env: Environment;
  readonly disk: Disk;
  /** The standard output of a shell command. */
  runProcess(command: string): Promise<string>;
}

type Section = Readonly<Record<string, string>>;

function parseIni(text: string): Map<string, Section> {
  const sections = new Map<string, Record<string, string>>();
  let current: Record<string, string> | undefined;
  for (const line of text.split(/\r?\n/)) {
    const title = /^\s*\[(?:profile\s+)?([^\]]+)\]/.exec(line)?.[1]?.trim();
    if (title !== undefined) {
      current = sections.get(title) ?? {};
      sections.set(title, current);
      continue;
    }
    const [, key, value] = /^([^\s#;=][^=]*?)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (current !== undefined && key !== undefined) current[key.toLowerCase()] = value!;
  }
  return sections;
}

function notFound(why: string): HsError {
  return new HsError('SYSTEM', `there are no credentials for the S3 service: ${why}`, {
    hint: 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile; see hs-s3(7)',
  });
}

const forever = (keys: Credentials): TemporaryKeys => ({ keys, until: Number.POSITIVE_INFINITY });

/**
 * The keys of a service: from the environment, or from a profile of `~/.aws/credentials` and `~/.aws/config`. In both
 * they may be keys, or a web identity for which there are some; a profile's `credential_process` leads to every other
 * source (`aws configure export-credentials`).
 */
export class CredentialChain {
  readonly #ports: CredentialPorts;
  readonly #effects: S3Effects;
  #found: Promise<TemporaryKeys> | undefined;
  #until = Number.POSITIVE_INFINITY;

  /** `effects`: with which temporary keys are asked for. */
  constructor(ports: CredentialPorts, effects: S3Effects) {
    this.#ports = ports;
    this.#effects = effects;
  }

  /** Fails with SYSTEM, and without naming a key, when there are none. */
  async get(nowMs: number): Promise<Credentials> {
    if (nowMs > this.#until - EARLY_MS) this.#forget();
    this.#found ??= this.#find();
    const finding = this.#found;
    try {
      const { keys, until } = await finding;
      if (this.#found === finding) this.#until = until;
      return keys;
    } catch (e) {
      // A long-lived caller asks again: a token may be there by then.
      if (this.#found === finding) this.#forget();
      throw e;
    }
  }

  /** Those who ask at once share one answer. */
  #forget(): void {
    this.#found = undefined;
    this.#until = Number.POSITIVE_INFINITY;
  }

  async #find(): Promise<TemporaryKeys> {
    const { env } = this.#ports;
    const name = env.get('AWS_PROFILE') ?? 'default';
    if (env.get('AWS_PROFILE') === undefined) {
      const keys = this.#keys({
        aws_access_key_id: env.get('AWS_ACCESS_KEY_ID'),
        aws_secret_access_key: env.get('AWS_SECRET_ACCESS_KEY'),
        aws_session_token: env.get('AWS_SESSION_TOKEN'),
      });
      if (keys !== undefined) return forever(keys);
      const tokenFile = env.get('AWS_WEB_IDENTITY_TOKEN_FILE');
      if (tokenFile) {
        return this.#fromWebIdentity({
          tokenFile,
          role: env.get('AWS_ROLE_ARN'),
          sessionName: env.get('AWS_ROLE_SESSION_NAME'),
        });
      }
    }
    const profile = await this.profile();
    const keys = this.#keys(profile);
    if (keys !== undefined) return forever(keys);
    if (profile.web_identity_token_file) {
      return this.#fromWebIdentity({
        tokenFile: profile.web_identity_token_file,
        role: profile.role_arn,
        sessionName: profile.role_session_name,
      });
    }
    if (profile.credential_process !== undefined) return this.#fromProcess(profile.credential_process);
    if (
      profile.sso_start_url !== undefined ||
      profile.sso_session !== undefined ||
      profile.role_arn !== undefined
    ) {
      throw new HsError('SYSTEM', `the profile '${name}' takes its credentials from another service`, {
        hint: 'give it: credential_process = aws configure export-credentials --profile NAME --format process',
      });
    }
    throw notFound(`neither the environment nor the profile '${name}' has any`);
  }

  /** Everything that the files say of the profile in use. */
  async profile(): Promise<Section> {
    const { env } = this.#ports;
    const name = env.get('AWS_PROFILE') ?? 'default';
    const home = env.home ?? '/nonexistent';
    const shared = await this.#section(
      env.get('AWS_SHARED_CREDENTIALS_FILE') ?? `${home}/.aws/credentials`,
      name,
    );
    const config = await this.#section(env.get('AWS_CONFIG_FILE') ?? `${home}/.aws/config`, name);
    return { ...config, ...shared };
  }

  async #section(path: string, name: string): Promise<Section> {
    try {
      const { disk } = this.#ports;
      const bytes = await disk.readFile(await disk.realpath(path), MAX_FILE_BYTES);
      return parseIni(Buffer.from(bytes).toString()).get(name) ?? {};
    } catch (e) {
      // Not there, or something like /dev/null.
      if (isErrno(e, 'ENOENT', 'ENOTDIR', 'EINVAL', 'EISDIR')) return {};
      throw e;
    }
  }

  #keys(of: Readonly<Record<string, string | undefined>>): Credentials | undefined {
    const { aws_access_key_id: id, aws_secret_access_key: secret, aws_session_token: token } = of;
    if (!id || !secret) return undefined;
    return { accessKeyId: id, secretAccessKey: secret, sessionToken: token || undefined };
  }

  async #fromWebIdentity(identity: WebIdentity): Promise<TemporaryKeys> {
    const { env, disk } = this.#ports;
    return assumeRole(identity, stsEndpointOf(env, await this.profile()), disk, this.#effects);
  }

  async #fromProcess(command: string): Promise<TemporaryKeys> {
    try {
      const said = JSON.parse(await this.#ports.runProcess(command)) as Record<string, string | undefined>;
      const keys = this.#keys({
        aws_access_key_id: said.AccessKeyId,
        aws_secret_access_key: said.SecretAccessKey,
        aws_session_token: said.SessionToken,
      });
      const ends = said.Expiration === undefined ? Number.NaN : Date.parse(said.Expiration);
      if (keys !== undefined) return { keys, until: Number.isNaN(ends) ? Number.POSITIVE_INFINITY : ends };
    } catch {
      // Neither what it was called with nor what it said is repeated: either may hold a key.
    }
    throw notFound('its credential_process failed');
  }
}
