/** Name of the directory of a store or its mirror: nothing is imported from one or exported to one. */
export const STORE_DIR = '.hsstore';
