import fc from 'fast-check';

/**
 * Property tests take their inputs from one seed, so that a commit passes or fails whenever it is tested;
 * `HS_TEST_SEED` names another, and a failure says which it was.
 */
fc.configureGlobal({ seed: Number(process.env.HS_TEST_SEED ?? 1) });
