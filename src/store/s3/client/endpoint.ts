import type { Environment } from '../../../core/effects.js';
import { escapeText } from '../../../core/text/escape-control.js';
import { HsError } from '../../../errors/hs-error.js';

const SCHEME = 's3://';
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const ENDPOINT_HINT = 'write http(s)://HOST[:PORT]; keys come from the environment or a profile';
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** A store's place on a service. */
export interface S3Place {
  readonly bucket: string;
  /** Without slashes at its ends; may be empty. */
  readonly prefix: string;
}

/** USAGE for what cannot be a bucket or prefix. */
export function parseS3Url(url: string): S3Place {
  // Who writes keys into it must not find them in a log.
  const shown = url.replace(/^s3:\/\/.*@/, 's3://…@');
  const bad = (why: string) =>
    new HsError('USAGE', `'${escapeText(shown)}' is not a store: ${why}`, {
      hint: 'write s3://BUCKET/PREFIX',
    });
  const [bucket = '', ...names] = url.slice(SCHEME.length).split('/');
  if (!BUCKET.test(bucket)) throw bad('the name of the bucket is not allowed');
  while (names.at(-1) === '') names.pop();
  for (const name of names) {
    if (name === '' || name === '.' || name === '..') throw bad("its prefix has an empty part, '.' or '..'");
    if (!/^[\w!.*'() +@=,~-]+$/u.test(name) || name.length > 255)
      throw bad("its prefix has other characters than letters, digits and -_.!*'()+@=,~");
  }
  return { bucket, prefix: names.join('/') };
}

/** Where requests for one bucket go. */
export interface Endpoint {
  readonly origin: URL;
  /** What comes before the key in the path: the bucket, unless it is in the name of the host. */
  readonly base: string;
  readonly region: string;
}

type Profile = Readonly<Record<string, string>>;

function regionOf(env: Environment, profile: Profile): string {
  const region = env.get('AWS_REGION') ?? env.get('AWS_DEFAULT_REGION') ?? profile.region ?? 'us-east-1';
  if (!/^[a-z0-9-]{1,64}$/.test(region)) throw new HsError('USAGE', 'AWS_REGION is not a region');
  return region;
}

/** An endpoint that was given. USAGE, or REFUSED for plain http to another host. */
function givenEndpoint(given: string, env: Environment): { readonly origin: URL; readonly path: string } {
  let origin: URL;
  try {
    origin = new URL(given);
  } catch {
    // It may hold a password, so it is not repeated.
    throw new HsError('USAGE', 'the endpoint is not a URL', { hint: ENDPOINT_HINT });
  }
  const isHttp = origin.protocol === 'http:' || origin.protocol === 'https:';
  if (!isHttp || origin.username !== '' || origin.password !== '' || origin.search !== '') {
    throw new HsError('USAGE', 'the endpoint is not http(s), or has credentials or a query', {
      hint: ENDPOINT_HINT,
    });
  }
  const isInsecure = env.get('HS_S3_INSECURE') === '1';
  if (origin.protocol === 'http:' && !LOOPBACK.test(origin.hostname) && !isInsecure) {
    throw new HsError(
      'REFUSED',
      `the endpoint '${escapeText(origin.origin)}' is plain http, so anybody on the way can read and change what is stored`,
      {
        hint: 'use https, or accept it with --insecure',
      },
    );
  }
  return { origin, path: origin.pathname.replace(/\/+$/, '') };
}

/** The endpoint of a bucket by environment and profile. USAGE, or REFUSED for plain http to another host. */
export function endpointOf({ bucket }: S3Place, env: Environment, profile: Profile): Endpoint {
  const region = regionOf(env, profile);
  const given = env.get('AWS_ENDPOINT_URL_S3') ?? env.get('AWS_ENDPOINT_URL') ?? profile.endpoint_url;
  if (!given) {
    // A name with a dot does not match the certificate.
    return bucket.includes('.')
      ? { origin: new URL(`https://s3.${region}.amazonaws.com`), base: `/${bucket}`, region }
      : { origin: new URL(`https://${bucket}.s3.${region}.amazonaws.com`), base: '', region };
  }
  const { origin, path } = givenEndpoint(given, env);
  const inHost = env.get('HS_S3_ADDRESSING') === 'virtual';
  if (!inHost) return { origin, base: `${path}/${bucket}`, region };
  const host = `${bucket}.${origin.hostname}`;
  origin.hostname = host;
  // An address has no names below it, and a URL does not take one.
  if (origin.hostname !== host) {
    throw new HsError('USAGE', 'HS_S3_ADDRESSING=virtual needs an endpoint with a name, not an address', {
      hint: 'unset it: the bucket then goes into the path',
    });
  }
  return { origin, base: path, region };
}

/** The endpoint of the service of temporary keys. USAGE, or REFUSED for plain http to another host. */
export function stsEndpointOf(
  env: Environment,
  profile: Profile,
): { readonly origin: URL; readonly path: string } {
  const given = env.get('AWS_ENDPOINT_URL_STS') ?? env.get('AWS_ENDPOINT_URL') ?? profile.endpoint_url;
  return givenEndpoint(given || `https://sts.${regionOf(env, profile)}.amazonaws.com`, env);
}
