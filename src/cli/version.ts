import manifest from '../../package.json' with { type: 'json' };

/** The version of hs, from package.json. */
export const VERSION: string = manifest.version;
