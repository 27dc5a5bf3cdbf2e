import { escapeText } from '../../../core/text/escape-control.js';
import { HsError } from '../../../errors/hs-error.js';
import type { HttpAnswer } from '../../../fsx/http.js';
import { element } from './s3-xml.js';

/** The service's own name for an error; undefined when it says nothing that S3 would. */
export function errorCode({ body }: HttpAnswer): string | undefined {
  return element(Buffer.from(body).toString('utf8', 0, 16_384), 'Code');
}

function system(message: string, hint: string): HsError {
  return new HsError('SYSTEM', message, { hint });
}

/** The error for an answer that is no success, by its cause. Nothing of the request or the body is repeated. */
export function answerError(answer: HttpAnswer, place: string): HsError {
  const { status } = answer;
  const code = errorCode(answer);
  switch (code) {
    case 'NoSuchBucket':
      return new HsError('NO_STORE', `there is no bucket for '${place}'`, {
        hint: 'create the bucket with the tools of the service; hs init does not',
      });
    case 'InvalidAccessKeyId':
    case 'SignatureDoesNotMatch':
    case 'ExpiredToken':
    case 'InvalidToken':
      return system(
        `the S3 service does not accept the credentials (${code})`,
        'check the keys, their end, and the region',
      );
    case 'AccessDenied':
      return system(
        `the credentials may not do this at '${place}' (AccessDenied)`,
        'hs-s3(7) has the policy of a bucket',
      );
    case 'RequestTimeTooSkewed':
      return system(
        "the clock of this machine and the service's are too far apart (RequestTimeTooSkewed)",
        'correct the clock',
      );
    case 'PermanentRedirect':
    case 'AuthorizationHeaderMalformed':
      return system(`the bucket is in another region (${code})`, 'set AWS_REGION');
    case 'NotImplemented':
      return system('the service lacks something that hs needs (NotImplemented)', 'hs-s3(7) lists services');
  }
  if (code === undefined && !(status === 403 || status >= 500)) return notS3(answer);
  return system(
    `the S3 service answered ${status}${code === undefined ? '' : ` (${escapeText(code)})`}`,
    'run the command again',
  );
}

/** The error for an answer that no S3 service gives, such as a web page. */
export function notS3({ status, headers }: HttpAnswer): HsError {
  const type = headers['content-type'] ?? 'nothing';
  return system(
    `the endpoint is not an S3 service: it answered ${status} with ${escapeText(type)}`,
    'check --endpoint or AWS_ENDPOINT_URL_S3',
  );
}

/** Whether Node refused the certificate of a host: nothing was sent to it. */
export function isCertificate(code: string): boolean {
  return /^(CERT_|ERR_TLS_CERT|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/.test(code);
}

const OFFLINE_HINT = 'run it without --offline or HS_OFFLINE where the service can be reached';

/** OFFLINE: the service may have what this machine does not. */
export function notHere(what: string): HsError {
  return new HsError('OFFLINE', `${what} is not on this machine, and offline the service is not asked`, {
    hint: OFFLINE_HINT,
  });
}

/** OFFLINE: a change, or a test, needs the service. */
export function notWritable(): HsError {
  return new HsError('OFFLINE', 'nothing can be written offline: only the service can take it', {
    hint: OFFLINE_HINT,
  });
}

/** The error for requests without an answer, once patience is over. */
export function noAnswer(cause: unknown, host: string, service = 'the S3 service'): HsError {
  const { code = 'unknown', message } = (cause ?? {}) as { code?: string; message?: string };
  if (isCertificate(code)) {
    return new HsError('SYSTEM', `the certificate of '${escapeText(host)}' is not trusted (${code})`, {
      hint: 'check the endpoint; the certificate of a private authority is given with NODE_EXTRA_CA_CERTS',
      cause: new Error(message ?? code),
    });
  }
  const isWrong = code === 'ENOTFOUND' || code === 'ECONNREFUSED';
  return new HsError('SYSTEM', `${service} at '${escapeText(host)}' gave no answer (${code})`, {
    hint: `${isWrong ? 'check the endpoint' : 'run the command again'}; what this machine has of the store can be read with --offline`,
    cause: new Error(message ?? code),
  });
}
