// A static import, of which a bundler keeps this one function; all of fs-extra takes 24 ms to load.
export { remove as removeTree } from 'fs-extra/esm';
