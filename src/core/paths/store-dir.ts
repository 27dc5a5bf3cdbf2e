/** What the directory that holds a store, or its mirror, is called: nothing is exported to one or taken in from one. */
export const STORE_DIR = '.hsstore';
