import * as z from 'zod/mini';
import type {
  CreateOptions,
  DoctorOptions,
  OpenOptions,
  RollbackOptions,
  VerifyBundleOptions,
} from './options.js';
import { callable, callFields, date, type Fields, flag, given, options, path } from './values.js';

const openFields: Fields<Omit<OpenOptions, 'store' | 'readOnly' | 'offline'>, never> = {
  ...callFields,
  // Empty means unset, as in the environment.
  actor: z.string(),
  jobId: z.string(),
  now: date,
  warn: callable,
};
const openedFields = { ...openFields, store: path };
export const openOptions = options<OpenOptions>('options', {
  ...openedFields,
  readOnly: flag,
  offline: flag,
});
export const doctorOptions = options<DoctorOptions>('options', { ...openedFields, accept: flag });
export const rollbackOptions = options<RollbackOptions>('options', { ...openedFields, reason: given });
export const createOptions = options<CreateOptions>('options', {
  ...openFields,
  allowSetClock: flag,
  shared: flag,
});
export const verifyOptions = options<VerifyBundleOptions>('options', { nonPortable: flag });
