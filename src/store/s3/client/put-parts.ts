import { parallel } from '../../../core/parallel.js';
import type { ByteBudget } from '../byte-budget.js';
import { answerError, errorCode, notS3 } from './s3-errors.js';
import type { S3Request, S3Requests } from './s3-requests.js';
import { element } from './s3-xml.js';

/** Parts of one upload under way. */
const PARTS_AT_ONCE = 4;

export interface InParts {
  readonly key: string;
  readonly count: number;
  /** Size in bytes of each but the last, at least 5 MiB. */
  readonly partBytes: number;
  /** Called for one part after the other, from the first. */
  part(n: number): Promise<Uint8Array>;
  /** Called once all parts are there: if it throws, they become no object. */
  check?: (() => void) | undefined;
}

/** Stores parts as one object, some of them at a time; a failure leaves nothing that is listed. */
export async function putParts(
  requests: S3Requests,
  place: string,
  budget: ByteBudget,
  { key, count, partBytes, part, check }: InParts,
): Promise<void> {
  const begun = await requests.send('POST', key, { query: { uploads: '' } });
  if (begun.status !== 200) throw answerError(begun, place);
  const uploadId = element(Buffer.from(begun.body).toString(), 'UploadId');
  if (uploadId === undefined) throw notS3(begun);
  try {
    const tags = new Array<string>(count);
    let size = 0;
    const send = async (n: number) => {
      const body = await part(n);
      const answer = await requests.send('PUT', key, {
        query: { uploadId, partNumber: String(n + 1) },
        body,
      });
      if (answer.status !== 200) throw answerError(answer, place);
      tags[n] = answer.headers.etag ?? '';
      size += body.length;
    };
    await parallel(tags.keys(), (n) => budget.run(partBytes, () => send(n)), PARTS_AT_ONCE);
    check?.();
    const list = tags.map((tag, n) => `<Part><PartNumber>${n + 1}</PartNumber><ETag>${tag}</ETag></Part>`);
    const body = Buffer.from(`<CompleteMultipartUpload>${list.join('')}</CompleteMultipartUpload>`);
    await complete(requests, place, key, { query: { uploadId }, body }, size);
  } catch (e) {
    await requests.send('DELETE', key, { query: { uploadId } }).catch(() => undefined);
    throw e;
  }
}

/** 200 is sent before the work is done, and an error may follow in the body: then it is tried again. */
async function complete(
  requests: S3Requests,
  place: string,
  key: string,
  request: S3Request,
  size: number,
): Promise<void> {
  const isLast = requests.patience();
  for (let tries = 1; ; tries++) {
    const answer = await requests.send('POST', key, request);
    const code = errorCode(answer);
    if (answer.status === 200 && code === undefined) return;
    if (code === 'NoSuchUpload') {
      // A completion that was served and whose answer was lost: the upload is no more.
      const { status, headers } = await requests.send('HEAD', key);
      if (status === 200 && Number(headers['content-length']) === size) return;
    }
    if (answer.status !== 200 || isLast(tries)) throw answerError(answer, place);
    await requests.pause(tries);
  }
}
