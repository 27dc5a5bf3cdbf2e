/** ok; warning: works, with limitations; problem: something will fail or cannot be trusted. */
export const DOCTOR_STATES = ['ok', 'warning', 'problem'] as const;
export type DoctorState = (typeof DOCTOR_STATES)[number];

/** Result of one check. */
export interface DoctorCheck {
  /** Stable identifier for scripts. */
  readonly check: string;
  readonly state: DoctorState;
  readonly found: string;
  /** How to fix it. */
  readonly mend?: string;
}

export const ok = (check: string, found: string): DoctorCheck => ({ check, state: 'ok', found });
export const warning = (check: string, found: string, mend: string): DoctorCheck => ({
  check,
  state: 'warning',
  found,
  mend,
});
export const problem = (check: string, found: string, mend: string): DoctorCheck => ({
  check,
  state: 'problem',
  found,
  mend,
});
