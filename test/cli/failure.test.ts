import { expect, it } from 'vitest';
import { toFailure } from '../../src/cli/failure.js';
import { errnoError } from '../../src/fsx/errno.js';

it('tells the limit of the system on what is written from that of a reader', () => {
  expect(toFailure(errnoError('EFBIG', 'ftruncate'))).toMatchObject({
    message: 'cannot write: the file would be larger than this system allows',
    hint: expect.stringContaining('ulimit -f'),
  });
  const read = toFailure(errnoError('ETOOLARGE', 'read', '/a'));
  expect(read).toMatchObject({
    code: 'SYSTEM',
    message: "cannot read '/a': it is larger than hs reads there",
  });
  expect(read.cause).toMatchObject({ message: "ETOOLARGE: larger than the limit, read '/a'" });
});

it('says of what is no file that it is none, and of nothing else', () => {
  expect(toFailure(errnoError('EINVAL', 'open', '/dev/null')).message).toBe(
    "cannot open '/dev/null': it is not a regular file",
  );
  expect(toFailure(errnoError('EINVAL', 'rename', '/a', '/b')).message).toBe(
    "cannot move '/a': it does not allow that",
  );
});

it.each(['ENOSPC', 'EDQUOT'])('on a full disk the hint names what frees room at once (%s)', (code) => {
  expect(toFailure(errnoError(code, 'write'))).toMatchObject({
    code: 'SYSTEM',
    hint: expect.stringContaining('hs gc --empty-trash'),
  });
});
