import { expect, it } from 'vitest';
import { toFailure } from '../../src/cli/failure.js';
import { errnoError } from '../../src/fsx/errno.js';

it.each(['ENOSPC', 'EDQUOT'])('on a full disk the hint names what frees room at once (%s)', (code) => {
  expect(toFailure(errnoError(code, 'write'))).toMatchObject({
    code: 'SYSTEM',
    hint: expect.stringContaining('hs gc --empty-trash'),
  });
});
